"""What a certification leaves to the next pull: days to read again, and which old days were compared when.

A debt is a branch-day whose source and winners differed. It stands until a snapshot that was asked about the day shows
what the lake has: a pull that was cut, or a run that died before it certified, drops none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from podemos.branches import keys, look_back, revisions
from podemos.branches.look_back import LookBack
from podemos.branches.rotation import Verified, is_day
from podemos.branches.terms import Terms
from podemos.core import manifest
from podemos.core.store import ObjectStore
from podemos.core.table import Table

Debts = Mapping[tuple[str, str], tuple[str, ...]]
"""Days by (table, branch), the newest first."""
_BACK = 50
"""So many revisions without a certification are looked behind: two days of runs that died."""


@dataclass(frozen=True, slots=True)
class Left:
    """What the newest certification leaves: `days` to be read again, and by (table, branch) what is verified.

    Also by (table, branch), how far a pull reaches back.
    """

    days: Debts = field(default_factory=dict)
    verified: Mapping[tuple[str, str], Verified] = field(default_factory=dict)
    look_back: Mapping[tuple[str, str], LookBack] = field(default_factory=dict)


def found(
    table: Table, terms: Mapping[tuple[str, str], Terms], before: Collection[Mapping[str, str]] = ()
) -> list[dict[str, str]]:
    """The branch-days that the next pull has to read whole.

    Args:
        table: the contract.
        terms: by (day, branch).
        before: the debts of the certification before; those that nobody was asked about since stand.
    """
    wrong = {(day, branch) for (day, branch), term in terms.items() if not term.landed}
    wrong |= {
        (debt["day"], debt["branch"])
        for debt in before
        if debt["table"] == table.name
        and ((term := terms.get((debt["day"], debt["branch"]))) is None or term.source is None)
    }
    return [
        {"table": table.name, "branch": branch, "day": day}
        for day, branch in sorted(wrong)
        if (day == keys.UNDATED if not table.partitioned else is_day(day))
    ]


def healed(by_table: Mapping[str, Mapping[str, Mapping[str, Mapping[str, Any]]]]) -> list[dict[str, Any]]:
    """What a revision's complete ranges put right, one entry per table, branch and day.

    Args:
        by_table: table -> day -> branch -> ``edited``, ``late`` or ``deleted`` -> rows, and their keys.
    """
    return [
        {"table": table, "branch": branch, "day": day} | dict(counts)
        for table, days in sorted(by_table.items())
        for day, branches in sorted(days.items())
        for branch, counts in sorted(branches.items())
    ]


def newest(lake: ObjectStore, number: int) -> dict[str, Any]:
    """The newest certification of a revision, or of the last one before it that has any; empty when there is none."""
    for at in range(number, max(0, number - _BACK), -1):
        documents = [manifest.read(lake, info.key)[0] for info in lake.list(keys.certifications(at))]
        if documents:
            return max(documents, key=lambda document: str(document["certified"]))
    return {}


def left(lake: ObjectStore) -> Left:
    """What the newest certification leaves to the next pull."""
    revision = revisions.latest(lake)
    return of_certification(newest(lake, revision.number)) if revision else Left()


def of_certification(document: Mapping[str, Any]) -> Left:
    """The same, from a certification, or from what of it is left to a branch in push mode."""
    backs = look_back.of_certification(document.get("look_back", {}))
    return Left(owed(document.get("debts", ())), verified(document.get("verified", {})), backs)


def owed(debts: Collection[Mapping[str, str]]) -> Debts:
    """Debts as days by (table, branch)."""
    days: dict[tuple[str, str], list[str]] = {}
    for debt in debts:
        days.setdefault((debt["table"], debt["branch"]), []).append(debt["day"])
    return {where: tuple(sorted(wanted, reverse=True)) for where, wanted in days.items()}


def verified(tables: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> dict[tuple[str, str], Verified]:
    """A certification's `verified` by (table, branch)."""
    return {
        (table, branch): Verified.from_dict(entry)
        for table, branches in tables.items()
        for branch, entry in branches.items()
    }
