"""Compares what phones collected with what the branches booked under the same receipt, in cents."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

from podemos.core import manifest
from podemos.core.clock import Clock, iso
from podemos.core.errors import NotNeeded
from podemos.core.store import ObjectStore
from podemos.core.zones import zone_table
from podemos.mobile import places
from podemos.warehouse.port import Warehouse

DAYS = 45
MOST = 10_000
_BRANCHES = "core.pagos_historicos"


@dataclass(frozen=True, slots=True)
class Difference:
    """One receipt that differs; cents are in the field minus at the branch."""

    id_sucursal: int
    id_recibo: str
    fecha_contable: str
    pagos: int
    centavos_en_campo: int
    centavos_en_sucursal: int
    diferencia_centavos: int
    causa: str


def reconcile_receipts(load_key: str, *, lake: ObjectStore, warehouse: Warehouse, clock: Clock) -> str:
    """Writes the differences of the last days between the phones' receipts and the branches' payments.

    Args:
        load_key: what was loaded.
        lake: where the report goes.
        warehouse: holds both.
        clock: now.

    Returns:
        The key of the report.

    Raises:
        NotNeeded: the branches' payments were never loaded.
    """
    known = {f"{row['table_schema']}.{row['table_name']}" for row in warehouse.fetch("branches/ops/select_tables.sql")}
    if _BRANCHES not in known:
        raise NotNeeded(f"{_BRANCHES} does not exist yet: nothing to compare with")
    since = zone_table().accounting_day(clock()) - timedelta(days=DAYS)
    found = list(differences(warehouse, since))
    document: dict[str, Any] = {
        "kind": "mobile.reconciled",
        "load": load_key,
        "compared": iso(clock()),
        "since": since.isoformat(),
        "receipts": len(found),
        "cents": sum(each.diferencia_centavos for each in found),
        "by_cause": dict(Counter(each.causa for each in found)),
        "differences": [asdict(each) for each in found[:MOST]],
    }
    content = manifest.sha256(manifest.canonical(document))
    return manifest.commit(lake, places.reconciled(content), document).key


def differences(warehouse: Warehouse, since: date) -> Iterator[Difference]:
    """Every receipt collected from an accounting day on that the branch has otherwise, or not."""
    for row in warehouse.fetch("mobile/select_differences.sql", {"since": since}):
        yield Difference(
            row["id_sucursal"],
            row["id_recibo"],
            str(row["fecha_contable"]),
            row["pagos"],
            row["centavos_en_campo"],
            row["centavos_en_sucursal"],
            row["diferencia_centavos"],
            row["causa"],
        )
