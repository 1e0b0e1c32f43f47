"""What each phone still owes: its numbers have no holes, so a hole is an event that was captured and is not here.

A certificate says which numbers, on which days they were probably captured, and what can still be done:

- `owed`: the phone has them, or they are lost; it sends them at its next contact.
- `on_its_way`: an upload that is not compacted yet spans them.
- `lost_with_install`: the app was installed anew since, and its outbox is gone: only the officer's papers have them.
- `blocked`: the phone was reported stolen or lost, and its uploads are refused.

It is created once for each content; an unchanged phone has no new one. The board names the newest of each.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from podemos.core import manifest
from podemos.core.alert import Alert, Level, Send, tell
from podemos.core.clock import Clock, from_iso, iso
from podemos.core.errors import NotFound
from podemos.core.store import ObjectStore
from podemos.core.zones import BUSINESS_ZONE, zone_table
from podemos.mobile import keys, revisions, sightings
from podemos.mobile.heartbeat import Heartbeat, Heartbeats
from podemos.mobile.runs import Hole, by_day, holes
from podemos.mobile.sightings import Sightings
from podemos.mobile.towns import town_table
from podemos.mobile.watch import FOLDER, NOTHING_BY_ITSELF, OWNER, RUNBOOK

BOARD = "index/mobile/gaps.json"
OVERDUE = timedelta(hours=24)
"""Later events of the phone came long ago, and these did not."""


class Debt(StrEnum):
    """What can still be done about a missing event."""

    OWED = "owed"
    ON_ITS_WAY = "on_its_way"
    LOST_WITH_INSTALL = "lost_with_install"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Missing:
    """Some numbers in a row that share their fate."""

    hole: Hole
    debt: Debt


def certify(*, lake: ObjectStore, heartbeats: Heartbeats, clock: Clock, send: Send) -> str:
    """Certifies every phone whose debt changed, and tells of what should have come long ago.

    Args:
        lake: compacted tables and inbox; keeps certificates and board.
        heartbeats: up to which number each phone has captured.
        clock: the present instant.
        send: sends an alert.

    Returns:
        The key of the board.
    """
    now, revision = clock(), revisions.latest(lake)
    state = sightings.load(lake)
    # What was sent before this listing is compacted in this revision, or named by the listing.
    moving = sightings.on_their_way(lake, revision, clock)
    sightings.advance(state, revision, lake)
    known = _board(lake)
    phones = {beat.id_dispositivo: beat for beat in heartbeats}
    board = {}
    for device in sorted(phones.keys() | state.seen.keys()):
        beat, before = phones.get(device), known.get(device, {})
        certificate = _certificate(device, beat, state, moving.get(device, []), before, now)
        board[device] = _commit(lake, certificate, before, now, state.revision)
    sightings.save(lake, state)
    lake.replace(BOARD, json.dumps({"certified": iso(now), "devices": board}, indent=1).encode())
    for device, entry in board.items():
        if entry["overdue"]:
            tell(_alert(device, entry), FOLDER, lake=lake, send=send)
    return BOARD


def missing(
    found: Sightings, device: str, head: int, moving: list[tuple[int, int]], lost_up_to: int, *, blocked: bool
) -> Iterator[Missing]:
    """The numbers that have not arrived, each with what can be done.

    Args:
        found: what has arrived.
        device: whose.
        head: the greatest number that the phone has captured, as far as is known.
        moving: ranges on their way.
        lost_up_to: numbers up to this one were captured by an earlier installation.
        blocked: uploads of the phone are refused.
    """
    for hole in holes(found.arrived(device), head):
        for piece, moves in _cut(hole, moving):
            if moves:
                yield Missing(piece, Debt.ON_ITS_WAY)
                continue
            lost = min(piece.last, lost_up_to)
            if lost >= piece.first:
                yield Missing(Hole(piece.first, lost, piece.before, piece.after), Debt.LOST_WITH_INSTALL)
            if lost < piece.last:
                rest = Hole(max(piece.first, lost + 1), piece.last, piece.before, piece.after)
                yield Missing(rest, Debt.BLOCKED if blocked else Debt.OWED)


def board_of(lake: ObjectStore) -> Mapping[str, dict[str, Any]]:
    """The newest certificate of each phone, in short; empty when nobody has certified yet."""
    return _board(lake)


def _certificate(
    device: str,
    beat: Heartbeat | None,
    found: Sightings,
    moving: list[tuple[int, int]],
    before: Mapping[str, Any],
    now: datetime,
) -> dict[str, Any]:
    runs = found.seen.get(device, ())
    head = max(beat.head if beat else 0, beat.seen if beat else 0, runs[-1].last if runs else 0, before.get("head", 0))
    installs = _installs(beat, before, head)
    zone = town_table()[beat.id_sucursal].zone if beat and beat.id_sucursal in town_table() else BUSINESS_ZONE
    until = beat.received_at if beat else now
    lost_up_to = installs[-2]["head"] if len(installs) > 1 else 0
    lines = [
        {
            "first": each.hole.first,
            "last": each.hole.last,
            "count": each.hole.count,
            "debt": each.debt.value,
            "days": _days(each.hole, until, zone),
            "followed": each.hole.after is not None,
        }
        for each in missing(found, device, head, moving, lost_up_to, blocked=bool(beat and beat.blocked))
    ]
    return {
        "kind": "mobile.gaps",
        "device": device,
        "branch": beat.id_sucursal if beat else None,
        "installs": installs,
        "head": head,
        "seen": sum(run.last - run.first + 1 for run in runs),
        "quarantined": sum(run.last - run.first + 1 for run in found.refused.get(device, ())),
        "missing": lines,
    }


def _days(hole: Hole, until: datetime, zone: str) -> dict[str, int]:
    return {day.isoformat(): n for day, n in by_day(hole, until=until, zone=zone, zones=zone_table()).items()}


def _installs(beat: Heartbeat | None, before: Mapping[str, Any], head: int) -> list[dict[str, Any]]:
    """The installations of the app, the newest last, each with the greatest number known while it was in use."""
    known = [dict(one) for one in before.get("installs", [])]
    install = beat.install if beat else ""
    if not known or (install and known[-1]["install"] != install):
        return [*known, {"install": install, "head": head}]
    known[-1]["head"] = head
    return known


def _commit(
    lake: ObjectStore, certificate: dict[str, Any], before: Mapping[str, Any], now: datetime, revision: str
) -> dict[str, Any]:
    """Creates the certificate if it says something new; its line of the board."""
    digest = manifest.sha256(manifest.canonical(certificate))[:24]
    key = f"{keys.GAPS}{certificate['device']}/{digest}.json"
    if before.get("certificate") != key:
        manifest.commit_first(lake, key, certificate | {"certified": iso(now), "revision": revision})
    counts = {debt.value: 0 for debt in Debt}
    for line in certificate["missing"]:
        counts[line["debt"]] += line["count"]
    late = next((line for line in certificate["missing"] if line["debt"] == Debt.OWED and line["followed"]), None)
    first = late["first"] if late else None
    since = before["since"] if first is not None and before.get("first") == first else iso(now)
    return {
        "certificate": key,
        "branch": certificate["branch"],
        "head": certificate["head"],
        "installs": certificate["installs"],
        "missing": counts,
        "first": first,
        "since": since,
        "overdue": first is not None and now - from_iso(since) >= OVERDUE,
        "lines": [sentence(certificate["device"], line) for line in certificate["missing"]],
    }


def sentence(device: str, line: Mapping[str, Any]) -> str:
    """One line for a person: ``phone 311 owes 4 events of 2026-11-12 (numbers 97 to 100)``."""
    verb = {
        Debt.OWED: "owes",
        Debt.ON_ITS_WAY: "has on their way",
        Debt.LOST_WITH_INSTALL: "lost with an earlier installation",
        Debt.BLOCKED: "is blocked and had",
    }[Debt(line["debt"])]
    days = ", ".join(f"{n} of {day}" for day, n in sorted(line["days"].items()))
    of = f"{line['count']} events of {next(iter(line['days']))}" if len(line["days"]) == 1 else f"events: {days}"
    return f"phone {device} {verb} {of} (numbers {line['first']} to {line['last']})"


def _cut(hole: Hole, moving: list[tuple[int, int]]) -> Iterator[tuple[Hole, bool]]:
    """The hole in pieces: within a range on its way, or not."""
    at = hole.first
    for first, last in sorted(moving):
        if last < at or first > hole.last:
            continue
        if first > at:
            yield Hole(at, first - 1, hole.before, hole.after), False
        yield Hole(max(at, first), min(last, hole.last), hole.before, hole.after), True
        at = min(last, hole.last) + 1
    if at <= hole.last:
        yield Hole(at, hole.last, hole.before, hole.after), False


def _board(lake: ObjectStore) -> Mapping[str, dict[str, Any]]:
    try:
        found: Mapping[str, dict[str, Any]] = json.loads(lake.get(BOARD))["devices"]
    except NotFound:
        return {}
    return found


def _alert(device: str, entry: Mapping[str, Any]) -> Alert:
    owed = entry["missing"][Debt.OWED]
    return Alert(
        condition=f"gap-{device}-{entry['first']}",
        subject=f"Phone {device} owes {owed} events although later ones came",
        text="\n".join([*entry["lines"][:20], "", f"certificate: {entry['certificate']}"]),
        level=Level.WARNING,
        owner=OWNER,
        meaning=NOTHING_BY_ITSELF,
        runbook=f"{RUNBOOK}#a-phone-owes-events",
        facts={"kind": "gap"},
    )
