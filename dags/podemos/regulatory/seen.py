"""Which pairs of numbers came before: exactly, in eight bytes each, for millions of them.

A Python set of pairs takes 150 bytes for each. Here a pair is one 64-bit key; the keys lie in sorted runs, each at
least twice as long as the next, so that a batch is looked up in few of them and each key is moved a few times in all.
"""

from __future__ import annotations

from typing import Any

_SECOND_BITS = 48
_FIRST_MAX = 2**15


class SeenPairs:
    """The pairs so far. Pairs that are no 15 and 48 bits wide, which none should be, are kept in a set."""

    def __init__(self) -> None:
        self._runs: list[Any] = []
        self._odd: set[tuple[int, int]] = set()

    def repeated(self, first: Any, second: Any) -> Any:
        """Which pairs of a batch came before, in this batch or an earlier one; then they all have.

        Args:
            first: NumPy array of int64.
            second: another, of the same length.

        Returns:
            A boolean array.
        """
        import numpy as np

        packed = (first >= 0) & (first < _FIRST_MAX) & (second >= 0) & (second < 1 << _SECOND_BITS)
        found = np.zeros(len(first), dtype=bool)
        found[packed] = self._keys((first[packed].astype(np.int64) << _SECOND_BITS) | second[packed].astype(np.int64))
        for at in np.flatnonzero(~packed):
            pair = (int(first[at]), int(second[at]))
            found[at] = pair in self._odd
            self._odd.add(pair)
        return found

    def _keys(self, keys: Any) -> Any:
        import numpy as np

        unique, at = np.unique(keys, return_index=True)
        known = np.zeros(len(unique), dtype=bool)
        for run in self._runs:
            place = np.searchsorted(run, unique)
            place[place == len(run)] = 0
            known |= run[place] == unique
        repeated = np.ones(len(keys), dtype=bool)
        repeated[at[~known]] = False
        self._add(unique[~known])
        return repeated

    def _add(self, run: Any) -> None:
        import numpy as np

        while self._runs and len(self._runs[-1]) < 2 * len(run):
            run = np.sort(np.concatenate((self._runs.pop(), run)), kind="stable")
        if len(run):
            self._runs.append(run)
