"""Reads the day's movements out of the branch lake: curated `pagos`, by reference.

A payment is a movement of day D if its accounting day is D, it was paid and it was not deleted; the client is credited.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from podemos.contracts.tables import contract
from podemos.core.clock import iso
from podemos.core.errors import DataFault
from podemos.core.fingerprint import Fingerprint, row_digest, row_text
from podemos.core.money import cents_of
from podemos.regulatory.movement import ABONO, Movement
from podemos.regulatory.readers import BATCH_ROWS, UnreadableFile
from podemos.regulatory.rows import CURRENCY, Reason, RowFault

PAID = "PAGADO"


@dataclass
class LakeReader:
    """Reads curated files for one day. `branches` holds each branch's fingerprint of its payments, by the contract."""

    source: str
    day: date
    branches: dict[int, Fingerprint] = field(default_factory=dict)
    file_rows: int = 0
    file_cents: int = 0

    def __post_init__(self) -> None:
        columns = [c for c in contract("pagos").compiled().columns if c.fingerprint]
        self._contract = [f"{c.name}_origen" if c.kind.temporal else c.name for c in columns]
        self._seen: set[tuple[int, int]] = set()

    def movements(self, path: Path, name: str, sha256: str) -> Iterator[tuple[int, Movement | RowFault]]:
        """The day's movements of one curated file; `file_rows` and `file_cents` are set to the whole file's totals.

        Raises:
            UnreadableFile: not a readable parquet file, or a column of the contract is missing.
        """
        import pyarrow.parquet as pq

        wanted = ["id_sucursal", "fecha_pago_utc", "fecha_contable", "borrado", *self._contract]
        self.file_rows = self.file_cents = 0
        try:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(BATCH_ROWS, columns=wanted):
                    yield from self._batch(batch, sha256)
        except (OSError, ValueError, KeyError, NotImplementedError, DataFault) as error:
            raise UnreadableFile(
                f"{name}: unreadable after row {self.file_rows} ({error}); curate that day again"
            ) from None

    def _batch(self, batch: Any, sha256: str) -> Iterator[tuple[int, Movement | RowFault]]:
        """Adds up the whole batch and reads only the rows of the day: a file's neighbours are most of it."""
        import pyarrow.compute as pc

        first = self.file_rows + 1
        self.file_rows += batch.num_rows
        self.file_cents += cents_of(pc.sum(batch.column("monto")).as_py() or Decimal(0))
        paid = pc.and_(pc.equal(batch.column("status_pago"), PAID), pc.invert(batch.column("borrado")))
        at = pc.indices_nonzero(pc.and_(pc.equal(batch.column("fecha_contable"), self.day), paid))
        for place, row in zip(at.to_pylist(), batch.take(at).to_pylist(), strict=True):
            yield first + place, self._movement(row, sha256, first + place)

    def _movement(self, row: dict[str, Any], sha256: str, fila: int) -> Movement | RowFault:
        branch, payment, amount = row["id_sucursal"], row["id_pago"], row["monto"]
        movement_id = f"{branch:03d}-{payment}"
        cents = None if amount is None else cents_of(amount)
        texts = (None if row[name] is None else str(row[name]) for name in self._contract)
        total = Fingerprint(1, cents or 0, row_digest(row_text(texts)))
        self.branches[branch] = self.branches.get(branch, Fingerprint()) + total
        if cents is None:
            return RowFault(Reason.UNREADABLE_AMOUNT, "monto is NULL", None, movement_id)
        if row["fecha_pago_utc"] is None:
            return RowFault(Reason.UNREADABLE_INSTANT, "fecha_pago_utc is NULL", cents, movement_id)
        if (branch, payment) in self._seen:
            return RowFault(Reason.DUPLICATE_ID, f"{movement_id} came before", cents, movement_id)
        self._seen.add((branch, payment))
        return Movement(
            fecha_contable=self.day,
            id_sistema=self.source,
            id_movimiento=movement_id,
            id_sucursal=branch,
            id_cliente=row["id_cliente"],
            tipo=ABONO,
            monto=cents,
            moneda=CURRENCY,
            instante_utc=iso(_utc(row["fecha_pago_utc"])),
            concepto=f"Pago del préstamo {row['id_prestamo']}",
            archivo_sha256=sha256,
            fila=fila,
        )


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
