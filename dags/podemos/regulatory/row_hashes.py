"""Names the rows of an edited file, where the source ships a hash of each row.

A row's hash is the SHA-256 of its mapped fields as the file holds them, in the order of `FIELDS`, each as
`<octets>:<UTF-8 bytes>` and null as `-1:`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from podemos.contracts.sources import Source
from podemos.core.errors import PodemosError
from podemos.core.fingerprint import row_text
from podemos.core.store import ObjectStore
from podemos.regulatory.frozen import fetch
from podemos.regulatory.readers import records
from podemos.regulatory.rows import Record, RowFault

FIELDS = ("id_movimiento", "monto", "tipo", "instante", "id_sucursal", "id_cliente", "concepto", "moneda")


def row_hash(source: Source, record: Record) -> str:
    """The hash of one record."""
    names = [getattr(source.mapping, field) for field in FIELDS]
    texts = (None if record.get(name) is None else str(record[name]) for name in names if name)
    return hashlib.sha256(row_text(texts)).hexdigest()


def edited_rows(
    source: Source, file: Mapping[str, Any], sealed: Mapping[str, Any], lake: ObjectStore, limit: int
) -> list[str]:
    """The rows of a file whose hash the source did not ship, those that stand twice, then the ids that are gone.

    The hashes are of all files of the source: gone is what none of its other files holds either. Empty when the source
    ships no row hashes or a file cannot be read: the file is then the smallest unit known.
    """
    if sealed["row_hashes"] is None or source.mapping is None:
        return []
    named: list[str] = []
    try:
        listed = _listing(lake.get(sealed["row_hashes"]["key"], sealed["row_hashes"]["version"]))
        gone = set(listed)
        for frozen in sorted(sealed["files"], key=lambda found: bool(found["name"] != file["name"])):
            for fila, record in _records(source, frozen, lake):
                ours = frozen["name"] == file["name"]
                if isinstance(record, RowFault):
                    named += [f"row {fila}: {record.detail}"] if ours else []
                    continue
                movement_id = str(record.get(source.mapping.id_movimiento))
                again = movement_id in listed and movement_id not in gone
                gone.discard(movement_id)
                if not ours:
                    continue
                if again or listed.get(movement_id) != row_hash(source, record):
                    what = "stands twice by" if again else "differs from" if movement_id in listed else "is not in"
                    amount = record.get(source.mapping.monto)
                    named.append(f"row {fila} ({movement_id}, {source.mapping.monto} {amount}) {what} the row hashes")
    except (PodemosError, ValueError, KeyError, TypeError):
        return []
    named += [f"{movement_id} is gone" for movement_id in sorted(gone)]
    return named[:limit]


def _records(source: Source, frozen: Mapping[str, Any], lake: ObjectStore) -> Iterator[tuple[int, Record | RowFault]]:
    with TemporaryDirectory(prefix="row-hashes-") as scratch:
        path = Path(scratch) / "file"
        fetch(lake, frozen, path)
        yield from records(source, path, frozen["name"])


def _listing(data: bytes) -> dict[str, str]:
    """`id_movimiento` -> hash, from JSON lines."""
    listed = (json.loads(line) for line in data.splitlines() if line.strip())
    return {row["id_movimiento"]: row["sha256"] for row in listed}
