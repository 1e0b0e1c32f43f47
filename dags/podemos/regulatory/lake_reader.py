"""Reads the day's movements out of the branch lake: curated `pagos`, by reference.

A payment is a movement of day D if its accounting day is D, it was paid and it was not deleted; the client is credited.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from podemos.contracts.tables import contract
from podemos.core.errors import DataFault
from podemos.core.fingerprint import Fingerprint
from podemos.core.money import cents_of
from podemos.regulatory.movement import ABONO, schema
from podemos.regulatory.readers import BATCH_ROWS, UnreadableFile
from podemos.regulatory.rows import CURRENCY, Reason, RowFault
from podemos.regulatory.seen import SeenPairs

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
        self._seen = SeenPairs()

    def movements(self, path: Path, name: str, sha256: str) -> Iterator[tuple[Any, list[tuple[int, RowFault]]]]:
        """The day's movements of one curated file, a batch at a time, as Arrow tables; with them, rows that are none.

        `file_rows` and `file_cents` are set to the whole file's totals.

        Raises:
            UnreadableFile: not a readable parquet file, or a column of the contract is missing.
        """
        import pyarrow.parquet as pq

        wanted = ["id_sucursal", "fecha_pago_utc", "fecha_contable", "borrado", *self._contract]
        self.file_rows = self.file_cents = 0
        try:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(BATCH_ROWS, columns=wanted):
                    yield self._batch(batch, sha256)
        except (OSError, ValueError, KeyError, TypeError, NotImplementedError, DataFault) as error:
            raise UnreadableFile(
                f"{name}: unreadable after row {self.file_rows} ({error}); curate that day again"
            ) from None

    def _batch(self, batch: Any, sha256: str) -> tuple[Any, list[tuple[int, RowFault]]]:
        """Adds up the whole batch and reads only the rows of the day: a file's neighbours are most of it."""
        import pyarrow as pa
        import pyarrow.compute as pc

        first = self.file_rows + 1
        self.file_rows += batch.num_rows
        self.file_cents += cents_of(pc.sum(batch.column("monto")).as_py() or Decimal(0))
        paid = pc.and_(pc.equal(batch.column("status_pago"), PAID), pc.invert(batch.column("borrado")))
        at = pc.indices_nonzero(pc.and_(pc.equal(batch.column("fecha_contable"), self.day), paid))
        rows = pa.Table.from_batches([batch.take(at)])
        rows = rows.append_column("fila", pc.add(at.cast(pa.int64()), first))
        self._count(rows)
        rows = rows.append_column("id_movimiento", _names(rows))
        amount, instant = rows["monto"].is_valid(), rows["fecha_pago_utc"].is_valid()
        readable = rows.filter(pc.and_(amount, instant))
        twice = self._seen.repeated(readable["id_sucursal"].to_numpy(), readable["id_pago"].to_numpy())
        faults = [
            *_faults(rows.filter(pc.invert(amount)), Reason.UNREADABLE_AMOUNT, "monto is NULL"),
            *_faults(
                rows.filter(pc.and_(amount, pc.invert(instant))), Reason.UNREADABLE_INSTANT, "fecha_pago_utc is NULL"
            ),
            *_faults(readable.filter(pa.array(twice)), Reason.DUPLICATE_ID, "{} came before"),
        ]
        moving = readable if not twice.any() else readable.filter(pa.array(~twice))
        return self._table(moving, sha256), sorted(faults, key=lambda fault: fault[0])

    def _count(self, rows: Any) -> None:
        """Adds the rows to their branches' fingerprints."""
        from podemos.contracts.row_digests import digests

        digest = digests(rows[name] for name in self._contract)
        by_branch: dict[int, list[int]] = {}
        for branch, one in zip(rows["id_sucursal"].to_pylist(), digest.to_pylist(), strict=True):
            by_branch.setdefault(branch, []).append(one)
        amounts = rows.select(["id_sucursal", "monto"]).group_by("id_sucursal").aggregate([("monto", "sum")])
        cents = dict(zip(amounts["id_sucursal"].to_pylist(), amounts["monto_sum"].to_pylist(), strict=True))
        for branch, found in by_branch.items():
            total = Fingerprint(len(found), cents_of(cents[branch] or Decimal(0)), sum(found))
            self.branches[branch] = self.branches.get(branch, Fingerprint()) + total

    def _table(self, rows: Any, sha256: str) -> Any:
        """Movements of rows that are."""
        import pyarrow as pa
        import pyarrow.compute as pc

        def every(value: Any, kind: Any) -> Any:
            return pa.repeat(pa.scalar(value, kind), rows.num_rows)

        instant = rows["fecha_pago_utc"].cast(pa.timestamp("us"), safe=False).cast(pa.string())
        instant = pc.binary_replace_slice(instant, 10, 11, "T")
        loan = pc.fill_null(rows["id_prestamo"].cast(pa.string()), "None")
        columns = {
            "fecha_contable": every(self.day, pa.date32()),
            "id_sistema": every(self.source, pa.string()),
            "id_movimiento": rows["id_movimiento"],
            "id_sucursal": rows["id_sucursal"].cast(pa.int64()),
            "id_cliente": rows["id_cliente"].cast(pa.int64()),
            "tipo": every(ABONO, pa.string()),
            "monto": rows["monto"].cast(pa.decimal128(18, 2)),
            "moneda": every(CURRENCY, pa.string()),
            "instante_utc": pc.binary_join_element_wise(instant, "Z", ""),
            "concepto": pc.binary_join_element_wise("Pago del préstamo ", loan, ""),
            "archivo_sha256": every(sha256, pa.string()),
            "fila": rows["fila"],
        }
        return pa.table(columns, schema=schema())


def _names(rows: Any) -> Any:
    """The ids of the movements: the branch's number with three digits, and the payment's."""
    import pyarrow as pa
    import pyarrow.compute as pc

    branches = rows["id_sucursal"].combine_chunks().dictionary_encode()
    prefixes = pa.array([f"{branch:03d}-" for branch in branches.dictionary.to_pylist()], pa.string())
    return pc.binary_join_element_wise(prefixes.take(branches.indices), rows["id_pago"].cast(pa.string()), "")


def _faults(rows: Any, reason: Reason, detail: str) -> Iterator[tuple[int, RowFault]]:
    for row in rows.select(["fila", "id_movimiento", "monto"]).to_pylist():
        cents = None if row["monto"] is None else cents_of(row["monto"])
        name = row["id_movimiento"]
        yield row["fila"], RowFault(reason, detail.format(name), cents, name)
