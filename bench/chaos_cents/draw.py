"""What is planted where: a pure function of the seed and the case's number."""

from __future__ import annotations

import random
from dataclasses import dataclass

KINDS = ("cent", "swap", "missing", "doubled", "day", "system")
CLEAN, OWN = "clean", "own"
PLACES = {
    CLEAN: 8,
    OWN: 6,
    "source": 26,
    "control": 4,
    "reader": 7,
    "normalised": 9,
    "normalised_late": 5,
    "second": 6,
    "second_file": 5,
    "movimientos": 12,
    "movimientos_late": 6,
    "historicos": 9,
    "staged": 5,
    "published": 8,
}
"""Place of the defect -> how often of 116.

`own` is in the source before its control file, so it is the source's own truth: undetectable by definition.
`reader` and `second` are errors of the two engines themselves, whose manifests agree with the wrong file; `normalised`,
`second_file` and `staged` change a file after its manifest was written; `_late` comes after the load, or the decision.
"""
CASES_OF_A_NIGHT = 24
"""Cases that share a night's content, and the stages before their defect."""
GREAT_EXPECTATIONS_EVERY = 97


@dataclass(frozen=True, slots=True)
class Case:
    """One case. `dice` draws the rows."""

    seed: int
    index: int
    place: str
    kind: str

    @property
    def block(self) -> int:
        """The night whose content it has."""
        return self.index // CASES_OF_A_NIGHT

    @property
    def great_expectations(self) -> bool:
        """Whether Great Expectations itself judges it."""
        return self.index % GREAT_EXPECTATIONS_EVERY == 5

    def dice(self) -> random.Random:
        """The same throws each time."""
        return random.Random(f"rows/{self.seed}/{self.index}")

    def told(self) -> str:
        """In words."""
        return "a clean night" if self.place == CLEAN else f"{self.kind} in {self.place}"


def draw(seed: int, index: int) -> Case:
    """The case of that number."""
    rng = random.Random(f"case/{seed}/{index}")
    place = rng.choices(list(PLACES), list(PLACES.values()))[0]
    kinds = ("cent", "missing", "doubled") if place == "control" else KINDS
    return Case(seed, index, place, "" if place == CLEAN else rng.choice(kinds))
