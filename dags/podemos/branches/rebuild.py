"""Recreates leases and watermarks from the manifests, which are the truth; the state is only their index."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from podemos.branches import keys
from podemos.branches.landing import Part
from podemos.branches.state import BranchState
from podemos.core import manifest
from podemos.core.store import ObjectStore


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What became of one branch-table; `restored` is False where the state was as new as the manifests."""

    part: Part
    restored: bool


def rebuild(lake: ObjectStore, state: BranchState) -> Iterator[Rebuilt]:
    """Puts back each branch-table that has a landed part, with the sequence and watermark of its newest one.

    One listing of all pull manifests (a thousand per request) and one read per branch-table. Pulls may run meanwhile:
    an item that is as new as its manifests stays as it is, so the state never goes back. Where a worker died between a
    manifest and its watermark, the rebuilt watermark is the manifest's.

    A sequence that was leased but landed nothing is given out again. Should its worker still live, one of the two is
    refused by the create-once chunk or manifest, and the next pull has a number of its own.
    """
    newest: dict[tuple[str, str], list[tuple[int, int, str]]] = {}
    for info in lake.list(keys.PULLS):
        table, branch, seq, number = keys.pull_of(info.key)
        parts = newest.setdefault((table, branch), [])
        parts[:] = [part for part in parts if part[0] >= seq]
        if not parts or parts[0][0] == seq:
            parts.append((seq, number, info.key))
    for (table, branch), parts in sorted(newest.items()):
        part = _last_page(lake, [key for _, _, key in sorted(parts)])
        yield Rebuilt(part, state.restore(table, branch, part.seq, part.watermark))


def _last_page(lake: ObjectStore, pull: list[str]) -> Part:
    """The last page by the watermark among the parts of one pull; the ranges it read after it move no watermark."""
    found = [Part.from_dict(manifest.read(lake, key)[0]) for key in pull[-1:]]
    while found[-1].range is not None:
        found.append(Part.from_dict(manifest.read(lake, pull[-len(found) - 1])[0]))
    return found[-1]
