"""The report's bytes: a function of the movements alone, whatever the machine, its locale, zone or hash seed.

`RENDERER` is raised whenever the bytes of an unchanged night would change; it stands in the manifest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from podemos.core.errors import DataFault
from podemos.core.fingerprint import Fingerprint
from podemos.core.money import cents_of
from podemos.regulatory.movement import ABONO, CARGO

RENDERER = 3
RENDERERS = (2, 3)
"""Those whose versions this code makes again. 3 added the proof; its notice denies no refused delivery."""
HEADER = (
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
)
_NULLABLE = ("id_sucursal", "id_cliente", "concepto")
BATCH_ROWS = 20_000

Totals = dict[str, dict[str, Fingerprint]]
"""System -> tipo -> count and cents (the digest is not used)."""


def write_csv(parts: list[Path], path: Path) -> tuple[str, Totals]:
    """Streams the unloaded movements into the report's CSV; returns its SHA-256 and its totals.

    UTF-8, LF at the end of each line, `id_movimiento` and `concepto` always quoted, nothing else ever, NULL empty.

    Args:
        parts: parquet files in order.
        path: the CSV to write.

    Raises:
        DataFault: the movements are not strictly in order of system and id (one stands twice, or the order was lost).
    """
    digest = hashlib.sha256()
    totals: Totals = {}
    previous = ("", "")
    with path.open("wb") as file:
        header = ",".join(HEADER).encode() + b"\n"
        digest.update(header)
        file.write(header)
        for batch in _batches(parts):
            previous = _in_order(batch, previous)
            _add(totals, batch)
            data = _lines(batch)
            digest.update(data)
            file.write(data)
    return digest.hexdigest(), totals


def _batches(parts: list[Path]) -> Iterator[Any]:
    """Arrow tables of the report's columns; amounts are decimals, never floats.

    Raises:
        DataFault: other columns, or a value is missing that every movement has.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    for part in parts:
        with pq.ParquetFile(part) as file:
            if file.schema_arrow.names[: len(HEADER)] != list(HEADER):
                raise DataFault(f"{part.name}: columns {file.schema_arrow.names}, the report needs {list(HEADER)}")
            for batch in file.iter_batches(BATCH_ROWS, columns=list(HEADER)):
                if empty := [name for name in HEADER if name not in _NULLABLE and batch.column(name).null_count]:
                    raise DataFault(f"report: a movement without {', '.join(empty)} in {part.name}; load again")
                amounts = batch.column("monto").cast(pa.decimal128(18, 2))
                yield pa.Table.from_batches([batch]).set_column(HEADER.index("monto"), "monto", amounts)


def _in_order(batch: Any, previous: tuple[str, str]) -> tuple[str, str]:
    """The last movement's system and id, after comparing each with the one before it, byte by byte.

    Raises:
        DataFault: one does not come after it; it is named.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    systems, names = (
        pa.chunked_array([pa.array([before], pa.string()), *batch[column].cast(pa.string()).chunks]).combine_chunks()
        for column, before in zip(("id_sistema", "id_movimiento"), previous, strict=True)
    )
    rows = len(systems) - 1
    (system, name), (next_system, next_name) = (
        (systems.slice(first, rows), names.slice(first, rows)) for first in (0, 1)
    )
    later = pc.or_(
        pc.less(system, next_system), pc.and_(pc.equal(system, next_system), pc.less(name, next_name))
    )  # fmt: skip
    at = later.index(False).as_py()
    if at >= 0:
        raise DataFault(
            f"report: {next_system[at]} {next_name[at]} does not come after {name[at]}: a movement stands "
            "twice in core.movimientos, or UNLOAD lost the order; reconcile again"
        )
    return systems[-1].as_py(), names[-1].as_py()


def _add(totals: Totals, batch: Any) -> None:
    by = batch.select(["id_sistema", "tipo", "monto"]).group_by(["id_sistema", "tipo"])
    for row in by.aggregate([("monto", "sum"), ("monto", "count")]).to_pylist():
        of_system = totals.setdefault(row["id_sistema"], {})
        part = Fingerprint(row["monto_count"], cents_of(row["monto_sum"]))
        of_system[row["tipo"]] = of_system.get(row["tipo"], Fingerprint()) + part


def _lines(batch: Any) -> memoryview:
    """The bytes of a batch's lines: Arrow holds them one after the other."""
    import pyarrow as pa
    import pyarrow.compute as pc

    texts = []
    for name in HEADER:
        text = batch[name].cast(pa.string())
        if name in ("id_movimiento", "concepto"):
            text = _quote(text)
        texts.append(pc.fill_null(text, "") if name in _NULLABLE else text)
    ended = pc.binary_join_element_wise(pc.binary_join_element_wise(*texts, ","), "\n", "").combine_chunks()
    _, offsets, data = ended.buffers()
    ends = memoryview(offsets).cast("i")
    return memoryview(data)[ends[ended.offset] : ends[ended.offset + len(ended)]] if len(ended) else memoryview(b"")


def _quote(texts: Any) -> Any:
    import pyarrow.compute as pc

    return pc.binary_join_element_wise('"', pc.replace_substring(texts, '"', '""'), '"', "")


def totals_of(totals: Totals, system: str) -> dict[str, dict[str, int]]:
    """One system's totals in JSON form, both types always present."""
    found = totals.get(system, {})
    return {
        tipo: {"movements": total.count, "cents": total.cents}
        for tipo in (CARGO, ABONO)
        for total in [found.get(tipo, Fingerprint())]
    }


def sum_of(totals: Totals) -> Fingerprint:
    """Everything."""
    return sum((total for found in totals.values() for total in found.values()), Fingerprint())
