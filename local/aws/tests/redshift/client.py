"""Runs statements on a warehouse as the Data API does, without HTTP."""

from __future__ import annotations

from local.aws.redshift.executions import Executions, Request, Submission
from local.aws.redshift.text import as_text
from local.aws.redshift.warehouse import Warehouse

ROLE = "IAM_ROLE 'arn:aws:iam::123456789012:role/podemos-warehouse-copy'"
AWS = {"region_name": "us-east-1", "aws_access_key_id": "local", "aws_secret_access_key": "local"}


class Client:
    """Runs statements through the executions, as the Data API does, and shows what came out as text."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.warehouse = warehouse
        self.executions = Executions(warehouse)

    def start(self, *sqls: str, batch: bool | None = None, **values: str) -> Submission:
        request = Request(sqls, len(sqls) > 1 if batch is None else batch, values, {"Database": "analytics"})
        return self.executions.submit(request)

    def wait(self, submission: Submission) -> Submission:
        assert submission.done.wait(30), "the statement did not end within 30 s"
        return submission

    def run(self, *sqls: str, **values: str) -> list[list[str | None]]:
        """Rows of the last statement; a failure is raised."""
        submission = self.wait(self.start(*sqls, **values))
        assert submission.head.status == "FINISHED", submission.head.error
        result = submission.parts[-1].result
        assert result is not None
        return [[None if v is None else as_text(v) for v in row] for row in result.rows]

    def fails(self, *sqls: str, **values: str) -> str:
        """The error's text; a success is a failure."""
        submission = self.wait(self.start(*sqls, **values))
        assert submission.head.status == "FAILED", submission.head.status
        return submission.head.error or ""
