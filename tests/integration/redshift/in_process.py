"""The local Redshift in this process: the Data API's operations without HTTP, and its own tables to seed a history."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from local.aws.redshift import data_api
from local.aws.redshift.executions import Executions
from local.aws.redshift.warehouse import Warehouse
from podemos.warehouse.port import DataApi


class Api:
    """What a boto3 client of the Data API offers, as far as the port calls it."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._api = data_api.DataApi(Executions(warehouse))

    def execute_statement(self, **fields: Any) -> Any:
        return self._api.execute(fields, batch=False)

    def batch_execute_statement(self, **fields: Any) -> Any:
        return self._api.execute(fields, batch=True)

    def describe_statement(self, **fields: Any) -> Any:
        return self._api.describe({**fields, "WaitTimeSeconds": 5})

    def get_statement_result(self, **fields: Any) -> Any:
        return self._api.result(fields)


class Seeded:
    """A warehouse whose system views tell of runs that we choose."""

    def __init__(self, folder: Path) -> None:
        self.local = Warehouse(folder / "warehouse.duckdb", "http://127.0.0.1:9")
        self.port = DataApi(Api(self.local), "podemos", "analytics", poll_seconds=0.005)
        self._rows = self.local._connection.cursor()
        self._number = 1

    def table_id(self, schema: str, name: str) -> int:
        sql = "SELECT table_id FROM _redshift.relations WHERE schema_name = ? AND name = ?"
        return int(self._rows.execute(sql, [schema, name]).fetchall()[0][0])

    def rows(self, table_id: int, visible: int, ghosts: int, unsorted: int) -> None:
        """What SVV_TABLE_INFO is to say of a table."""
        self._rows.execute(
            "INSERT INTO _redshift.changes VALUES (?, ?, ?, ?, 0)", [table_id, visible, ghosts, unsorted]
        )

    def run(
        self,
        text: str,
        start: str,
        *,
        execution: float,
        queue: float = 0,
        planning: float = 0,
        compiling: float = 0,
        lock: float = 0,
        cached: bool = False,
    ) -> int:
        """One finished SELECT; seconds."""
        query, micro = self._number, 1_000_000
        self._number += 1
        elapsed = int((execution + queue + planning + compiling + lock) * micro)
        self._rows.execute(
            "INSERT INTO _redshift.query_history VALUES (?, ?, 1, 'analytics', 'default', 'SELECT', 'success', "
            "CAST(? AS TIMESTAMP), CAST(? AS TIMESTAMP) + to_microseconds(?), ?, ?, NULL, 1, ?, 'ana')",
            [query, query, start, start, elapsed, elapsed, int(lock * micro), text],
        )
        times = [int(seconds * micro) for seconds in (queue, planning, compiling)]
        self._rows.execute("INSERT INTO _redshift.query_times VALUES (?, ?, ?, ?, ?)", [query, *times, cached])
        return query

    def scan(
        self,
        query: int,
        table_id: int,
        start: str,
        *,
        read: int,
        kept: int,
        ghosts: int = 0,
        restricted: bool = True,
        spilled: int = 0,
        slices: int = 2,
        seconds: float = 0,
    ) -> None:
        """What a run read of a table, even over the slices, and how long it took."""
        for number in range(slices):
            self._rows.execute(
                "INSERT INTO _redshift.scans VALUES (?, ?, 'analytics.core.pagos', CAST(? AS TIMESTAMP), "
                "CAST(? AS TIMESTAMP) + to_microseconds(?), ?, ?, ?, ?, ?, ?, ?, 0)",
                [query, table_id, start, start, int(seconds * 1_000_000), number,
                 (read + ghosts) // slices, read // slices, kept // slices,
                 read // 100_000, "t" if restricted else "f", spilled],
            )  # fmt: skip

    def close(self) -> None:
        self._rows.close()
        self.local.close()
