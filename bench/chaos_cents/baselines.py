"""What two usual rules would have seen of the same defect.

`dvt_float32`: google-pso-data-validator's rule for `--comparison-fields`: rows joined by key, amounts as float32 of
four places, a key on one side only fails. Version 8.10.1 passed 2372747.27 for 2372747.28, Postgres to Postgres.
`double_sum`: the amounts of each system added up in double precision, equal if they round to the same cent.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np

from bench.chaos_cents.rows import Line, Sides


def dvt_float32_misses(sides: Sides) -> bool:
    """Whether the rule finds both sides equal."""
    before, after = _by_key(sides.before), _by_key(sides.after)
    if before.keys() != after.keys():
        return False
    return all(_float32(a) == _float32(b) for key in before for a in before[key] for b in after[key])


def double_sum_misses(sides: Sides) -> bool:
    """Whether all sums agree."""
    before, after = _sums(sides.before), _sums(sides.after)
    return all(round(before[system], 2) == round(after[system], 2) for system in before.keys() | after.keys())


def _float32(cents: int) -> float:
    return round(float(np.float32(cents / 100)), 4)


def _by_key(lines: Iterable[Line]) -> dict[tuple[str, str], list[int]]:
    found: dict[tuple[str, str], list[int]] = {}
    for line in lines:
        found.setdefault((line.system, line.id), []).append(line.cents)
    return found


def _sums(lines: Iterable[Line]) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for line in lines:
        found[line.system] += line.cents / 100
    return found
