"""The judge: looks into DuckDB itself, knows what was committed, and shares nothing with the code that is judged."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from bench.chaos_redesign.world import STRANGER, TABLE, World
from local.aws.redshift.warehouse import Warehouse

_SCHEMA, _NAME = TABLE.split(".")


@dataclass
class Found:
    """What is wrong, in words."""

    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    inventory: list[str] = field(default_factory=list)
    rollback_lost: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """All of it."""
        return [*self.lost, *self.doubled, *self.stale, *self.inventory, *self.rollback_lost]


class Raw:
    """The DuckDB file under the local Redshift."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._cursor = warehouse._connection.cursor()

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Rows of DuckDB's own SQL."""
        return self._cursor.execute(sql, list(values)).fetchall()

    def reset(self) -> None:
        """An empty warehouse."""
        for (schema,) in self.rows("SELECT name FROM _redshift.schemas WHERE name <> 'public'"):
            self._cursor.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
        for table in ("relations", "columns", "changes", "grants", "column_grants", "owners", "policies"):
            self._cursor.execute(f"DELETE FROM _redshift.{table}")
        self._cursor.execute("DELETE FROM _redshift.schemas WHERE name <> 'public'")

    def table_id(self, name: str) -> int:
        """The table that has a name now; 0 if none has."""
        schema, _, table = name.partition(".")
        sql = "SELECT table_id FROM _redshift.relations WHERE schema_name = ? AND name = ?"
        found = self.rows(sql, schema, table)
        return int(found[0][0]) if found else 0

    def may_write(self, user: str, table_id: int) -> bool:
        """Whether a user may write the table now."""
        sql = "SELECT count(*) FROM _redshift.grants WHERE table_id = ? AND identity_name = ? AND privilege = 'INSERT'"
        return bool(self.rows(sql, table_id, user)[0][0])


def judge(raw: Raw, world: World, ended: str) -> Found:
    """Compares the table with what was committed, and what hangs on it with what was there."""
    found = Found(stale=list(world.stale))
    lost = found.rollback_lost if ended == "rollback" else found.lost
    if not raw.table_id(TABLE):
        lost.append(f"{TABLE} does not exist")
        return found
    seen: Counter[tuple[int, int]] = Counter()
    for suc, pago, client, monto, day, status, text in raw.rows(f"SELECT * FROM {TABLE}"):
        key = (int(suc), int(pago))
        seen[key] += 1
        row = (int(client), int(monto * 100), None if day is None else day.isoformat(), status, text)
        if key not in world.rows:
            lost.append(f"{key} was deleted and is there: {row}")
        elif row != world.rows[key]:
            lost.append(f"{key} is {row}, committed was {world.rows[key]}")
    lost += [f"{key} is lost: {row}" for key, row in world.rows.items() if key not in seen]
    found.doubled += [f"{key} is there {count} times" for key, count in seen.items() if count > 1]
    found.inventory += _inventory(raw, world, ended)
    return found


def _inventory(raw: Raw, world: World, ended: str) -> list[str]:
    table_id = raw.table_id(TABLE)
    distkey = None if ended == "rollback" else "id_cliente"
    grants = {(p, "user", STRANGER) for p in ("SELECT", "INSERT", "UPDATE", "DELETE")} | {
        ("SELECT", "group", "gerentes")
    }
    grants |= {("SELECT", "user", who) for who in world.granted}
    view = raw.table_id("core.v")
    expected: dict[str, tuple[Any, str, tuple[Any, ...]]] = {
        "distkey": ([(distkey,)], "SELECT distkey FROM _redshift.relations WHERE table_id = ?", (table_id,)),
        "key": (
            [(["id_sucursal", "id_pago"],)],
            "SELECT primary_key FROM _redshift.relations WHERE table_id = ?",
            (table_id,),
        ),
        "comment": ([(world.comment,)], "SELECT remarks FROM _redshift.relations WHERE table_id = ?", (table_id,)),
        "owner": ([("cobranza",)], "SELECT owner FROM _redshift.owners WHERE table_id = ?", (table_id,)),
        "columns without comment": (
            [(0,)],
            "SELECT count(*) FROM _redshift.columns WHERE table_id = ? AND remarks IS DISTINCT FROM 'Columna ' || name",
            (table_id,),
        ),
        "grants": (
            sorted(grants),
            "SELECT privilege, identity_kind, identity_name FROM _redshift.grants WHERE table_id = ? ORDER BY ALL",
            (table_id,),
        ),
        "column grants": (
            [("fecha_pago", "role", "auditoria"), ("monto", "role", "auditoria")],
            "SELECT column_name, identity_kind, identity_name FROM _redshift.column_grants WHERE table_id = ? "
            "ORDER BY ALL",
            (table_id,),
        ),
        "masks": (
            [("oculta", "public", 10)],
            "SELECT policy, identity_kind, priority FROM _redshift.policies WHERE table_id = ?",
            (table_id,),
        ),
        "view": (
            [("Vista", "gerentes")],
            "SELECT r.remarks, g.identity_name FROM _redshift.relations r JOIN _redshift.grants g USING (table_id) "
            "WHERE r.table_id = ?",
            (view,),
        ),
    }
    return [
        f"{what}: {seen}, expected {wanted}"
        for what, (wanted, sql, values) in expected.items()
        if (seen := raw.rows(sql, *values)) != wanted
    ]
