"""The history of queries in one form, whichever system views it was read from."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from typing import Any, Literal

from podemos.core.errors import DataFault
from podemos.warehouse.port import Row, Warehouse

Dialect = Literal["sys", "stl"]

_LITERAL = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b")
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a query. Times in microseconds; None is what the dialect does not tell apart.

    Attributes:
        hash: of the text without its literals: Redshift's own (SYS) or ours (STL).
        version: only hashes of one version are comparable.
    """

    query: int
    hash: str
    version: int
    started: str
    elapsed: int
    queue: int
    planning: int | None
    compile: int
    lock: int | None
    execution: int
    text: str

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Scan:
    """What one run read of one table.

    Attributes:
        with_ghosts: rows including those marked deleted; None in SYS.
        read: rows after ghosts, before the query's own filter; kept: rows after it.
        restricted: whether the sort key restricted the range; None when the view does not say.
        blocks: of 1 MB; None in STL, and so is `spilled`.
    """

    query: int
    table_id: int
    table: str
    with_ghosts: int | None
    read: int
    kept: int | None
    restricted: bool | None
    blocks: int | None
    spilled: int | None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class History:
    """What was read at once: the five questions' rows."""

    dialect: Dialect
    runs: tuple[Run, ...]
    scans: tuple[Scan, ...]
    queueing: tuple[Row, ...] = ()
    skew: tuple[Row, ...] = ()
    health: tuple[Row, ...] = ()


def read(warehouse: Warehouse, dialect: Dialect, since: str) -> History:
    """The history since an instant.

    Args:
        warehouse: where it is.
        dialect: which system views to ask; see `probe`.
        since: ``YYYY-MM-DD HH:MM:SS``, UTC.

    Raises:
        DataFault: the warehouse refused a query.
        SourceUnavailable: it did not answer in time.
    """

    def ask(name: str) -> list[Row]:
        return list(warehouse.fetch(f"redshift/{dialect}/select_{name}.sql", {"since": since}))

    return History(
        dialect,
        tuple(_run(row) for row in ask("runs")),
        tuple(_scan(row) for row in ask("scans")),
        tuple(ask("queueing")),
        tuple(ask("skew")),
        tuple(health(warehouse)),
    )


def health(warehouse: Warehouse) -> list[Row]:
    """The state of the tables; empty when the user may not see it, which `probe` tells."""
    try:
        return list(warehouse.fetch("redshift/catalog/select_health.sql"))
    except DataFault:
        return []


def generic_hash(text: str) -> str:
    """A hash of a query's text without literals, comments and layout, for views that have none."""
    shape = " ".join(_LITERAL.sub("?", _COMMENT.sub(" ", text)).lower().split())
    return hashlib.sha256(shape.encode()).hexdigest()[:40]


def _run(row: Row) -> Run:
    text = row["query_text"] or ""
    return Run(
        query=row["query"],
        hash=row["query_hash"] or generic_hash(text),
        version=row["query_hash_version"],
        started=row["start_time"],
        elapsed=row["elapsed_time"],
        queue=row["queue_time"],
        planning=row["planning_time"],
        compile=row["compile_time"],
        lock=row["lock_time"],
        execution=row["execution_time"],
        text=text,
    )


def _scan(row: Row) -> Scan:
    restricted = row["is_rrscan"]
    return Scan(
        query=row["query"],
        table_id=row["table_id"],
        table=row["tabla"].rpartition(".")[2],
        with_ghosts=row["rows_with_ghosts"],
        read=row["rows_read"],
        kept=row["rows_kept"],
        restricted=None if restricted is None else restricted == "t",
        blocks=row["blocks_read"],
        spilled=row["spilled"],
    )
