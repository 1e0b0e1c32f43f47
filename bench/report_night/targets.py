"""What the night is to reach, and whether a verdict reaches it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

TARGETS: tuple[tuple[str, str, float, str], ...] = (
    ("movements", ">=", 10_000_000, "the size the targets are for"),
    ("seal_to_signature_s", "<=", 600, "from the seal to the signature"),
    ("peak_rss_mb", "<=", 512, "the largest task but the gate"),
    ("trace_s", "<=", 5, "a published cell or line to its source rows, start-up included"),
    ("vs_dvt", ">=", 10, "DVT's row validation to ours, Postgres to Postgres"),
    ("vs_reladiff", ">=", 1, "reladiff to ours, MariaDB to Postgres, nothing differs"),
    ("vs_reladiff_1000", ">=", 2, "the same with 1,000 differing rows"),
)


def lines(verdict: Mapping[str, Any]) -> Iterator[str]:
    """One line per target, met or missed; a number that was not measured is missed."""
    for name, sense, limit, words in TARGETS:
        value = verdict.get(name)
        met = value is not None and (value <= limit if sense == "<=" else value >= limit)
        yield f"{'met' if met else 'MISSED':7}{name:21}{value!s:>10}  {sense} {limit:<8g} {words}"
