"""What happens in a night: who never arrives, who is late, whose file changes after its control file was written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from local.sources.catalog import System, find
from local.sources.day import Content
from local.sources.generate import ships_row_hashes
from local.sources.movements import stable_number

EARLIEST = 2 * 60 + 5
NARROWEST, WIDEST = 8, 35
"""Minutes between a delivery and its cut-off. A compressed night makes seconds of them: fewer would be a race."""
LATE_BY = 20


@dataclass(frozen=True)
class Tamper:
    """One cent more in a row (counted from 1 over the source's files) after the control file was written."""

    source_id: str
    row: int

    @classmethod
    def parse(cls, text: str) -> Tamper:
        """From `source=tarjetas row=17` (or with a comma).

        Raises:
            ValueError: it is something else.
        """
        found = re.fullmatch(r"source=([a-z][a-z0-9_]*)[ ,]+row=(\d+)", text.strip())
        if found is None:
            raise ValueError(f"{text!r} is not of the form `source=tarjetas row=17`")
        return cls(found[1], int(found[2]))


@dataclass(frozen=True)
class Scenario:
    """One night's misfortunes. Sources are named by id."""

    name: str
    withheld: frozenset[str] = frozenset()
    late: frozenset[str] = frozenset()
    tampers: tuple[Tamper, ...] = ()


NAMES = ("complete", "partial", "held", "late", "tampered", "offline-branches")


def scenario(name: str, content: Content, tampers: Sequence[Tamper] = (), withheld: Iterable[str] = ()) -> Scenario:
    """The scenario of that name for the configured systems, with `tampers` and `withheld` added.

    `tampered` changes one row of a source that ships row hashes and one of a source that does not, unless `tampers`
    says which.

    Raises:
        ValueError: the name is unknown.
        UnknownSource: `tampers` or `withheld` names no system.
    """
    known = content.configured
    extra = frozenset(withheld)
    for source_id in [*extra, *(tamper.source_id for tamper in tampers)]:
        find(known, source_id)
    if name in ("complete", "offline-branches"):  # branches that are off are a fault of the branches, not of a source
        return Scenario(name, extra, tampers=tuple(tampers))
    if name == "partial":
        absent = {_first(known, "important").id, _first(known, "minor").id}
        return Scenario(name, extra | absent, tampers=tuple(tampers))
    if name == "held":
        return Scenario(name, extra | {_first(known, "critical").id}, tampers=tuple(tampers))
    if name == "late":
        latest = max((one for one in known if one.criticality == "important"), key=lambda one: one.cutoff)
        return Scenario(name, extra, frozenset({latest.id}), tuple(tampers))
    if name == "tampered":
        return Scenario(name, extra, tampers=tuple(tampers) or _usual_tampers(content))
    raise ValueError(f"there is no scenario {name!r}; choose one of {', '.join(NAMES)}")


def delivery_clock(system: System, late: bool = False) -> str:
    """When the system delivers, `HH:MM` on the night's clock: some minutes before its cut-off, or after it if late."""
    hour, minute = map(int, system.cutoff.split(":"))
    cutoff = hour * 60 + minute
    margin = NARROWEST + stable_number(system.id, "clock") % (WIDEST - NARROWEST)
    if system.cutoff == "04:00":
        margin = NARROWEST + stable_number(system.id, "clock") % 3
    minutes = cutoff + LATE_BY if late else max(EARLIEST, cutoff - margin)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _first(known: Iterable[System], criticality: str) -> System:
    return next(one for one in known if one.criticality == criticality)


def _usual_tampers(content: Content) -> tuple[Tamper, ...]:
    important = [one for one in content.configured if one.criticality == "important"]
    chosen = [next(one for one in important if ships_row_hashes(content, one) is hashed) for hashed in (True, False)]
    return tuple(Tamper(one.id, 1 + content.rows_of(one) // 3) for one in chosen)
