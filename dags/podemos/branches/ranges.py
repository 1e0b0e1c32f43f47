"""Complete ranges among what was landed: each says what a snapshot had in a branch and day, and so what it had not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from podemos.branches import keys
from podemos.branches.landing import Part
from podemos.core import manifest
from podemos.core.store import ObjectStore


@dataclass(frozen=True, slots=True)
class Whole:
    """All parts of a complete range."""

    parts: tuple[Part, ...]

    def to_dict(self) -> dict[str, Any]:
        """What the plan of a curation says of it."""
        last = self.parts[-1]
        chunks = [part.chunk.key for part in self.parts if part.chunk]
        day = last.range.day if last.range else ""
        return {"branch": last.branch, "day": day, "seq": last.seq, "chunks": chunks}


def whole(lake: ObjectStore, parts: Iterable[Part]) -> list[Whole]:
    """The ranges whose last part is among `parts`.

    The first pages may have been gathered by a revision before, when the range was not at its end. They belong to the
    statement: a row that has not changed since keeps its older sequence and would look absent without them.
    """
    known = {part.key: part for part in parts}
    found = []
    for part in known.values():
        if part.range is None or not part.range.complete:
            continue
        first = part.part - part.range.page + 1
        members = [keys.pull(part.table, part.branch, part.day, part.seq, at) for at in range(first, part.part + 1)]
        found.append(Whole(tuple(known.get(key) or Part.from_dict(manifest.read(lake, key)[0]) for key in members)))
    return found
