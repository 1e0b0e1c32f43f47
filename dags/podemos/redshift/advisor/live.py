"""What the advisor sees of a live warehouse: the history of queries, the catalog, and how many rows each table has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from podemos.redshift import history
from podemos.redshift.advisor import inputs, query_log
from podemos.redshift.advisor.workload import Name, Workload
from podemos.redshift.facts import Table
from podemos.redshift.live import live_tables
from podemos.redshift.probe import probe
from podemos.warehouse.port import Warehouse


def look(
    warehouse: Warehouse, now: datetime, days: int
) -> tuple[Workload, dict[Name, Table], dict[Name, int], tuple[str, ...]]:
    """The log, the tables, their rows, and what this user cannot see.

    Raises:
        DataFault: the warehouse refused a query.
        SourceUnavailable: it did not answer in time.
    """
    since = (now - timedelta(days=days)).strftime("%Y-%m-%d %H:%M:%S")
    seen = probe(warehouse, since)
    found = live_tables(warehouse)
    tables = {table.name: table for table in found.tables}
    runs = history.read(warehouse, seen.dialect, since).runs
    workload = query_log.read(_entries(runs), inputs.known(tables))
    rows = {}
    for row in history.health(warehouse):
        schema, _, name = str(row["tabla"]).partition(".")
        rows[schema, name] = int(row["estimated_visible_rows"] or row["tbl_rows"] or 0)
    return workload, tables, rows, (*seen.cannot_see, *found.notes)


def _entries(runs: tuple[history.Run, ...]) -> Iterator[query_log.Entry]:
    for run in runs:
        text = run.text
        started = datetime.fromisoformat(run.started).replace(tzinfo=None)
        yield query_log.Entry(text, max(run.execution, 1) / 1e6, 1, started)
