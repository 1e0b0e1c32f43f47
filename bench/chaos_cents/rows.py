"""A defect applied to rows of any form: simulators' movements, canonical movements, records of parquet or CSV."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.report.content import LAKE


@dataclass(frozen=True, slots=True)
class Line:
    """A row as the judge knows it: system, id and cents; `row` is the form that it stands for."""

    system: str
    id: str
    cents: int
    row: Any = None


@dataclass(frozen=True, slots=True)
class Defect:
    """What is done to which rows.

    Attributes:
        kind: of `draw.KINDS`.
        rows: the row, or the two of a swap.
        more: cents added by kind `cent`.
        target: the system (or branch) that kind `system` moves the row to.
    """

    kind: str
    rows: tuple[Line, ...]
    more: int = 0
    target: Any = None


@dataclass
class Sides:
    """What the peers are given: id -> amounts in cents per system, before and after."""

    before: list[Line] = field(default_factory=list)
    after: list[Line] = field(default_factory=list)


def choose(kind: str, lines: Sequence[Line], dice: random.Random, targets: Sequence[Any]) -> Defect | None:
    """Draws the rows of a defect; None where there are none, as for a swap among equal amounts."""
    if not lines:
        return None
    first = dice.choice(lines)
    if kind == "swap":
        others = [line for line in lines if line.cents != first.cents and line.system == first.system]
        return Defect(kind, (first, dice.choice(others))) if others else None
    target = dice.choice([t for t in targets if t != first.system]) if kind == "system" else None
    more = dice.choice((1, -1)) if first.cents > 1 else 1
    return Defect(kind, (first,), more if kind == "cent" else 0, target)


Change = Callable[[Any], Any]


def apply(
    defect: Defect,
    rows: Sequence[Any],
    name: Callable[[Any], tuple[str, str]],
    amount: Callable[[Any, int], Any],
    move_day: Change,
    move_system: Callable[[Any, Any], Any],
) -> list[Any]:
    """The rows with the defect in them.

    Args:
        defect: what to do.
        rows: in order.
        name: system and id of a row.
        amount: the row with other cents.
        move_day: the row on the next day.
        move_system: the row in another system.
    """
    hit = {(line.system, line.id): line for line in defect.rows}
    found = []
    for row in rows:
        line = hit.get(name(row))
        if line is None:
            found.append(row)
        elif defect.kind == "cent":
            found.append(amount(row, line.cents + defect.more))
        elif defect.kind == "swap":
            other = next(one for one in defect.rows if one is not line)
            found.append(amount(row, other.cents))
        elif defect.kind == "doubled":
            found += [row, row]
        elif defect.kind == "day":
            found.append(move_day(row))
        elif defect.kind == "system":
            found.append(move_system(row, defect.target))
    return found


def sides(defect: Defect, lines: Sequence[Line]) -> Sides:
    """What a peer that compares amounts by system, day and id would be given."""
    gone = {"missing", "day", "system"}
    found = Sides(list(lines))
    for line in lines:
        hit = next((one for one in defect.rows if (one.system, one.id) == (line.system, line.id)), None)
        if hit is None or defect.kind == "doubled":
            found.after += [line] * (1 if hit is None else 2)
        elif defect.kind in ("cent", "swap"):
            other = next((one.cents for one in defect.rows if one is not hit), line.cents + defect.more)
            found.after.append(Line(line.system, line.id, other))
        elif defect.kind == "system" and isinstance(defect.target, str):
            found.after.append(Line(defect.target, line.id, line.cents))
        elif defect.kind not in gone:
            found.after.append(line)
    return found


def shown(line: Line) -> tuple[str, ...]:
    """Words that name the row in one line of evidence."""
    if line.system == LAKE:
        return ("pago " + line.id.partition("-")[2],)
    return (line.system, line.id)
