"""The warehouse: execute, batch and fetch over the Redshift Data API (no driver, no network path to the cluster)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from podemos.core.errors import DataFault, SourceUnavailable
from podemos.warehouse.literals import Typed
from podemos.warehouse.statements import Batch, Script, Value, bind

Row = dict[str, Any]
"""A result row: NULL is None, integers are int, DECIMAL is Decimal, everything else is text."""

_DECIMALS = {"numeric", "decimal"}
_FINAL = {"FINISHED", "FAILED", "ABORTED"}


class Warehouse(Protocol):
    """What the concerns need of a warehouse."""

    def execute(
        self, sql: str | Script, values: Mapping[str, Value] | None = None, literals: Mapping[str, Typed] | None = None
    ) -> None:
        """Runs the statements of a file or script in one transaction."""
        ...

    def fetch(
        self, sql: str | Script, values: Mapping[str, Value] | None = None, literals: Mapping[str, Typed] | None = None
    ) -> Iterator[Row]:
        """Rows of the only statement of a file or script, page by page; SETs may come before it."""
        ...


@dataclass(frozen=True, slots=True)
class DataApi:
    """A workgroup behind the Redshift Data API.

    Attributes:
        client: a boto3 `redshift-data` client.
        poll_seconds: first wait between two looks at a running statement; grows to two seconds.
        timeout_seconds: after it the statement is cancelled and reported as `SourceUnavailable`.
    """

    client: Any
    workgroup: str
    database: str
    poll_seconds: float = 0.1
    timeout_seconds: float = 1800
    sleep: Callable[[float], None] = time.sleep

    def execute(
        self, sql: str | Script, values: Mapping[str, Value] | None = None, literals: Mapping[str, Typed] | None = None
    ) -> None:
        """Runs the statements of a file or script in one transaction.

        Raises:
            DataFault: the warehouse refused a statement; the message is its own.
            SourceUnavailable: it did not answer in time.
        """
        self._run(bind(sql, values, literals))

    def fetch(
        self, sql: str | Script, values: Mapping[str, Value] | None = None, literals: Mapping[str, Typed] | None = None
    ) -> Iterator[Row]:
        """Rows of the only statement of a file or script, page by page; SETs may come before it.

        Raises:
            DataFault: the warehouse refused the statement.
            SourceUnavailable: it did not answer in time.
        """
        batch = bind(sql, values, literals)
        if [text for text in batch.statements[:-1] if not text.upper().startswith("SET ")]:
            raise DataFault(
                f"include/sql/{batch.origin}: fetch takes one statement (after SETs), the file has "
                f"{len(batch.statements)}"
            )
        statement = self._run(batch)
        if len(batch.statements) > 1:
            statement += f":{len(batch.statements)}"  # the result of a batch's last statement
        token: dict[str, str] = {}
        while True:
            page = self._call("get_statement_result", Id=statement, **token)
            names = [column["name"] for column in page["ColumnMetadata"]]
            decimal = [column["typeName"].split("(")[0].lower() in _DECIMALS for column in page["ColumnMetadata"]]
            for record in page["Records"]:
                yield {name: _value(cell, exact) for name, cell, exact in zip(names, record, decimal, strict=True)}
            if not page.get("NextToken"):
                return
            token = {"NextToken": page["NextToken"]}

    def send(self, batch: Batch) -> None:
        """Runs a batch that was rendered before.

        Raises:
            DataFault: the warehouse refused a statement.
            SourceUnavailable: it did not answer in time.
        """
        self._run(batch)

    def _run(self, batch: Batch) -> str:
        common: dict[str, Any] = {"WorkgroupName": self.workgroup, "Database": self.database}
        if batch.parameters:
            common["Parameters"] = batch.api_parameters()
        if len(batch.statements) == 1:
            statement = self._call("execute_statement", Sql=batch.statements[0], **common)["Id"]
        else:
            statement = self._call("batch_execute_statement", Sqls=list(batch.statements), **common)["Id"]
        waited, pause = 0.0, self.poll_seconds
        while True:
            found = self._call("describe_statement", Id=statement)
            if found["Status"] in _FINAL:
                break
            if waited >= self.timeout_seconds:
                self._call("cancel_statement", Id=statement)
                raise SourceUnavailable(f"warehouse: {batch.origin} still ran after {waited:.0f} s and was cancelled")
            self.sleep(pause)
            waited, pause = waited + pause, min(2.0, pause * 1.5)
        if found["Status"] != "FINISHED":
            raise DataFault(f"warehouse refused include/sql/{batch.origin}: {found.get('Error', found['Status'])}")
        return str(statement)

    def _call(self, operation: str, **arguments: Any) -> Any:
        """A call of the API; boto has retried it before it fails here."""
        try:
            return getattr(self.client, operation)(**arguments)
        except (BotoCoreError, ClientError) as error:
            raise SourceUnavailable(f"warehouse: {operation}: {error}") from error


def _value(cell: Mapping[str, Any], exact: bool) -> Any:
    if cell.get("isNull"):
        return None
    value = next(iter(cell.values()))
    return Decimal(value) if exact else value
