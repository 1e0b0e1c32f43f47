"""Which system views this warehouse has, and what of them this user cannot see."""

from __future__ import annotations

from dataclasses import dataclass

from podemos.core.errors import DataFault
from podemos.redshift.history import Dialect, health
from podemos.warehouse.port import Row, Warehouse


@dataclass(frozen=True, slots=True)
class Probe:
    """The answer.

    Attributes:
        cannot_see: one sentence each; part of every verdict.
    """

    dialect: Dialect
    cannot_see: tuple[str, ...]


_BLIND = {
    "stl": (
        "STL: planning and lock waits are not told apart; they are one cause here",
        "STL: runs on a concurrency scaling cluster have no scans; blocks read and spill are not in these views",
        "STL: hashes are ours, of the text's first 4,000 characters; they are not Redshift's",
    ),
    "sys": ("SYS: ghost rows are not told apart in a scan; they are estimated from SVV_TABLE_INFO as it is now",),
}


def probe(warehouse: Warehouse, since: str, views: Dialect | None = None) -> Probe:
    """STL where it has rows (provisioned, single-AZ), SYS otherwise (Serverless, Multi-AZ: STL is absent or disabled).

    Args:
        warehouse: where.
        since: ``YYYY-MM-DD HH:MM:SS``, UTC.
        views: the family that somebody asked for; SYS exists everywhere and tells planning from locks.

    Raises:
        DataFault: neither family can be read.
        SourceUnavailable: the warehouse did not answer in time.
    """
    seen = _visibility(warehouse, "stl", since) if views != "sys" else None
    dialect: Dialect = views or ("stl" if seen and seen["queries"] else "sys")
    if dialect == "sys":
        seen = next(warehouse.fetch("redshift/sys/select_visibility.sql", {"since": since}))
    notes = list(_BLIND[dialect])
    if seen is not None and seen["users"] <= 1:
        notes.append(
            f"only {seen['users']} user's {seen['queries']} statements are visible since {since}: without the role "
            "sys:monitor a user sees a near-empty history, his own"
        )
    if not health(warehouse):
        notes.append(
            "SVV_TABLE_INFO shows no table: all are empty, or nothing is known of their health without sys:monitor"
        )
    return Probe(dialect, tuple(notes))


def _visibility(warehouse: Warehouse, dialect: Dialect, since: str) -> Row | None:
    try:
        return next(warehouse.fetch(f"redshift/{dialect}/select_visibility.sql", {"since": since}))
    except DataFault:
        return None  # the view does not exist here
