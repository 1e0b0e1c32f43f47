"""The warehouse that a design is simulated for."""

from __future__ import annotations

from dataclasses import dataclass

BLOCK_BYTES = 130_994 * 8
"""Of a 1-MB block that hold values: a full block of eight-byte values has so many."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """What the warehouse can do; assumptions unless somebody measured them.

    Attributes:
        scan_mb_s: of encoded blocks, by one slice.
        move_mb_s: over the network, by one node.
        block_bytes: of values in a block; smaller ones give few rows as many blocks as a large table has.
    """

    slices: int = 16
    nodes: int = 4
    scan_mb_s: float = 100.0
    move_mb_s: float = 400.0
    block_bytes: int = BLOCK_BYTES
