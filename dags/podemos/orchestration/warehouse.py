"""Load transactions as deferrable tasks over the Redshift Data API."""

# mypy: disallow-subclassing-any=False
from __future__ import annotations

import hashlib
import inspect
import time
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from airflow.providers.amazon.aws.operators.redshift_data import RedshiftDataOperator
from airflow.sdk.exceptions import AirflowException

from podemos.orchestration.defaults import POLL_SECONDS
from podemos.orchestration.errors import translated
from podemos.orchestration.ports import AWS, Ports
from podemos.warehouse.statements import Batch


class LoadBatch(RedshiftDataOperator):
    """Sends the batch that a library function renders from a manifest, as one transaction; returns the manifest's key.

    A second attempt waits for the first one's statement if that still runs. If it cannot know, it sends the batch
    again, which changes nothing: a load takes its table's mutex and skips rows the target already has.

    A load that ends within `patience_seconds` is waited for here. Its trigger would fire in the second after the
    deferral, and the scheduler can then take the resumed task for a failed one.

    Args:
        batch: of the library: `load_batch(key, …, *, ports) -> Batch`.
        arguments: the function's own arguments, the manifest's key first.
    """

    patience_seconds: ClassVar[float] = 20
    template_fields = (*RedshiftDataOperator.template_fields, "arguments")

    def __init__(self, *, batch: Callable[..., Batch], arguments: Sequence[Any], **settings: Any) -> None:
        settings = {"doc_md": inspect.getdoc(batch)} | settings
        super().__init__(sql="", aws_conn_id=AWS, deferrable=True, poll_interval=POLL_SECONDS, **settings)
        self.batch = batch
        self.arguments = arguments

    def execute(self, context: Any) -> str:
        """Sends the batch, or finds it running, and defers."""
        ports = Ports(context)
        names = ports.platform
        with translated():
            batch = ports.call(self.batch, *self.arguments)
        self.region_name, self.workgroup_name = names.region, names.warehouse.workgroup
        self.database = names.warehouse.database
        self.sql = batch.statements[0] if len(batch.statements) == 1 else list(batch.statements)
        self.parameters = batch.api_parameters() or None
        self.statement_name = statement_name(context["ti"].dag_id, self.task_id, context["ti"].run_id)
        self._send_once(context)
        self._afterwards(batch)
        return str(self.arguments[0])

    def execute_complete(self, context: Any, event: dict[str, Any] | None = None) -> str:
        """The manifest's key, for the next stage.

        Raises:
            AirflowException: the warehouse refused the batch; the message is its own.
        """
        if event is None or event["status"] != "success":
            self.region_name = Ports(context).platform.region
            self.statement_id = (event or {}).get("statement_id", "")
            raise self._refused((event or {}).get("message", "the trigger ended without an answer"))
        ports = Ports(context)
        self.region_name, self.workgroup_name = ports.platform.region, ports.platform.warehouse.workgroup
        self.database = ports.platform.warehouse.database
        with translated():
            self._afterwards(ports.call(self.batch, *self.arguments))
        return str(self.arguments[0])

    def _send_once(self, context: Any) -> None:
        remembered = context["task_state_store"].get(self.external_id_key)
        if remembered and self.is_job_active(self.get_job_status(remembered, context)):
            self.log.info("statement %s of an earlier attempt still runs; waiting for it", remembered)
            self.statement_id = remembered
        else:
            self.statement_id = self.submit_job(context)
            context["task_state_store"].set(self.external_id_key, self.statement_id)
        status = self._soon(context)
        if self.is_job_active(status):
            self._wait()
        elif not self.is_job_succeeded(status):
            raise self._refused(status)

    def _afterwards(self, batch: Batch) -> None:
        """Sends what follows the committed transaction, without waiting: it is no part of the load, and may be lost."""
        if batch.afterwards:
            names = {"WorkgroupName": self.workgroup_name, "Database": self.database}
            self.hook.conn.execute_statement(Sql=batch.afterwards, StatementName=f"{self.task_id}.afterwards", **names)

    def _soon(self, context: Any) -> str:
        """The statement's status when it has ended, or after some patience."""
        until = time.monotonic() + self.patience_seconds
        while True:
            status: str = self.get_job_status(self.statement_id, context)
            if not self.is_job_active(status) or time.monotonic() >= until:
                return status
            time.sleep(0.25)

    def _wait(self) -> None:
        from airflow.providers.amazon.aws.triggers.redshift_data import RedshiftDataTrigger

        self.defer(
            timeout=self.execution_timeout,
            trigger=RedshiftDataTrigger(
                statement_id=self.statement_id,
                task_id=self.task_id,
                poll_interval=self.poll_interval,
                aws_conn_id=self.aws_conn_id,
                region_name=self.region_name,
            ),
            method_name="execute_complete",
        )

    def _refused(self, otherwise: str) -> AirflowException:
        """The warehouse's own words if it has any; the hook's would be its whole response."""
        said = self.hook.conn.describe_statement(Id=self.statement_id).get("Error") if self.statement_id else None
        return AirflowException(f"{self.task_id} of {self.arguments[0]}: {said or otherwise}")


def statement_name(dag_id: str, task_id: str, run_id: str) -> str:
    """The same at every attempt: what an operator searches the warehouse's console for."""
    run = hashlib.sha256(run_id.encode()).hexdigest()[:12]
    return f"{dag_id}.{task_id}.{run}"
