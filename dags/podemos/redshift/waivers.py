"""Waivers: an offence that somebody answers for until a day. An expired one is an offence of its own."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from podemos.contracts.governance import Waiver
from podemos.redshift.rules import Offence

ENDS_SOON = timedelta(days=14)


def apply(found: Iterable[Offence], waivers: Iterable[Waiver], seen: set[str], today: date) -> list[Offence]:
    """The offences that no waiver in force covers, and what is wrong with the waivers themselves.

    Args:
        found: every offence.
        waivers: all of them.
        seen: the tables that were judged; a waiver of another table is left alone.
        today: the day in Mexico City.
    """
    offences = list(found)
    left, told = offences, list[Offence]()
    for waiver in waivers:
        if waiver.table not in seen:
            continue
        covered = [o for o in offences if _covers(waiver, o)]
        if waiver.until < today:
            told.append(_about(waiver, "waiver_expired", f"its waiver ended on {waiver.until}"))
            continue
        left = [o for o in left if o not in covered]
        if not covered:
            told.append(_about(waiver, "waiver_unused", "a waiver for an offence that is not there"))
        elif waiver.until - today <= ENDS_SOON:
            told.append(_about(waiver, "waiver_ends", f"its waiver ends on {waiver.until}"))
    return [*left, *told]


def _covers(waiver: Waiver, offence: Offence) -> bool:
    return (waiver.rule, waiver.table) == (offence.rule, offence.table) and waiver.column in (None, offence.column)


def _about(waiver: Waiver, rule: str, what: str) -> Offence:
    add = {
        "waiver_expired": f"what the rule {waiver.rule} asks for, and delete the waiver",
        "waiver_ends": f"what the rule {waiver.rule} asks for, before that day",
    }.get(rule, "nothing: delete the waiver")
    return Offence(
        rule,  # type: ignore[arg-type]
        "critical" if rule == "waiver_expired" else "warning",
        "include/config/warehouse_tables.yaml",
        waiver.table,
        waiver.column or "",
        f"{what} ({waiver.rule}: {waiver.reason})",
        add,
        waiver.owner,
    )
