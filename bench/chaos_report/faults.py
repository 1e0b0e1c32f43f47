"""What goes wrong in a night, drawn from the seed and the night's number. Minutes count from 02:00; 240 is 06:00."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from podemos.contracts.sources import Sources

OK, NEVER, EDITED, MISCOUNTED, BROKEN, CHANGING = "ok", "never", "edited", "miscounted", "broken", "changing"
LAST_OUTAGE = 200
"""An outage ends by 05:20: a store that is down at 06:00 lets nobody publish."""

LAST_WRITES = (75, 200)
"""A night that is held writes some 70 objects, one that is published some 200."""


@dataclass(slots=True)
class Arrival:
    """A source's delivery: its control file's minute and flaw; `changes` is when a file of it is replaced."""

    minute: int
    flaw: str = OK
    changes: int = 0


@dataclass
class Faults:
    """One night's faults.

    Attributes:
        arrivals: by source.
        warehouse: minutes between which the warehouse does not answer.
        store: minutes between which S3 does not answer.
        airflow_dies: the minute from which no task of Airflow runs any more; 240 is never.
        kills: numbers of writes at which a task is killed, each before (False) or after it took effect.
        pace: minutes that a task takes, in the order they run.
    """

    seed: int
    index: int
    arrivals: dict[str, Arrival] = field(default_factory=dict)
    warehouse: tuple[int, int] = (0, 0)
    store: tuple[int, int] = (0, 0)
    airflow_dies: int = 240
    kills: dict[int, bool] = field(default_factory=dict)
    pace: list[int] = field(default_factory=list)

    @property
    def none(self) -> bool:
        """Whether nothing is wrong in this night, apart from kills, which nobody should notice."""
        good = all(a.flaw in (OK, CHANGING) for a in self.arrivals.values())
        return good and not self.late and self.warehouse == self.store == (0, 0) and self.airflow_dies == 240

    late: bool = False

    def told(self) -> list[str]:
        """In words."""
        flawed = [f"{s} {a.flaw} at {clock(a.minute)}" for s, a in self.arrivals.items() if a.flaw != OK]
        windows = [
            f"{name} down {clock(a)}-{clock(b)}"
            for name, (a, b) in (("warehouse", self.warehouse), ("S3", self.store))
            if b > a
        ]
        dead = [f"Airflow dies {clock(self.airflow_dies)}"] if self.airflow_dies < 240 else []
        return [*flawed, *windows, *dead, f"kills {self.kills}"]


def draw(seed: int, index: int, sources: Sources) -> Faults:
    """The night of that number."""
    rng = random.Random(f"night/{seed}/{index}")
    night = Faults(seed, index, pace=[rng.choice((1, 1, 2, 3)) for _ in range(80)])
    quiet = rng.random() < 0.25
    careless = 0.0 if quiet else rng.choice((0.0, 0.03, 0.1, 0.4))
    for source in sources.sources:
        cutoff = minute_of(source.cutoff)
        arrival = Arrival(rng.randrange(0, cutoff))
        if rng.random() < careless * (0.5 if source.criticality == "critical" else 1):
            arrival.flaw = rng.choice((OK, OK, NEVER, NEVER, NEVER, EDITED, MISCOUNTED, BROKEN, CHANGING))
            if source.format == "lake" and arrival.flaw == MISCOUNTED:
                arrival.flaw = NEVER
            if arrival.flaw == OK:
                arrival.minute, night.late = cutoff + rng.randrange(1, 150), True
            arrival.changes = rng.randrange(arrival.minute, 280)
        night.arrivals[source.id] = arrival
    if not quiet and rng.random() < 0.3:
        start = rng.randrange(60, 240)
        night.warehouse = (start, start + rng.choice((3, 10, 40, 240)))
    if not quiet and rng.random() < 0.25:
        start = rng.randrange(0, LAST_OUTAGE - 5)
        night.store = (start, min(LAST_OUTAGE, start + rng.choice((2, 5, 20, 60))))
    if not quiet and rng.random() < 0.12:
        night.airflow_dies = rng.randrange(0, 239)
    night.kills = {
        rng.randrange(1, rng.choice(LAST_WRITES)): rng.random() < 0.5 for _ in range(rng.choice((0, 0, 1, 2, 3)))
    }
    for arrival in night.arrivals.values():  # nobody delivers into a store that is down
        if night.store[0] <= arrival.minute < night.store[1]:
            arrival.minute = night.store[1] + 2  # after the last retry of a sensor at its cut-off
        arrival.changes = max(arrival.changes, arrival.minute)
    return night


def minute_of(text: str) -> int:
    """`HH:MM` of the night as a minute."""
    hour, minute = map(int, text.split(":"))
    return (hour - 2) * 60 + minute


def clock(minute: float) -> str:
    """A minute as the clock shows it."""
    return f"{int(minute) // 60 + 2:02d}:{int(minute) % 60:02d}"
