"""Lands invented rows as a pull would, and curates and publishes them with the shipped code."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pyspark.sql import SparkSession

from local.folder_store import FolderStore
from podemos.branches import chunk, collect, decisions, keys, publish, revisions
from podemos.branches.bound import HoldBack
from podemos.branches.curate import Curation, commit_result
from podemos.branches.decisions import Action
from podemos.branches.landing import Chunk, Part, Range
from podemos.branches.zone_frames import zone_frames
from podemos.contracts.branches import branches
from podemos.contracts.tables import contract
from podemos.core import manifest

NOW = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
CURSOR = "2026-11-19 12:00:00.000000"
HELD = HoldBack("lag", 900)
Row = tuple[Any, ...]


def cliente(key: int, name: str = "María Ñandú", cursor: str = CURSOR) -> Row:
    return (key, name, None, None, "2024-02-29", cursor)


def prestamo(key: int, client: int = 1, cursor: str = CURSOR) -> Row:
    return (key, client, "8000.00", 24, "61.5000", "2026-09-01", "VIGENTE", cursor)


def pago(key: int, amount: str = "250.10", paid: str = "2026-11-19 10:00:00", note: str | bytes | None = None,
         client: int = 1, loan: int = 1, status: str = "PAGADO", cursor: str = CURSOR) -> Row:  # fmt: skip
    return (key, loan, client, amount, paid, status, note, cursor)


def _sent(value: Any) -> bytes | None:
    """As a branch's server sends it."""
    return value if value is None or isinstance(value, bytes) else str(value).encode()


@dataclass
class Lab:
    """One lake, night after night."""

    spark: SparkSession
    lake: FolderStore
    attempts: int = 0
    seconds: list[float] = field(default_factory=list)

    @classmethod
    def at(cls, spark: SparkSession, root: Path) -> Lab:
        root.mkdir(parents=True)
        return cls(spark, FolderStore(root))

    def land(
        self, table: str, branch: str, seq: int, rows: Iterable[Row], part: int = 1, swept: Range | None = None
    ) -> Chunk:
        """A chunk and its manifest; `swept` makes it a page of a range."""
        compiled = contract(table).compiled()
        page = chunk.Page(compiled, branch, seq)
        page.extend([chunk.columns_of(tuple(tuple(_sent(value) for value in row) for row in rows))])
        data, content = page.table_data(), chunk.encode(page)
        day = date(2026, 11, 20)
        evidence = chunk.pack(chunk.amounts(data, compiled))
        landed = Chunk(
            keys.chunk(table, branch, day, seq, part),
            manifest.sha256(content),
            page.rows,
            chunk.cents(data, compiled),
            len(content),
            evidence,
        )
        self.lake.put_new(landed.key, content)
        final = swept is None
        found = Part(
            table, branch, day, seq, part, final, NOW, None, page.last, CURSOR, "", landed, 0, None, {}, swept, HELD
        )
        manifest.commit(self.lake, found.key, found.to_dict())
        return landed

    def sweep(
        self,
        table: str,
        branch: str,
        seq: int,
        day: str,
        rows: Iterable[Row],
        part: int = 2,
        place: Range | None = None,
    ) -> None:
        """A complete range of one page, or what `place` says; without a row it is a statement without a chunk."""
        place = place or Range(day, 1, True)
        if chosen := list(rows):
            self.land(table, branch, seq, chosen, part, place)
            return
        at = date(2026, 11, 20)
        found = Part(table, branch, at, seq, part, False, NOW, None, None, CURSOR, "", None, range=place)
        manifest.commit(self.lake, found.key, found.to_dict())

    def family(self, branch: str, seq: int) -> None:
        """Client 1 and loan 1 of a branch."""
        self.land("clientes", branch, seq, [cliente(1)])
        self.land("prestamos", branch, seq, [prestamo(1)])

    def plan(self) -> str:
        return collect.plan_curation([], lake=self.lake, clock=lambda: NOW, config=branches())

    def curate(self, plan_key: str) -> str:
        """Runs the plan as one attempt; returns the folder name of what it wrote."""
        self.attempts += 1
        plan, ref = manifest.read(self.lake, plan_key)
        zones = zone_frames(
            self.spark, self.lake.get(plan["zones"]["key"]).decode(), plan["branches"], plan.get("servers")
        )
        rev = f"{plan['revision']:012d}-{self.attempts}"
        curation = Curation(self.spark, self.lake, str(self.lake.root), self.lake.fetch(), plan, rev, zones)
        commit_result(self.lake, ref, rev, curation.run())
        return rev

    def night(self) -> dict[str, Any]:
        """Plan, curate and publish; returns the revision."""
        plan_key = self.plan()
        self.curate(plan_key)
        key = publish.publish_revision(plan_key, lake=self.lake)
        return revisions.read(self.lake, key).document

    def curated(self, revision: dict[str, Any], table: str, branch: str) -> list[dict[str, Any]]:
        """Curated rows of a branch, with the day of their partition as `_day`."""
        found = []
        for day, entry in revision["days"].get(table, {}).items():
            for file in entry["files"]:
                found += [row | {"_day": day} for row in self._rows(file) if row["id_sucursal"] == int(branch)]
        return sorted(found, key=lambda row: (row["_day"], row[contract(table).primary_key[0]]))

    def waiting(self, revision: dict[str, Any], table: str, branch: str) -> dict[int, tuple[str, str]]:
        """Quarantined keys of a branch with reason and detail."""
        rows = [row for file in revision["quarantine"][table]["files"] for row in self._rows(file)]
        key = contract(table).primary_key[0]
        return {row[key]: (row["motivo"], row["detalle"]) for row in rows if row["id_sucursal"] == int(branch)}

    def quarantined(self, revision: dict[str, Any], table: str) -> list[dict[str, Any]]:
        """All rows of a table that wait, as they are kept."""
        return [row for file in revision["quarantine"][table]["files"] for row in self._rows(file)]

    def decide(self, action: Action, branch: str, key: str, values: dict[str, str | None]) -> dict[str, Any]:
        """An operator's decision about a payment in quarantine; returns the event."""
        who = {"reason": "porque sí", "by": "ana"}
        return decisions.decide(self.lake, action, "pagos", branch, key, values=values, clock=lambda: NOW, **who)[1]

    def delta(self, revision: dict[str, Any], table: str, branch: str) -> list[dict[str, Any]]:
        """Rows of a branch that the warehouse has to merge."""
        rows = [row for file in revision["delta"][table]["files"] for row in self._rows(file)]
        return [row for row in rows if row["id_sucursal"] == int(branch)]

    def terms(self, revision: dict[str, Any], table: str, day: str, branch: str) -> dict[str, Any]:
        """What the day's manifest says of a branch."""
        entry = manifest.read_ref(self.lake, revision["days"][table][day]["manifest"])
        return dict(entry["branches"].get(branch, {}))

    def _rows(self, file: dict[str, Any]) -> list[dict[str, Any]]:
        return list(pq.read_table(io.BytesIO(self.lake.get(file["key"]))).to_pylist())
