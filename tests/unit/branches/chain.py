"""Parts, plans and results by hand: the chain of manifests without branches and without Spark."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from podemos.branches import collect, keys, publish
from podemos.branches.landing import Chunk, Part, Range
from podemos.contracts.branches import branches
from podemos.core import manifest
from podemos.core.fingerprint import Fingerprint
from podemos.core.store import MemoryStore

NOW = datetime(2026, 11, 19, 20, 0, tzinfo=UTC)
DAY = date(2026, 11, 19)
CONFIG = branches()


def part(branch: str, seq: int, number: int = 1, *, final: bool = True, day: date = DAY, rows: int = 1) -> Part:
    chunk = Chunk(keys.chunk("pagos", branch, day, seq, number), "0" * 64, rows, 100, 10) if rows else None
    prints = {"2026-11-19": Fingerprint(1, 100, 7)} if final else {}
    since = DAY - timedelta(days=45)
    return Part("pagos", branch, day, seq, number, final, NOW, None, None, "", "", chunk, 0, since, prints)


def swept(branch: str, seq: int, number: int, page: int, *, complete: bool, rows: int = 1) -> Part:
    """A page of a range."""
    place = Range("2026-11-17", page, complete)
    return replace(part(branch, seq, number, final=False, rows=rows), since=None, range=place)


def land(lake: MemoryStore, *parts: Part) -> None:
    for one in parts:
        manifest.commit(lake, one.key, one.to_dict())


def plan(lake: MemoryStore, at: datetime = NOW, batches: tuple[str, ...] = ()) -> str:
    return collect.plan_curation(list(batches), lake=lake, clock=lambda: at, config=CONFIG)


def finish(lake: MemoryStore, plan_key: str, rev: str = "r1", waiting: Any = None, **days: Any) -> None:
    """The result of a curation that wrote `days` of pagos, and the file `waiting` of its quarantine."""
    nothing = {"days": {}, "quarantine": {"files": [], "rows": 0}, "delta": {"files": [], "rows": 0}, "altered": []}
    tables = {name: dict(nothing) for name in CONFIG.extraction.tables}
    tables["pagos"]["days"] = days
    if waiting:
        tables["pagos"]["quarantine"] = {"files": [waiting], "rows": waiting["rows"]}
    _, ref = manifest.read(lake, plan_key)
    result = {"kind": "branches.result", "plan": ref.to_dict(), "rev": rev, "tables": tables}
    manifest.commit_first(lake, keys.result_of(plan_key), result)


def night(lake: MemoryStore, rev: str = "r1", at: datetime = NOW, waiting: Any = None, **days: Any) -> dict[str, Any]:
    plan_key = plan(lake, at)
    finish(lake, plan_key, rev, waiting, **days)
    return manifest.read(lake, publish.publish_revision(plan_key, lake=lake))[0]


def chunks(lake: MemoryStore, plan_key: str) -> list[tuple[str, int]]:
    document, _ = manifest.read(lake, plan_key)
    return [(chunk["branch"], chunk["seq"]) for chunk in document["chunks"]["pagos"]]
