"""The oracle. It reads what was written by other means than the code it judges: DuckDB and digests of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import duckdb

from bench.chaos_branches.lake import SuiteLake
from bench.chaos_branches.shard import Days
from bench.chaos_branches.source import COLUMNS, TABLES, Content, Row
from podemos.branches import keys, revisions
from podemos.core import manifest

_SNAPSHOTS = 3
LakeDays = dict[tuple[str, str], tuple[int, int]]
"""Rows and digest of the lake by (branch, day)."""


@dataclass(frozen=True, slots=True)
class Violation:
    """What went wrong, where: `what` is one of the counted words."""

    branch: str
    what: str
    message: str


@dataclass
class Judge:
    """One suite's verdict."""

    lake: SuiteLake
    promised: set[str]
    violations: list[Violation] = field(default_factory=list)
    seen: dict[tuple[str, str], dict[int, Days]] = field(default_factory=dict)
    _standing: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    _engine: Any = field(default_factory=duckdb.connect)

    def count(self, what: str) -> int:
        """Violations of a kind."""
        return sum(one.what == what for one in self.violations)

    def remember(self, seen: dict[tuple[str, str, int], Days]) -> None:
        """What the final snapshots of a night held; a certificate can only speak of the newest."""
        for table, branch, seq in sorted(seen, key=lambda found: found[2]):
            known = self.seen.setdefault((table, branch), {})
            known[seq] = seen[table, branch, seq]
            while len(known) > _SNAPSHOTS:
                del known[min(known)]

    def night(self, number: int, certification: dict[str, Any]) -> None:
        """After a certification: does any certificate say more than is true, and did the watermark keep its promise?"""
        for ref in certification["certificates"]:
            document = manifest.read_ref(self.lake, ref)
            self._standing[document["table"], document["day"]] = document["branches"]
        revision = revisions.latest(self.lake)
        assert revision is not None  # noqa: S101 - it was just certified
        sources = manifest.read_ref(self.lake, revision.document["plan"])["sources"]
        for table in TABLES:
            lake = self._lake_days(revision.document, table)
            by_branch: dict[str, Days] = {}
            for (branch, day), value in lake.items():
                by_branch.setdefault(branch, {})[day] = value
            for branch, entry in sources.get(table, {}).items():
                self._branch(number, table, branch, entry, by_branch.get(branch, {}))
        delivered = manifest.read(self.lake, certification["delivered"])[0]
        self._delivered(number, delivered, sources, revision.document)

    def _branch(self, night: int, table: str, branch: str, entry: dict[str, Any], lake: Days) -> None:
        source = self.seen.get((table, branch), {}).get(entry.get("seq", 0))
        since = entry.get("since") or ""
        ahead = entry.get("ahead") if entry["cut"] else None
        if ahead:  # the newest days of a long gap have a snapshot of their own
            newest = self.seen.get((table, branch), {}).get(ahead["seq"], {})
            for day in {day for day in {*lake, *newest} if day >= ahead["since"]}:
                certified = self._standing.get((table, day), {}).get(branch, {}).get("state") == "certified"
                if certified and lake.get(day) != newest.get(day):
                    self._say(branch, "falsely_certified", f"night {night}, {table}, {day}: certified ahead of its gap")
        for day in {*lake, *(source or ())}:
            if TABLES[table].partitioned and day < since:
                continue
            state = self._standing.get((table, day), {}).get(branch, {})
            certified = state.get("state") == "certified"
            if entry["cut"] or source is None:
                if certified and state.get("source") is None:
                    self._say(branch, "falsely_certified", f"night {night}, {table}, {day}: certified, nobody asked")
                continue
            if lake.get(day) == source.get(day):
                continue
            sides = f"{source.get(day, (0, 0))[0]} rows at the branch, {lake.get(day, (0, 0))[0]} in the lake"
            if certified:
                self._say(branch, "falsely_certified", f"night {night}, {table}, {day}: certified, {sides}")
            if branch in self.promised:
                self._say(branch, "missed_by_watermark", f"night {night}, {table}, {day}: {sides}")

    def _delivered(
        self, night: int, control: dict[str, Any], sources: dict[str, Any], revision: dict[str, Any]
    ) -> None:
        """What the report is told of a branch is judged like its certificates, for the day it is told of."""
        lake = self._lake_days(revision, "pagos")
        for entry in control["branches"]:
            source = sources.get("pagos", {}).get(entry["id"])
            if entry["state"] != "certified":
                continue
            day, said = control["business_date"], _said(source or {"cut": True})
            seen = self.seen.get(("pagos", entry["id"]), {}).get(said["seq"]) if said and said["since"] <= day else None
            if seen is None or seen.get(day) != lake.get((entry["id"], day)):
                self._say(entry["id"], "falsely_certified", f"night {night}: delivered as certified for {day}")

    def _lake_days(self, revision: dict[str, Any], table: str) -> LakeDays:
        found: LakeDays = {}
        date = TABLES[table].business_date
        for files, curated in ((_curated(revision, table), True), (_waiting(revision, table), False)):
            if not files:
                continue
            names = _names(table, curated=curated)
            text = ", ".join(f"coalesce(CAST({name} AS VARCHAR), chr(30))" for name in names)
            day = f"substr({date}{'_origen' if curated else ''}, 1, 10)" if date else f"'{keys.UNDATED}'"
            for branch, at, rows, digest in self._engine.execute(
                f"SELECT id_sucursal, {day}, count(*), sum(CAST('0x' || substr(md5(concat_ws(chr(31), {text})), 18) AS "
                f"HUGEINT)) FROM read_parquet(?) WHERE NOT borrado GROUP BY ALL",
                [[str(self.lake.root / key) for key in files]],
            ).fetchall():
                old = found.get((str(branch), at), (0, 0))
                found[str(branch), at] = (old[0] + rows, old[1] + int(digest))
        return found

    def end(self, contents: dict[str, Content], warehouse: Any) -> None:
        """After the last night: row by row, what every server holds is what curated and quarantined hold together."""
        revision = revisions.latest(self.lake)
        assert revision is not None  # noqa: S101 - nights have passed
        for table in TABLES:
            curated = self._rows(_curated(revision.document, table), _names(table, curated=True))
            waiting = self._rows(_waiting(revision.document, table), _names(table, curated=False))
            lake: dict[str, dict[int, Row]] = {}
            for branch, row in [*curated, *waiting]:
                rows, key = lake.setdefault(branch, {}), int(row[0] or 0)
                if key in rows:
                    self._say(branch, "doubled", f"{table} {key} is there twice")
                rows[key] = row
            for branch, content in contents.items():
                self._compare(branch, table, content[table], lake.get(branch, {}))
            names = ", ".join(_names(table, curated=True))
            told = warehouse.execute(
                f"SELECT id_sucursal, {names} FROM {TABLES[table].warehouse} WHERE NOT borrado"
            ).fetchall()
            self._loaded(table, Counter(curated), Counter((str(b), _texts(row)) for b, *row in told))

    def _compare(self, branch: str, table: str, source: dict[int, Row], lake: dict[int, Row]) -> None:
        for key in sorted(source.keys() - lake.keys()):
            self._say(branch, "lost", f"{table} {key}: {_shown(source[key])} at the branch, nothing in the lake")
        for key in sorted(lake.keys() - source.keys()):
            self._say(branch, "stale", f"{table} {key}: deleted at the branch, {_shown(lake[key])} in the lake")
        for key in sorted(source.keys() & lake.keys()):
            if source[key] != lake[key]:
                self._say(branch, "stale", f"{table} {key}: {_shown(source[key])}, in the lake {_shown(lake[key])}")

    def _loaded(self, table: str, lake: Counter[tuple[str, Row]], warehouse: Counter[tuple[str, Row]]) -> None:
        for (branch, row), _ in (lake - warehouse).items():
            self._say(branch, "lost", f"{table}: {_shown(row)} is curated, not in the warehouse")
        for (branch, row), many in (warehouse - lake).items():
            what = "doubled" if (branch, row) in lake else "stale"
            self._say(branch, what, f"{table}: {_shown(row)} {many} times too often in the warehouse")

    def _rows(self, files: list[str], names: list[str]) -> list[tuple[str, Row]]:
        if not files:
            return []
        found = self._engine.execute(
            f"SELECT id_sucursal, {', '.join(names)} FROM read_parquet(?) WHERE NOT borrado",
            [[str(self.lake.root / key) for key in files]],
        ).fetchall()
        return [(str(branch), _texts(row)) for branch, *row in found]

    def _say(self, branch: str, what: str, message: str) -> None:
        self.violations.append(Violation(branch, what, message))


def _curated(revision: dict[str, Any], table: str) -> list[str]:
    return [file["key"] for day in revision["days"].get(table, {}).values() for file in day["files"]]


def _waiting(revision: dict[str, Any], table: str) -> list[str]:
    return [file["key"] for file in revision["quarantine"].get(table, {"files": []})["files"]]


def _names(table: str, *, curated: bool) -> list[str]:
    """Columns that hold the source's values."""
    contract = TABLES[table]
    return [f"{name}_origen" if curated and contract.column(name).kind.temporal else name for name in COLUMNS[table]]


def _texts(row: Iterable[Any]) -> Row:
    return tuple(None if value is None else str(value).encode() for value in row)


def _shown(row: Row) -> str:
    return " ".join("NULL" if value is None else value.decode() for value in row)


def _said(source: dict[str, Any]) -> dict[str, Any] | None:
    """What a branch was asked of pagos: everything by its last whole pull, or the newest days of a gap."""
    ahead: dict[str, Any] | None = source.get("ahead")
    return ahead if source["cut"] else source
