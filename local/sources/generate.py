"""The files and the control file that a system delivers for a day."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from local.sources.catalog import System
from local.sources.day import Content
from local.sources.formats import encode, extension, row_hash
from local.sources.movements import Movement, draw, stable_number

CONTROL = "control.json"
ROW_HASHES = "row_hashes.jsonl"
MOST_FILES = 3


@dataclass(frozen=True)
class File:
    """One file of a delivery and the movements in it, in their order."""

    name: str
    movements: tuple[Movement, ...]
    data: bytes


@dataclass(frozen=True)
class Delivery:
    """Everything a system delivers for a day. `control` goes last."""

    source_id: str
    business_date: date
    files: tuple[File, ...]
    row_hashes: bytes | None
    control: bytes

    @property
    def prefix(self) -> str:
        """The folder in the lake."""
        return prefix_of(self.source_id, self.business_date)

    def objects(self) -> Iterator[tuple[str, bytes]]:
        """Key and content in the order of delivery."""
        for file in self.files:
            yield self.prefix + file.name, file.data
        if self.row_hashes is not None:
            yield self.prefix + ROW_HASHES, self.row_hashes
        yield self.prefix + CONTROL, self.control


def prefix_of(source_id: str, business_date: date) -> str:
    """The inbox of a source for a day, with a trailing slash."""
    return f"regulatory/inbox/{source_id}/{business_date.isoformat()}/"


def ships_row_hashes(content: Content, system: System) -> bool:
    """Every other system of the configuration ships the hash of each row."""
    return content.configured.index(system) % 2 == 1


def movements_of(content: Content, system: System) -> list[tuple[Movement, ...]]:
    """What the system really holds for the day, in the groups that stay in one file."""
    rows, strangers = content.rows_of(system), content.strangers_of(system)
    return draw(system, content.business_date, rows, content.seed, content.clients, strangers)


def generate(content: Content, system: System) -> Delivery:
    """The system's delivery: equal content gives equal bytes."""
    groups = movements_of(content, system)
    count = min(1 + stable_number(system.id, content.business_date) % MOST_FILES, max(1, len(groups)))
    size = -(-len(groups) // count) or 1
    parts = [groups[at : at + size] for at in range(0, len(groups), size)] or [[]]
    files = []
    for number, part in enumerate(parts, start=1):
        name = f"{system.id}_{content.business_date:%Y%m%d}_{number}{extension(system)}"
        movements = tuple(movement for group in part for movement in group)
        files.append(File(name, movements, encode(system, movements)))
    hashes = _row_hashes(system, files) if ships_row_hashes(content, system) else None
    control = _control(system.id, content.business_date, files, hashes is not None)
    return Delivery(system.id, content.business_date, tuple(files), hashes, control)


def with_a_cent_more(content: Content, system: System, delivery: Delivery, row: int) -> Delivery:
    """The delivery with one movement changed by one cent after its control file was written.

    Args:
        content: of the day.
        system: that delivers.
        delivery: as generated.
        row: which movement, counted from 1 over all files in order.

    Raises:
        ValueError: there is no such row.
    """
    total = sum(len(file.movements) for file in delivery.files)
    if not 1 <= row <= total:
        raise ValueError(f"source {system.id} has rows 1 to {total} on {content.business_date}; there is no row {row}")
    files, left = list(delivery.files), row - 1
    for at, file in enumerate(files):
        if left < len(file.movements):
            changed = list(file.movements)
            changed[left] = replace(changed[left], cents=changed[left].cents + 1)
            files[at] = File(file.name, tuple(changed), encode(system, changed))
            break
        left -= len(file.movements)
    return replace(delivery, files=tuple(files))


def _row_hashes(system: System, files: list[File]) -> bytes:
    write = partial(json.dumps, separators=(",", ":"))
    lines = (
        write({"id_movimiento": movement.id_movimiento, "sha256": row_hash(system, movement)})
        for file in files
        for movement in file.movements
    )
    return "".join(line + "\n" for line in lines).encode()


def _control(source_id: str, business_date: date, files: list[File], row_hashes: bool) -> bytes:
    listed = [
        {
            "name": file.name,
            "rows": len(file.movements),
            "cents": sum(movement.cents for movement in file.movements),
            "sha256": hashlib.sha256(file.data).hexdigest(),
        }
        for file in files
    ]
    document = {
        "source": source_id,
        "business_date": business_date.isoformat(),
        "files": listed,
        "rows": sum(len(file.movements) for file in files),
        "cents": sum(movement.cents for file in files for movement in file.movements),
        "row_hashes": ROW_HASHES if row_hashes else None,
    }
    return json.dumps(document, indent=2, sort_keys=True).encode() + b"\n"
