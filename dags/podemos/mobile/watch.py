"""One look at the phones, every half hour: who is silent that should not be. One alert for each cause, once.

Heartbeats are all it needs: the table says when each phone was last heard. A phone that was reported stolen is watched
no longer. What is open is told at every look and remembered beside it (`core.alert`), so that a crash between knowing
and telling is made up by the next look.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from podemos.contracts.holidays import is_free
from podemos.core.alert import Alert, Level, Send, tell
from podemos.core.clock import Clock, iso
from podemos.core.store import ObjectStore
from podemos.core.zones import zone_table
from podemos.mobile import watch_state
from podemos.mobile.heartbeat import Heartbeat, Heartbeats
from podemos.mobile.rhythm import SLOTS
from podemos.mobile.silence import EPOCH, HALF_HOUR, Cause, Kind, Watch
from podemos.mobile.towns import town_table

FOLDER = "mobile/watch/"
BOARD = "index/mobile/silence.json"
"""What is silent now, for whoever asks; `mobile/watch/state.json.gz` decides."""
MOST_MADE_UP = 2 * SLOTS
"""After a longer pause of the watch itself it goes on from now."""
OWNER = "data-platform"
RUNBOOK = "docs/runbooks/mobile_watch.md"
NOTHING_BY_ITSELF = "nothing by itself; what the phones captured is in the report of the day on which it arrives."


def look(*, lake: ObjectStore, heartbeats: Heartbeats, clock: Clock, send: Send) -> str:
    """Judges the half hours since the last look, and tells of what is silent.

    Args:
        lake: keeps the state of the watch.
        heartbeats: when each phone was last heard.
        clock: the half hour that has ended before it is the last that is judged.
        send: sends an alert.

    Returns:
        The key of the board.
    """
    now = clock()
    watch = watch_state.load(lake, Watch(local, is_free))
    phones = {state.id_dispositivo: state for state in heartbeats}
    _enrol(watch, phones.values())
    last = half_of(now) - 1
    fresh = _step(watch, {name: half_of(state.received_at) for name, state in phones.items()}, last)
    watch_state.save(lake, watch)
    board = [_entry(cause, phones.get(cause.subject)) for cause in watch.causes.values()]
    lake.replace(
        BOARD,
        json.dumps(
            {
                "looked": iso(now),
                "phones": len(watch.devices),
                "days_learned": watch.days,
                "new": sorted(cause.name for cause in fresh),
                "silent": sorted(board, key=lambda entry: str(entry["cause"])),
            },
            indent=1,
            ensure_ascii=False,
        ).encode(),
    )
    for cause in watch.causes.values():
        _tell(cause, phones.get(cause.subject), lake=lake, send=send)
    return BOARD


def half_of(instant: datetime) -> int:
    """Half hours since 1970."""
    return (instant - EPOCH) // HALF_HOUR


def instant_of(half: int) -> datetime:
    """When a half hour begins."""
    return EPOCH + half * HALF_HOUR


def local(zone: str, half: int) -> tuple[int, int]:
    """Ordinal of the local date, and half hour of the local day."""
    at = zone_table().local(zone, instant_of(half))
    return at.toordinal(), (at.hour * 60 + at.minute) // 30


def _enrol(watch: Watch, phones: Collection[Heartbeat]) -> None:
    for name in watch.devices.keys() - {state.id_dispositivo for state in phones if not state.blocked}:
        watch.forget(name)
    for state in sorted(phones, key=lambda state: state.id_dispositivo):
        town = town_table().get(state.id_sucursal)
        if town is not None and not state.blocked:
            watch.enrol(state.id_dispositivo, town.name, town.zone)


def _step(watch: Watch, heard: dict[str, int], last: int) -> list[Cause]:
    """Each half hour once. A phone that was heard later than one counts as heard in it: it is not silent."""
    first = last if watch.half is None or last - watch.half > MOST_MADE_UP else watch.half + 1
    fresh: list[Cause] = []
    for half in range(first, last + 1):
        fresh += watch.step(half, {name for name, at in heard.items() if at >= half})
    if last > first:
        watch.blur()
    return fresh


def _entry(cause: Cause, state: Heartbeat | None) -> dict[str, Any]:
    return {
        "cause": cause.name,
        "kind": cause.kind.value,
        "subject": cause.subject,
        "since": iso(instant_of(cause.since)),
        "known": iso(instant_of(cause.told + 1)),
        "branch": state.id_sucursal if state else None,
        "windows": cause.windows / 100,
        "pending": state.pending if state else None,
    }


def _tell(cause: Cause, state: Heartbeat | None, *, lake: ObjectStore, send: Send) -> None:
    alert = alert_of(cause, state)
    told = f"{FOLDER}alerts/{alert.condition}.json"
    if alert.level is Level.CRITICAL and lake.head(told) is not None:
        return  # a critical alert would be repeated at every look
    tell(alert, FOLDER, lake=lake, send=send)


def alert_of(cause: Cause, state: Heartbeat | None = None) -> Alert:
    """What a person is told of a cause; the times are Mexico City's."""
    since = f"{zone_table().local('America/Mexico_City', instant_of(cause.since)):%Y-%m-%d %H:%M}"
    level, section = Level.WARNING, "a-phone-is-silent"
    if cause.kind is Kind.DEVICE:
        place = f" of sucursal {state.id_sucursal:03d}" if state else ""
        subject = f"Phone {cause.subject}{place} is silent since {since}"
        lines = [
            f"Not heard for {cause.windows / 100:.2f} of its own working windows; its town is heard.",
            f"It had {state.pending} events that nobody has acknowledged." if state else "",
            f"Call the officer. If it was stolen or lost: python -m podemos.mobile silence --stolen {cause.subject}",
        ]
    elif cause.kind is Kind.REGION:
        subject, section = f"The phones of {cause.subject} are silent since {since}", "a-town-is-silent"
        lines = ["Hardly any of them is heard, and far fewer than by chance: towers, power or the network of the town.",
                 "No single phone there is told of until it is over."]  # fmt: skip
    else:
        subject, section = f"No phone is heard since {since}", "no-phone-is-heard"
        level = Level.CRITICAL
        lines = ["All towns at once: rather our own door (API Gateway, the function `ingest`, its table) than them."]
    return Alert(
        condition=cause.name,
        subject=subject,
        text="\n".join(line for line in lines if line),
        level=level,
        owner=OWNER,
        meaning=NOTHING_BY_ITSELF,
        runbook=f"{RUNBOOK}#{section}",
        facts={"kind": cause.kind.value},
    )


def silent_devices(lake: ObjectStore) -> Iterable[dict[str, Any]]:
    """The board's lines, or none when nobody has looked yet."""
    if lake.head(BOARD) is None:
        return []
    found: list[dict[str, Any]] = json.loads(lake.get(BOARD))["silent"]
    return found
