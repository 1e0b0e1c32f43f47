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
    newest: dict[tuple[str, str], tuple[int, int, str]] = {}
    for info in lake.list(keys.PULLS):
        table, branch, seq, number = keys.pull_of(info.key)
        newest[table, branch] = max(newest.get((table, branch), (0, 0, "")), (seq, number, info.key))
    for (table, branch), (_, _, key) in sorted(newest.items()):
        part = Part.from_dict(manifest.read(lake, key)[0])
        yield Rebuilt(part, state.restore(table, branch, part.seq, part.watermark))
