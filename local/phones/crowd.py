"""A fleet that comes back from the field at once: real connections to a real door, everything captured before."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from local.phones.client import GaveUp
from local.phones.fleet import Fleet, Life
from local.phones.links import Faulty, Weather
from local.phones.phone import Phone
from local.phones.transport import Http
from local.phones.truth import Truth


@dataclass(slots=True)
class Reconnected:
    """What came of it.

    Attributes:
        truth: of the phones.
        seconds: until the last phone had nothing left.
        requests: of all phones.
        waited: how often the door said 429.
        gave_up: devices whose outbox is not empty.
    """

    truth: Truth = field(default_factory=Truth)
    seconds: float = 0.0
    requests: int = 0
    waited: int = 0
    gave_up: list[str] = field(default_factory=list)


def reconnect(
    fleet: Fleet, url: str, folder: Path, weather: Weather | None = None, threads: int = 64, patience: int = 200
) -> Reconnected:
    """All captures of all days, then everybody sends at once.

    New installations happen before the half of their captures is sent, thefts after the first batch.

    Args:
        fleet: the script; its periods without a link are over.
        url: of the door.
        folder: of the outboxes.
        weather: of the links.
        threads: phones that send at the same time.
        patience: how many requests in a row may fail before a phone gives up.
    """
    result = Reconnected()
    folder.mkdir(parents=True, exist_ok=True)

    def live(life: Life) -> tuple[Phone, Http]:
        link = Http(url)
        faulty = Faulty(link, weather or Weather(), random.Random(f"link/{fleet.seed}/{life.number}"))
        phone = Phone(
            life, fleet.seed, faulty, lambda: datetime.now(UTC), time.sleep, time.monotonic, result.truth, folder,
            patience,
        )  # fmt: skip
        half = len(life.captures) // 2
        for capture in life.captures[:half] if life.reinstalled_at else life.captures:
            phone.capture(capture)
        return phone, link

    with ThreadPoolExecutor(threads) as pool:
        phones = list(pool.map(live, fleet.phones))
        began = time.monotonic()
        list(pool.map(lambda pair: _send(*pair, result), phones))
        result.seconds = time.monotonic() - began
    for phone, _ in phones:
        result.requests += phone.client.synced.attempts
        result.waited += phone.client.synced.waited
    return result


def _send(phone: Phone, link: Http, result: Reconnected) -> None:
    life = phone.life
    try:
        if life.stolen_at or life.reinstalled_at:
            phone.client.step()
        if life.stolen_at:
            phone.wipe()
            return
        if life.reinstalled_at:
            phone.reinstall()
            for capture in life.captures[len(life.captures) // 2 :]:
                phone.capture(capture)
        phone.client.sync()
        phone.client.heartbeat()
    except GaveUp:
        result.gave_up.append(life.device)
    finally:
        link.close()
