"""What a branch's server has otherwise than the lake, by the last certification: the next pull reads it again, whole.

A debt is derived, never kept: a certification lists the branch-days whose source and winners differ, a pull looks at
the newest one of the revision in force. If that is missing (its run died), the next run's certification finds the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from podemos.branches import keys, revisions
from podemos.branches.terms import Terms
from podemos.core import manifest
from podemos.core.store import ObjectStore
from podemos.core.table import Table

Debts = Mapping[tuple[str, str], tuple[str, ...]]
"""Days by (table, branch), the newest first."""


def found(table: Table, terms: Mapping[tuple[str, str], Terms]) -> list[dict[str, str]]:
    """The branch-days that the next pull has to read whole.

    Args:
        table: the contract.
        terms: by (day, branch).
    """
    return [
        {"table": table.name, "branch": branch, "day": day}
        for (day, branch), term in sorted(terms.items())
        if not term.landed and (day == keys.UNDATED if not table.partitioned else _is_day(day))
    ]


def healed(by_table: Mapping[str, Mapping[str, Mapping[str, Mapping[str, int]]]]) -> list[dict[str, Any]]:
    """What a revision's complete ranges put right, one entry per table, branch and day.

    Args:
        by_table: table -> day -> branch -> ``edited``, ``late`` or ``deleted`` -> rows.
    """
    return [
        {"table": table, "branch": branch, "day": day} | dict(counts)
        for table, days in sorted(by_table.items())
        for day, branches in sorted(days.items())
        for branch, counts in sorted(branches.items())
    ]


def owed(lake: ObjectStore) -> Debts:
    """Debts by the newest certification of the revision in force."""
    revision = revisions.latest(lake)
    if revision is None:
        return {}
    listed = lake.list(keys.certifications(revision.number))
    documents: list[dict[str, Any]] = [manifest.read(lake, info.key)[0] for info in listed]
    if not documents:
        return {}
    newest = max(documents, key=lambda document: str(document["certified"]))
    days: dict[tuple[str, str], list[str]] = {}
    for debt in newest.get("debts", ()):
        days.setdefault((debt["table"], debt["branch"]), []).append(debt["day"])
    return {where: tuple(sorted(wanted, reverse=True)) for where, wanted in days.items()}


def _is_day(text: str) -> bool:
    """A range needs a day that exists; the others (`nulo`, a zero date) stay differences with a message."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
