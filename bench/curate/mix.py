"""The rows of a bench: what the branches hold, what a night lands, and what must be curated after it; from one seed.

A history of `DAYS` days, all of it curated. The night lands a tenth of it: two fifths are the new day's payments, a
quarter payments of older days that come late, a fifth edits (status, a cent, a few of them to another day), the rest
new and changed clients and loans, rows fetched twice, and the pages of a few whole ranges that show what is gone.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from podemos.branches import chunk
from podemos.contracts.branches import branches
from podemos.contracts.tables import contract
from podemos.core import fingerprint
from podemos.core.fingerprint import Fingerprint
from podemos.core.table import Table

DAYS = 60
FIRST = date(2026, 9, 20)
NEW_DAY = FIRST + timedelta(days=DAYS)
NAMES = ("clientes", "prestamos", "pagos")
SHARES = {"clientes": 0.02, "prestamos": 0.04, "pagos": 0.94}
LATE, EDITED, TWICE = 0.25, 0.2, 0.05
RANGES = 10
_SQL = Path(__file__).with_name("sql")
Totals = dict[tuple[str, int, str], Fingerprint]
"""By table, branch and branch-local day."""


@dataclass
class Mix:
    """All rows, in DuckDB.

    Args:
        rows: of the history, all tables; the night lands `landed`.
        seed: decides everything.
    """

    rows: int
    landed: int
    seed: int

    @cached_property
    def db(self) -> Any:
        """The history; the night's tables come with `night`."""
        found = duckdb.connect()
        found.execute("SET VARIABLE seed = $seed", {"seed": self.seed})
        found.execute("SET VARIABLE days = $days", {"days": DAYS})
        found.execute("SET VARIABLE first = CAST($first AS TIMESTAMP)", {"first": FIRST.isoformat()})
        quotas = pa.Table.from_pylist(self._quotas())
        ranges = pa.Table.from_pylist(self.ranges)
        found.register("_quotas", quotas)
        found.register("_ranges", ranges)
        found.execute("CREATE TABLE sucursal AS SELECT * FROM _quotas")
        found.execute("CREATE TABLE barrida AS SELECT * FROM _ranges")
        found.execute((_SQL / "history.sql").read_text(encoding="utf-8"))
        return found

    @property
    def ranges(self) -> list[dict[str, Any]]:
        """Branches and days that the night reads whole."""
        ids = [int(branch.id) for branch in branches().branches]
        return [
            {"id_sucursal": ids[at * len(ids) // RANGES], "dia": (NEW_DAY - timedelta(days=4 + at % 5)).isoformat()}
            for at in range(RANGES)
        ]

    def night(self) -> None:
        """Draws the night; the new day's payments are what is left of `landed`."""
        self.db.execute((_SQL / "night.sql").read_text(encoding="utf-8"))
        tables = ("clientes_noche", "prestamos_noche", "editados", "tardios", "repetidos")
        swept = "pagos AS p SEMI JOIN barrida AS b ON p.id_sucursal = b.id_sucursal AND p.fecha_pago[1:10] = b.dia"
        others = sum(self.count(name) for name in (*tables, swept))
        ids = [int(branch.id) for branch in branches().branches]
        left = max(len(ids), self.landed - others)
        quota = pa.Table.from_pylist(
            [{"id": one, "pagos": share} for one, share in zip(ids, _shared(left, [1.0] * len(ids)), strict=True)]
        )
        self.db.register("_nuevo", quota)
        self.db.execute("CREATE TABLE nuevo AS SELECT * FROM _nuevo")
        self.db.execute((_SQL / "truth.sql").read_text(encoding="utf-8"))

    def count(self, relation: str) -> int:
        """Rows of a relation."""
        return int(self.db.execute(f"SELECT count(*) FROM {relation}").fetchall()[0][0])

    def page(self, relation: str, table: Table, branch: int, where: str = "TRUE") -> pa.Table:
        """A branch's rows in the pull's order, without branch and sequence."""
        names = ", ".join(column.name for column in table.columns)
        order = ", ".join(table.order)
        sql = f"SELECT {names} FROM {relation} WHERE id_sucursal = $branch AND {where} ORDER BY {order}"
        found = self.db.sql(sql, params={"branch": branch}).to_arrow_table()
        return found.cast(pa.schema([pa.field(c.name, chunk.arrow_type(c)) for c in table.columns]))

    def late_rows(self) -> int:
        """Rows of the night that change a day which was there before: late, edited or gone."""
        return self.count("tardios") + self.count("editados") + self.count("idos")

    def curated(self) -> Totals:
        """What must be curated after the night."""
        return self._totals("final")

    def waiting(self) -> Totals:
        """What must be in quarantine after the night."""
        return totals(self.db, contract("pagos").compiled(), "huerfanos", curated=False)

    def _totals(self, suffix: str) -> Totals:
        found: Totals = {}
        for name in NAMES:
            found |= totals(self.db, contract(name).compiled(), f"{name}_{suffix}", curated=False)
        return found

    def _quotas(self) -> list[dict[str, int]]:
        """Rows by branch; branches are of unequal size."""
        rng = random.Random(f"bench-curate {self.seed}")
        ids = [int(branch.id) for branch in branches().branches]
        sizes = [rng.uniform(0.4, 1.6) for _ in ids]
        columns = {
            "clientes": _shared(round(self.rows * SHARES["clientes"]), sizes),
            "prestamos": _shared(round(self.rows * SHARES["prestamos"]), sizes),
            "pagos": _shared(self.rows - sum(round(self.rows * SHARES[n]) for n in ("clientes", "prestamos")), sizes),
            "clientes_nuevos": _shared(round(self.landed * 0.012), sizes),
            "prestamos_nuevos": _shared(round(self.landed * 0.024), sizes),
            "tardios": _shared(round(self.landed * LATE), sizes),
            "editados": _shared(round(self.landed * EDITED), sizes),
            "repetidos": _shared(round(self.landed * TWICE), sizes),
        }
        return [{"id": one} | {name: values[at] for name, values in columns.items()} for at, one in enumerate(ids)]


def totals(db: Any, table: Table, relation: str, *, curated: bool) -> Totals:
    """Fingerprints of a relation, computed by DuckDB; of curated rows those that are not deleted."""
    select = fingerprint.duckdb(table, curated=curated)
    day = "'todo'"
    if table.business_date is not None:
        day = f"{table.business_date}_origen[1:10]" if curated else f"{table.business_date}[1:10]"
    alive = "NOT borrado" if curated else "TRUE"
    sql = f"SELECT id_sucursal, {day} AS dia, {select} FROM {relation} WHERE {alive} GROUP BY 1, 2"
    rows = db.execute(sql).fetchall()
    return {(table.name, int(branch), str(on)): Fingerprint(int(n), int(c), int(d)) for branch, on, n, c, d in rows}


def _shared(total: int, sizes: list[float]) -> list[int]:
    """Whole numbers in proportion to sizes, at least one each, that add up to `total` where it allows."""
    whole, found, seen = sum(sizes), [], 0.0
    for size in sizes:
        before, seen = seen, seen + size
        found.append(max(1, round(total * seen / whole) - round(total * before / whole)))
    return found
