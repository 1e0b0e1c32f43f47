"""Which uploads are let in when more come than the path takes: money first, and each region its fair share.

Time is cut into windows. Within one, every request takes the next number of its region and class (money, or not) by
one atomic increment, and is admitted when its number is within the share. The shares are max-min fair (water-filling)
over what was asked in the last window and in this one: who asks for less than an even part gets all of it, and what
they leave is divided among the others; so nothing is left idle while somebody waits, and a region of five phones waits
no longer because another one has five hundred.

A share is computed from what was asked so far, so the first window of a peak may let in up to twice its number: it is a
limit for the system's good, not a lock.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import ceil
from typing import Any, Protocol

MONEY, OTHERS = "money", "others"
_MAX_WAIT_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class Capacity:
    """What the path takes.

    Attributes:
        window_seconds: length of a window.
        uploads: per window, of all regions together.
        others_percent: of them for uploads without money, also while money waits.
    """

    window_seconds: int
    uploads: int
    others_percent: int


@dataclass(frozen=True, slots=True)
class Demand:
    """How many uploads were asked for in a window, by region, of each class."""

    money: Mapping[str, int] = field(default_factory=dict)
    others: Mapping[str, int] = field(default_factory=dict)

    def at_least(self, other: Demand) -> Demand:
        """The greater of both, region by region."""
        return Demand(_greater(self.money, other.money), _greater(self.others, other.others))


@dataclass(frozen=True, slots=True)
class Admitted:
    """Let in."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Come again after so many seconds."""

    seconds: int


class Counters(Protocol):
    """Counts per window."""

    def ask(self, window: int, region: str, kind: str) -> tuple[int, Demand]:
        """Counts one request: its number in its region and class, from 1, and all that was asked so far."""
        ...

    def demand(self, window: int) -> Demand:
        """What was asked in a window."""
        ...


class Gate:
    """Decides at the door.

    Args:
        capacity: what the path takes.
        counters: shared by all Lambdas.
    """

    def __init__(self, capacity: Capacity, counters: Counters) -> None:
        self._capacity, self._counters = capacity, counters
        self._last: tuple[int, Demand] = (-1, Demand())

    def admit(self, at: datetime, device: str, region: str, *, money: bool) -> Admitted | Wait:
        """One request of a phone.

        Args:
            at: the server's instant.
            device: spreads the waiting phones over the windows to come, the same way every time.
            region: of its branch.
            money: whether the upload holds payments or confirmations.
        """
        window = int(at.timestamp()) // self._capacity.window_seconds
        kind = MONEY if money else OTHERS
        number, asked = self._counters.ask(window, region, kind)
        expected = asked.at_least(self._before(window))
        shares = shares_of(self._capacity, expected)
        share = (shares.money if money else shares.others).get(region, 0)
        if number <= share:
            return Admitted()
        waiting = (expected.money if money else expected.others).get(region, number)
        return Wait(_wait(self._capacity, device, window, waiting, share, expected, money=money))

    def _before(self, window: int) -> Demand:
        """The last window's demand, read once a window by each Lambda."""
        if self._last[0] != window:
            self._last = (window, self._counters.demand(window - 1))
        return self._last[1]


def shares_of(capacity: Capacity, expected: Demand) -> Demand:
    """How many of each region and class a window takes: money first, a rest for the others, nothing left idle."""
    others = sum(expected.others.values())
    kept = min(others, capacity.uploads * capacity.others_percent // 100)
    money = fair(expected.money, capacity.uploads - kept)
    return Demand(money, fair(expected.others, capacity.uploads - sum(money.values())))


def fair(wanted: Mapping[str, int], available: int) -> dict[str, int]:
    """Max-min fair integer parts: nobody gets more than wanted, and nobody less while another has more than it."""
    shares: dict[str, int] = {}
    left = available
    for position, (region, amount) in enumerate(sorted(wanted.items(), key=lambda item: (item[1], item[0]))):
        even = left // (len(wanted) - position)  # what the smaller ones leave grows it
        shares[region] = min(amount, even)
        left -= shares[region]
    return shares


def drain_seconds(capacity: Capacity, uploads: Mapping[str, int]) -> int:
    """How long so many waiting uploads take, by region, if nothing else comes: window after window at full capacity."""
    return ceil(sum(uploads.values()) / capacity.uploads) * capacity.window_seconds


def _wait(
    capacity: Capacity, device: str, window: int, waiting: int, share: int, expected: Demand, *, money: bool
) -> int:
    """Seconds to a window in which this phone's turn is likely; others wait behind the money that is there."""
    windows = ceil(waiting / max(share, 1))
    if not money:
        windows += sum(expected.money.values()) // capacity.uploads
    chance = int.from_bytes(hashlib.sha256(f"{device}/{window}".encode()).digest()[:4])
    seconds = capacity.window_seconds * windows
    return min(capacity.window_seconds + chance % max(seconds, 1), _MAX_WAIT_SECONDS)


def _greater(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {region: max(one.get(region, 0), other.get(region, 0)) for region in {*one, *other}}


class MemoryCounters:
    """In memory, for simulations."""

    def __init__(self) -> None:
        self._windows: dict[int, dict[tuple[str, str], int]] = {}

    def ask(self, window: int, region: str, kind: str) -> tuple[int, Demand]:
        """Counts."""
        counts = self._windows.setdefault(window, {})
        counts[kind, region] = counts.get((kind, region), 0) + 1
        return counts[kind, region], self.demand(window)

    def demand(self, window: int) -> Demand:
        """By class."""
        counts = self._windows.get(window, {})
        return Demand(
            {region: count for (kind, region), count in counts.items() if kind == MONEY},
            {region: count for (kind, region), count in counts.items() if kind == OTHERS},
        )


class DynamoCounters:
    """One item per window in a table with the string key `pk` and the TTL attribute `expires_at`.

    Args:
        client: a boto3 `dynamodb` client.
        table: its name.
        seconds: length of a window, for the item's end.
    """

    def __init__(self, client: Any, table: str, seconds: int) -> None:
        self._client, self._table, self._seconds = client, table, seconds

    def ask(self, window: int, region: str, kind: str) -> tuple[int, Demand]:
        """One atomic increment."""
        item = self._client.update_item(
            TableName=self._table,
            Key={"pk": {"S": f"window/{window}"}},
            UpdateExpression="ADD #count :one SET expires_at = :end",
            ExpressionAttributeNames={"#count": f"{kind}/{region}"},
            ExpressionAttributeValues={":one": {"N": "1"}, ":end": {"N": str(window * self._seconds + 3600)}},
            ReturnValues="ALL_NEW",
        )["Attributes"]
        return int(item[f"{kind}/{region}"]["N"]), _demand(item)

    def demand(self, window: int) -> Demand:
        """One read."""
        return _demand(
            self._client.get_item(TableName=self._table, Key={"pk": {"S": f"window/{window}"}}).get("Item", {})
        )


def _demand(item: Mapping[str, Any]) -> Demand:
    counts: dict[str, dict[str, int]] = {MONEY: {}, OTHERS: {}}
    for name, value in item.items():
        kind, _, region = name.partition("/")
        if region and kind in counts:
            counts[kind][region] = int(value["N"])
    return Demand(counts[MONEY], counts[OTHERS])
