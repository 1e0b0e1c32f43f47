"""What is known of tables before they are maintained: typed, the same from both families of system views."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from podemos.redshift.history import Dialect
from podemos.warehouse.port import Row, Warehouse

DAYS = 7
"""Of scans and writes: what STL keeps."""
HISTORY_DAYS = 60
"""Of vacuums and analyses; the warehouse gives what it still has."""
INT32_MAX = 2**31 - 1
_DONE = ("Complete", "Skipped", "Failed")


@dataclass(frozen=True, slots=True)
class TableFacts:
    """One table that is not empty. Shares are 0 to 1.

    Attributes:
        sort_key: first column, or `INTERLEAVED`; None without a key.
        unsorted: None without a sort key.
        ghosts: rows marked deleted, of `rows`.
        sort_benefit: of its scan time, what a sort would save at most; Redshift's own estimate.
        scan_seconds: a day, observed.
        restricted: share of that time in scans that the sort key narrowed; None when nothing was scanned.
        written: whether somebody writes to it in the window's hours; None when the history shows no write at all.
    """

    table_id: int
    schema: str
    name: str
    diststyle: str
    sort_key: str | None
    mb: int
    unsorted: float | None
    stats_off: float
    rows: int
    ghosts: int
    sort_benefit: float
    scan_seconds: float
    scans: int
    restricted: float | None
    written: bool | None

    @property
    def ghost_share(self) -> float:
        """Of the rows that a scan meets."""
        return self.ghosts / self.rows if self.rows else 0.0

    @property
    def title(self) -> str:
        """For a person."""
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class PastVacuum:
    """One vacuum of SYS_VACUUM_HISTORY.

    Attributes:
        transaction: its id.
        seconds: end - start; None while it runs.
        mb: size before; None when the view does not say.
        unsorted: share of rows before; None where the view's 32 bits do not hold the count.
        reclaimed: share of rows; sorted_rows: rows that were added to the sorted region.
    """

    table_id: int
    transaction: int
    kind: str
    automatic: bool
    status: str
    started: str
    seconds: float | None
    mb: int | None
    unsorted: float | None
    reclaimed: float
    sorted_rows: int

    @property
    def running(self) -> bool:
        """Not ended, and not failed."""
        return self.seconds is None and self.status not in _DONE

    @property
    def worked(self) -> bool:
        """It ended and changed something."""
        return self.seconds is not None and (self.reclaimed > 0 or self.sorted_rows > 0) and self.status != "Failed"


@dataclass(frozen=True, slots=True)
class PastAnalysis:
    """One ANALYZE of SYS_ANALYZE_HISTORY; `seconds` is None while it runs."""

    table_id: int
    started: str
    status: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a plan is made from.

    Attributes:
        without_effect: tables whose last vacuum of ours succeeded without effect: the owner alone may vacuum them.
    """

    tables: tuple[TableFacts, ...]
    vacuums: tuple[PastVacuum, ...] = ()
    analyses: tuple[PastAnalysis, ...] = ()
    without_effect: frozenset[int] = frozenset()


def read(
    warehouse: Warehouse,
    dialect: Dialect,
    now: datetime,
    window: timedelta,
    without_effect: frozenset[int] = frozenset(),
) -> Facts:
    """The facts as they are now.

    Args:
        warehouse: where.
        dialect: of the views that show scans; the others are in both.
        now: when the window opens, UTC.
        window: how long it is: only writes in its hours of the day matter.
        without_effect: see `Facts`.

    Raises:
        DataFault: the warehouse refused a query; SVV_TABLE_INFO needs sys:monitor.
        SourceUnavailable: it did not answer in time.
    """
    since = {"since": (now - timedelta(days=DAYS)).strftime("%Y-%m-%d %H:%M:%S")}
    scans = {row["table_id"]: row for row in warehouse.fetch(f"redshift/{dialect}/select_scan_times.sql", since)}
    written: dict[int, set[int]] = defaultdict(set)
    for row in warehouse.fetch("redshift/catalog/select_writes.sql", since):
        written[row["table_id"]].add(row["at_hour"])
    hours = {(now + timedelta(hours=n)).hour for n in range(int(window / timedelta(hours=1)) + 1)}
    return Facts(
        tuple(
            _table(row, scans.get(row["table_id"]), bool(written[row["table_id"]] & hours) if written else None)
            for row in warehouse.fetch("redshift/catalog/select_upkeep.sql")
        ),
        vacuums(warehouse, now - timedelta(days=HISTORY_DAYS)),
        analyses(warehouse, now - timedelta(days=HISTORY_DAYS)),
        without_effect,
    )


def vacuums(warehouse: Warehouse, since: datetime) -> tuple[PastVacuum, ...]:
    """The vacuums since an instant, in order of their start."""
    values = {"since": since.strftime("%Y-%m-%d %H:%M:%S")}
    return tuple(_vacuum(row) for row in warehouse.fetch("redshift/catalog/select_vacuums.sql", values))


def analyses(warehouse: Warehouse, since: datetime) -> tuple[PastAnalysis, ...]:
    """The analyses since an instant, in order of their start."""
    values = {"since": since.strftime("%Y-%m-%d %H:%M:%S")}
    return tuple(
        PastAnalysis(row["table_id"], str(row["start_time"]), row["status"], _seconds(row["took"]))
        for row in warehouse.fetch("redshift/catalog/select_analyses.sql", values)
    )


def _table(row: Row, scan: Row | None, written: bool | None) -> TableFacts:
    unsorted = row["unsorted"]
    key = (row["sortkey1"] or "").strip()
    rows = int(row["tbl_rows"] or 0)
    return TableFacts(
        table_id=row["table_id"],
        schema=row["schema"],
        name=row["table"],
        diststyle=(row["diststyle"] or "").strip(),
        sort_key=None if unsorted is None or key in ("", "AUTO(SORTKEY)") else key,
        mb=int(row["size"] or 0),
        unsorted=None if unsorted is None else float(unsorted) / 100,
        stats_off=float(row["stats_off"] or 0) / 100,
        rows=rows,
        ghosts=max(0, rows - int(rows if row["estimated_visible_rows"] is None else row["estimated_visible_rows"])),
        sort_benefit=float(row["vacuum_sort_benefit"] or 0) / 100,
        scan_seconds=scan["scan_time"] / 1e6 / DAYS if scan else 0.0,
        scans=scan["scans"] if scan else 0,
        restricted=scan["restricted_time"] / scan["scan_time"] if scan and scan["scan_time"] else None,
        written=written,
    )


def _vacuum(row: Row) -> PastVacuum:
    before, in_order = row["rows_before_vacuum"] or 0, row["sortedrows_before_vacuum"]
    known = before and in_order is not None and before <= INT32_MAX
    return PastVacuum(
        table_id=row["table_id"],
        transaction=row["transaction_id"],
        kind=row["vacuum_type"],
        automatic=bool(row["is_automatic"]),
        status=row["status"],
        started=str(row["start_time"]),
        seconds=_seconds(row["took"]),
        mb=row["size_before_vacuum"],
        unsorted=max(0.0, 1 - in_order / before) if known else None,
        reclaimed=(row["reclaimed_rows"] or 0) / before if before else 0.0,
        sorted_rows=max(0, row["sortedrows_after_vacuum"] or 0),
    )


def _seconds(micros: int | None) -> float | None:
    return None if micros is None else max(0.0, micros / 1e6)
