"""Sets of sequence numbers as ascending closed ranges, the form of acknowledgements, receipts and gap certificates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def ranges(numbers: Iterable[int]) -> list[list[int]]:
    """1, 2, 3, 7 → [[1, 3], [7, 7]]."""
    return merged([number, number] for number in set(numbers))


def merged(parts: Iterable[Sequence[int]]) -> list[list[int]]:
    """Ranges in any order, also overlapping → ascending, as few as possible."""
    found: list[list[int]] = []
    for first, last in sorted((part[0], part[1]) for part in parts):
        if found and first <= found[-1][1] + 1:
            found[-1][1] = max(found[-1][1], last)
        else:
            found.append([first, last])
    return found
