"""The canonical movement: one line of the report, and the parquet file that carries it to the warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from podemos.core.fingerprint import Fingerprint, row_digest, row_text
from podemos.core.money import decimal_of, format_cents

CARGO, ABONO = "CARGO", "ABONO"
GROUP_ROWS = 20_000
"""Rows of one parquet row group, i.e. what a writer holds in memory."""

COLUMNS = (
    "fecha_contable",
    "id_sistema",
    "id_movimiento",
    "id_sucursal",
    "id_cliente",
    "tipo",
    "monto",
    "moneda",
    "instante_utc",
    "concepto",
    "archivo_sha256",
    "fila",
)


class Movement(NamedTuple):
    """One movement. `monto` is in integer cents, `instante_utc` is ISO 8601 in UTC, `fila` counts from 1."""

    fecha_contable: date
    id_sistema: str
    id_movimiento: str
    id_sucursal: int | None
    id_cliente: int | None
    tipo: str
    monto: int
    moneda: str
    instante_utc: str
    concepto: str | None
    archivo_sha256: str
    fila: int


def digest_of(movement: Movement) -> int:
    """The movement's part of the fingerprint; `fingerprint_movimientos.sql` computes the same in the warehouse."""
    return row_digest(
        row_text(
            (
                movement.fecha_contable.isoformat(),
                movement.id_sistema,
                movement.id_movimiento,
                None if movement.id_sucursal is None else str(movement.id_sucursal),
                None if movement.id_cliente is None else str(movement.id_cliente),
                movement.tipo,
                format_cents(movement.monto),
                movement.moneda,
                movement.instante_utc,
                movement.concepto,
                movement.archivo_sha256,
                str(movement.fila),
            )
        )
    )


class MovementFile:
    """Writes movements to one parquet file in bounded memory and keeps their totals.

    Columns stand in the order of `core.movimientos`: COPY maps by position.
    """

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self.path = path
        self.totals = Fingerprint()
        self.by_type: dict[str, Fingerprint] = {}
        self._schema = pa.schema(
            [
                ("fecha_contable", pa.date32()),
                ("id_sistema", pa.string()),
                ("id_movimiento", pa.string()),
                ("id_sucursal", pa.int64()),
                ("id_cliente", pa.int64()),
                ("tipo", pa.string()),
                ("monto", pa.decimal128(18, 2)),
                ("moneda", pa.string()),
                ("instante_utc", pa.string()),
                ("concepto", pa.string()),
                ("archivo_sha256", pa.string()),
                ("fila", pa.int64()),
            ]
        )
        self._table = pa.table
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._rows: list[Movement] = []

    def add(self, movement: Movement) -> None:
        """Appends one movement."""
        self._rows.append(movement)
        if len(self._rows) >= GROUP_ROWS:
            self._flush()

    def _flush(self) -> None:
        if not self._rows:
            return
        for tipo in (CARGO, ABONO):
            rows = [m for m in self._rows if m.tipo == tipo]
            part = Fingerprint(len(rows), sum(m.monto for m in rows), sum(map(digest_of, rows)))
            self.by_type[tipo] = self.by_type.get(tipo, Fingerprint()) + part
            self.totals += part
        columns: list[Sequence[Any]] = list(zip(*self._rows, strict=True))
        columns[COLUMNS.index("monto")] = [decimal_of(cents) for cents in columns[COLUMNS.index("monto")]]
        self._writer.write_table(self._table(dict(zip(COLUMNS, columns, strict=True)), schema=self._schema))
        self._rows.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush()
        self._writer.close()
