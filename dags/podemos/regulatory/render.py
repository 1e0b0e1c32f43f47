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
from podemos.regulatory.movement import ABONO, CARGO

RENDERER = 3
RENDERERS = (2, 3)
"""Those whose versions this code makes again: 3 added the proof pages, and left every other byte."""
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
    previous = (b"", b"")
    with path.open("wb") as file:
        header = ",".join(HEADER).encode() + b"\n"
        digest.update(header)
        file.write(header)
        for batch in _batches(parts):
            lines = []
            for day, system, movement, branch, client, tipo, amount, currency, instant, concept, cents in batch:
                key = (system.encode(), movement.encode())
                if key <= previous:
                    raise DataFault(
                        f"report: {system} {movement} does not come after {previous[1].decode()}: a movement stands "
                        "twice in core.movimientos, or UNLOAD lost the order; reconcile again"
                    )
                previous = key
                branch, client = "" if branch is None else branch, "" if client is None else client
                quoted = "" if concept is None else _quote(concept)
                lines.append(
                    f"{day},{system},{_quote(movement)},{branch},{client},{tipo},{amount},{currency},{instant},{quoted}\n"
                )
                of_system = totals.setdefault(system, {})
                of_system[tipo] = of_system.get(tipo, Fingerprint()) + Fingerprint(1, cents)
            data = "".join(lines).encode()
            digest.update(data)
            file.write(data)
    return digest.hexdigest(), totals


def _batches(parts: list[Path]) -> Iterator[Iterator[tuple[Any, ...]]]:
    """Columns as Python values; amounts both as text with two decimals and as integer cents, never through a float."""
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    for part in parts:
        with pq.ParquetFile(part) as file:
            if file.schema_arrow.names[: len(HEADER)] != list(HEADER):
                raise DataFault(f"{part.name}: columns {file.schema_arrow.names}, the report needs {list(HEADER)}")
            for batch in file.iter_batches(BATCH_ROWS, columns=list(HEADER)):
                columns = []
                for name, column in zip(HEADER, batch.columns, strict=True):
                    wanted = pa.decimal128(18, 2) if name == "monto" else None
                    texts = column.cast(wanted) if wanted else column
                    columns.append((texts if name.startswith("id_") else texts.cast(pa.string())).to_pylist())
                amounts = batch.column("monto").cast(pa.decimal128(18, 2))
                cents = pc.multiply(amounts, pa.scalar(100, pa.decimal128(3, 0))).cast(pa.int64()).to_pylist()
                yield zip(*columns, cents, strict=True)


def _quote(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


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
