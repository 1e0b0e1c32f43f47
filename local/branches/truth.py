"""What a judge needs to know, computed without the platform under test.

The expected movements are read from the live databases at judging time and their accounting day is computed here with
`zoneinfo`. What was planted, and what `mutate` did afterwards, is on record under `<state>/truth/`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from local.branches import faults
from local.branches.catalog import Branch
from local.branches.server import MariaDB
from local.branches.settings import Settings, read_json, write_json

MEXICO_CITY = ZoneInfo("America/Mexico_City")
# One day more on each side than the business date: a zone moves an instant by hours, never by a whole day.
EXPECTED_SQL = """
SELECT p.id_pago, p.monto, p.fecha_pago, p.status_pago, l.id_prestamo IS NULL, c.id_cliente IS NULL
  FROM pagos AS p
  LEFT JOIN prestamos AS l ON l.id_prestamo = p.id_prestamo
  LEFT JOIN clientes AS c ON c.id_cliente = p.id_cliente
 WHERE p.fecha_pago >= %s AND p.fecha_pago < %s
 ORDER BY p.id_pago
"""


@dataclass(frozen=True)
class ExpectedMovement:
    """One payment that belongs to a business date. `missing` names its absent parents; such a row is quarantined."""

    id_sucursal: int
    id_pago: int
    cents: int
    fecha_contable: date
    status_pago: str
    missing: tuple[str, ...]


def accounting_day(wall: datetime, zone: ZoneInfo) -> date:
    """The Mexico City day of a branch's wall time.

    A time that happens twice is taken as its first occurrence; a time that never happens keeps the offset that was in
    force before the change (PEP 495, fold=0).
    """
    return wall.replace(tzinfo=zone, fold=0).astimezone(UTC).astimezone(MEXICO_CITY).date()


def expected_movements(settings: Settings, business_date: date) -> Iterator[ExpectedMovement]:
    """Every payment of every branch whose accounting day is `business_date`, whether or not the branch is reachable.

    Ordered by branch and id. Reads as root, past every fault.
    """
    with closing(MariaDB(settings).connect()) as root:
        for branch in settings.all_branches():
            yield from _of_branch(root, branch, business_date)


def _of_branch(root: Any, branch: Branch, business_date: date) -> Iterator[ExpectedMovement]:
    cursor = root.cursor()
    cursor.execute(f"USE {branch.schema}")
    cursor.execute(EXPECTED_SQL, (business_date - timedelta(days=1), business_date + timedelta(days=2)))
    for id_pago, monto, wall, status, no_loan, no_client in cursor.fetchall():
        day = accounting_day(wall, branch.tz)
        if day == business_date:
            missing = tuple(name for name, absent in (("prestamos", no_loan), ("clientes", no_client)) if absent)
            yield ExpectedMovement(branch.number, id_pago, cents(monto), day, status, missing)


def cents(amount: Decimal) -> int:
    """A DECIMAL(18,2) as integer cents, exactly."""
    return int(amount.scaleb(2).to_integral_exact())


def offline_branches(settings: Settings) -> list[str]:
    """Ids of the branches that cannot be read now: off, locked or hanging (a slow or cut link is still a branch)."""
    return faults.unreachable(settings)


def planted(settings: Settings) -> dict[str, list[dict[str, Any]]]:
    """Branch id -> the defects planted by the seed: kind, table, key, detail."""
    document = read_json(settings.state / "truth" / "branches.json") or {"planted": {}}
    return dict(document["planted"])


def changes(settings: Settings) -> list[dict[str, Any]]:
    """Everything `mutate` did since the seed, oldest first."""
    try:
        lines = (settings.state / "truth" / "branches_changes.jsonl").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [json.loads(line) for line in lines]


def record_seed(settings: Settings, parameters: dict[str, Any], record: dict[str, list[dict[str, Any]]]) -> None:
    """Start the record anew for freshly seeded databases."""
    write_json(settings.state / "truth" / "branches.json", {"seed": parameters, "planted": record})
    (settings.state / "truth" / "branches_changes.jsonl").unlink(missing_ok=True)


def record_changes(settings: Settings, made: list[dict[str, Any]]) -> None:
    """Append what `mutate` did."""
    path = settings.state / "truth" / "branches_changes.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.writelines(json.dumps(change, ensure_ascii=False) + "\n" for change in made)
