"""The canonical movement: one line of the report, and the parquet file that carries it to the warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from podemos.core.fingerprint import Fingerprint, row_digest, row_text
from podemos.core.money import cents_of, format_cents

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

    Columns stand in the order of `core.movimientos`: COPY maps by position. Row groups hold `GROUP_ROWS` movements,
    however these come: the same movements make the same bytes.
    """

    def __init__(self, path: Path) -> None:
        import pyarrow.parquet as pq

        self.path = path
        self.totals = Fingerprint()
        self.by_type: dict[str, Fingerprint] = {}
        self._schema = schema()
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._rows: list[Movement] = []
        self._tables: list[Any] = []
        self._waiting = 0

    def add(self, movement: Movement) -> None:
        """Appends one movement."""
        self._rows.append(movement)
        if self._waiting + len(self._rows) >= GROUP_ROWS:
            self._take()
            self._write(GROUP_ROWS)

    def extend(self, movements: Any) -> None:
        """Appends an Arrow table of movements; see `schema`."""
        self._take()
        self._tables.append(movements)
        self._waiting += movements.num_rows
        self._write(GROUP_ROWS)

    def _take(self) -> None:
        if self._rows:
            self._tables.append(table_of(self._rows))
            self._waiting += len(self._rows)
            self._rows.clear()

    def _write(self, least: int) -> None:
        """Writes full groups while at least so many movements wait; with 1, the rest too."""
        import pyarrow as pa

        if self._waiting < least:
            return
        waiting = pa.concat_tables(self._tables).combine_chunks()
        while waiting.num_rows >= least:
            group = waiting.slice(0, GROUP_ROWS)
            self._count(group)
            self._writer.write_table(group)
            waiting = waiting.slice(GROUP_ROWS)
        self._tables, self._waiting = [waiting], waiting.num_rows

    def _count(self, group: Any) -> None:
        import pyarrow.compute as pc

        from podemos.contracts.row_digests import digests

        of_row = digests(group[name] for name in COLUMNS)
        for tipo in (CARGO, ABONO):
            of_type = pc.equal(group["tipo"], tipo)
            amounts = group["monto"].filter(of_type)
            cents = cents_of(pc.sum(amounts).as_py() or Decimal(0))
            part = Fingerprint(len(amounts), cents, sum(of_row.filter(of_type.combine_chunks()).to_pylist()))
            self.by_type[tipo] = self.by_type.get(tipo, Fingerprint()) + part
            self.totals += part

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._take()
            self._write(1)
        self._writer.close()


def schema() -> Any:
    """The Arrow schema of movements, as they are stored: amounts are decimals, never floats."""
    import pyarrow as pa

    types = dict.fromkeys(COLUMNS, pa.string()) | {"fecha_contable": pa.date32(), "monto": pa.decimal128(18, 2)}
    types |= dict.fromkeys(("id_sucursal", "id_cliente", "fila"), pa.int64())
    return pa.schema(list(types.items()))


def table_of(movements: Sequence[Movement]) -> Any:
    """Movements as an Arrow table."""
    import pyarrow as pa

    columns: list[Any] = [list(column) for column in zip(*movements, strict=True)]
    columns[COLUMNS.index("monto")] = pesos(pa.array(columns[COLUMNS.index("monto")], pa.int64()))
    return pa.table(dict(zip(COLUMNS, columns, strict=True)), schema=schema())


def pesos(cents: Any) -> Any:
    """Integer cents as DECIMAL(18,2), exactly."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.multiply(cents.cast(pa.decimal128(19, 0)), pa.scalar(Decimal("0.01"))).cast(pa.decimal128(18, 2))
