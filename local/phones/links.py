"""Links as they are in the field, and one that needs no network."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass

from local.phones.transport import LinkLost, Reply, Transport
from podemos.mobile.answers import Request
from podemos.mobile.receive import Door


@dataclass(frozen=True, slots=True)
class Weather:
    """How often a request goes wrong.

    Attributes:
        lost: it never arrives.
        unheard: it arrives and its answer does not: the phone sends again what the server has.
        twice: the network (or an impatient app) delivers it two times.
    """

    lost: float = 0.05
    unheard: float = 0.05
    twice: float = 0.03


class Direct:
    """Straight to the door, for simulated time."""

    def __init__(self, door: Door) -> None:
        self._door = door

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """One request."""
        lowered = {name.lower(): value for name, value in headers.items()}
        answer = self._door.answer(Request(method, path, lowered, body))
        return Reply(answer.status, dict(answer.body), answer.headers)


class Faulty:
    """A link with weather.

    Args:
        link: a good one.
        weather: how bad it is.
        draw: of this phone.
    """

    def __init__(self, link: Transport, weather: Weather, draw: random.Random) -> None:
        self._link, self._weather, self._draw = link, weather, draw

    def send(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """One request, maybe lost, maybe twice."""
        chance = self._draw.random()
        if chance < self._weather.lost:
            raise LinkLost("lost on the way")
        reply = self._link.send(method, path, headers, body)
        if chance < self._weather.lost + self._weather.unheard:
            raise LinkLost("the answer was lost")
        if chance < self._weather.lost + self._weather.unheard + self._weather.twice:
            reply = self._link.send(method, path, headers, body)
        return reply
