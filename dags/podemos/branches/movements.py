"""What of the branches' payments is a movement of a business day, and what of it must be excepted.

A payment is a movement of day D if it is paid, not deleted, and its instant lies on D in Mexico City.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from podemos.core import fingerprint
from podemos.core.errors import DataFault
from podemos.core.fingerprint import Fingerprint
from podemos.core.manifest import sha256
from podemos.core.money import cents_of
from podemos.core.store import ObjectStore
from podemos.core.table import Table
from podemos.core.zones import zone_table

TABLE = "pagos"
STATUS, PAID = "status_pago", "PAGADO"
MAX_LISTED = 5000


@dataclass(frozen=True, slots=True)
class Excepted:
    """A payment of the day that waits in quarantine: part of what is expected, not of what is published."""

    branch: int
    key: int
    reason: str
    cents: int

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {"id_sucursal": self.branch, "id_pago": self.key, "reason": self.reason, "cents": self.cents}


def of(table: Table) -> bool:
    """Whether the table is the one whose rows are the branches' movements: by name, and by what a movement needs."""
    names = {column.name for column in table.columns}
    return table.name == TABLE and STATUS in names and table.amount is not None and table.business_date is not None


def local_days(business_date: date) -> list[str]:
    """Branch-local days that can hold movements of a business day: it and its neighbours, whatever the zone."""
    return [(business_date + timedelta(days=ahead)).isoformat() for ahead in (-1, 0, 1)]


def closes(business_date: date) -> datetime:
    """The instant at which the business day ends."""
    return zone_table().instant_at(business_date + timedelta(days=1), "00:00")


def by_branch(
    lake: ObjectStore, table: Table, files: Iterable[Mapping[str, Any]], business_date: date
) -> dict[str, Fingerprint]:
    """Control totals of the day's movements per branch, from curated files.

    Raises:
        DataFault: a file's bytes are not those recorded.
    """
    names = [f"{c.name}_origen" if c.kind.temporal else c.name for c in table.columns]
    totals: dict[str, Fingerprint] = {}
    for file in files:
        data = lake.get(file["key"])
        if sha256(data) != file["sha256"]:
            raise DataFault(
                f"{lake.uri(file['key'])} was changed after it was published: {file['rows']} rows, "
                f"{file['cents']} cents recorded; restore it from its version history"
            )
        rows = pq.read_table(pa.BufferReader(data), columns=[*names, "id_sucursal", "fecha_contable", "borrado"])
        chosen = pc.and_(pc.equal(rows["fecha_contable"], business_date), pc.equal(rows[STATUS], PAID))
        rows = rows.filter(pc.and_(chosen, pc.invert(rows["borrado"])))
        columns = [[None if v is None else str(v) for v in rows[name].to_pylist()] for name in names]
        amounts = [cents_of(value) for value in rows[table.amount or ""].to_pylist()]
        for branch, amount, *row in zip(rows["id_sucursal"].to_pylist(), amounts, *columns, strict=True):
            one = Fingerprint(1, amount, fingerprint.row_digest(fingerprint.row_text(row)))
            totals[f"{branch:03d}"] = totals.get(f"{branch:03d}", Fingerprint()) + one
    return totals


def excepted(
    lake: ObjectStore,
    table: Table,
    files: Iterable[Mapping[str, Any]],
    business_date: date,
    zones: Mapping[str, str],
) -> list[Excepted]:
    """Payments of the day that wait in quarantine. One without a possible date belongs to no day and is not there."""
    found = []
    for file in files:
        for row in pq.read_table(pa.BufferReader(lake.get(file["key"]))).to_pylist():
            if row[STATUS] == PAID and _day(row[table.business_date or ""], zones[f"{row['id_sucursal']:03d}"]) == (
                business_date
            ):
                reason = " ".join(text for text in (row["motivo"], row["detalle"]) if text)
                amount = row[table.amount or ""]
                found.append(
                    Excepted(row["id_sucursal"], row[table.primary_key[0]], reason, cents_of(amount) if amount else 0)
                )
    return sorted(found, key=lambda one: (one.branch, one.key))


def _day(text: str | None, zone: str) -> date | None:
    try:
        table = zone_table()
        return table.accounting_day(table.resolve(zone, datetime.fromisoformat(text or "")).instant)
    except (ValueError, DataFault):
        return None
