"""Which devices and regions are silent that should not be: one cause at a time, from heartbeats alone.

The watch is a state that is stepped from one half hour to the next with the devices that were heard in it. Decisions
follow from the heartbeats, never from when somebody looked: a look that was missed is made up by stepping twice.

A device is missing when its silence, in its own working windows (`rhythm`), is as long as its rule says (`budget`).
While its region is out (`outages`), its silence stands still.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from podemos.core.alert import plain_subject
from podemos.core.zones import BUSINESS_ZONE
from podemos.mobile import outages
from podemos.mobile.budget import RULES, WORTH_KEEPING, Past, Rule, Silence, allocate
from podemos.mobile.outages import Outage
from podemos.mobile.rhythm import KEPT_DAYS, SLOTS, Day, Prior, Rhythm

HALF_HOUR = timedelta(minutes=30)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FLEET = "*"
"""The region of everybody: when it is out, it is us who hear nothing."""
LEARNING_DAYS = 14
"""Of a fleet: nothing is told before."""
NEW_DAYS, NEW_RULE = 10, Rule(1.9, 1.9)
"""A device with fewer days of its own is told of after so many windows, as the fleet has them."""
NOT_BEGUN = 0.05
"""Of a window that has passed: who was heard by then can miss the whole of it."""
LIVE = 7 * SLOTS
"""A device that was not heard for so long says nothing about its region."""
NOTHING = Day([0.0] * SLOTS, [0.0] * SLOTS)

Local = Callable[[str, int], tuple[int, int]]
"""(zone, half hour since 1970) -> ordinal of the local date, half hour of the local day."""


class Kind(StrEnum):
    """What may be silent."""

    DEVICE = "device"
    REGION = "region"
    FLEET = "fleet"


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason to tell somebody.

    Attributes:
        subject: the device or the region.
        since: the half hour since which it is silent; with kind and subject it names the cause.
        told: the half hour after which it was known.
        windows: silence of a device in working windows, in hundredths.
    """

    kind: Kind
    subject: str
    since: int
    told: int
    windows: int = 0

    @property
    def name(self) -> str:
        """Names it for good, also as a part of a key."""
        subject = "all" if self.kind is Kind.FLEET else "-".join(plain_subject(self.subject).split())
        return f"{self.kind.value}-{subject}-{self.since}"


@dataclass(slots=True)
class Listening:
    """What is known of one device.

    Attributes:
        day: ordinal of its local date; `slot`: its half hour; `mask`: those of today in which it was heard.
        learns: whether today is like other days.
        last: the half hour in which it was last heard.
        silence: since then, in working windows.
        partial: of that, what lay in the window in which the silence began; None while that day lasts.
        silences: earlier ones that ended by themselves, with the day on which they did.
    """

    device: str
    region: str
    zone: str
    rhythm: Rhythm = field(default_factory=Rhythm)
    day: int = 0
    mask: int = 0
    learns: bool = False
    last: int = -1
    silence: float = 0.0
    partial: float | None = None
    silences: list[tuple[int, Silence]] = field(default_factory=list)
    rule: Rule = NEW_RULE
    missing: Cause | None = None
    slot: int = 0
    today: Day = NOTHING
    yesterday: Day = NOTHING


@dataclass(slots=True)
class Watch:
    """The state of the watch.

    Attributes:
        local: the local time of a zone.
        is_free: days on which nobody works.
        half: the last half hour that was stepped, or None.
        days: how many days were learned.
        today: ordinal of the business day.
        out: outages that are not over, by region.
        causes: what is wrong now, by name.
    """

    local: Local
    is_free: Callable[[date], bool]
    devices: dict[str, Listening] = field(default_factory=dict)
    fleet: Rhythm = field(default_factory=Rhythm)
    half: int | None = None
    days: int = 0
    out: dict[str, Outage] = field(default_factory=dict)
    causes: dict[str, Cause] = field(default_factory=dict)
    today: int = 0

    def enrol(self, device: str, region: str, zone: str) -> None:
        """Adds a device, or moves it: what was learned of it stays."""
        known = self.devices.get(device)
        if known is None:
            self.devices[device] = Listening(device, region, zone)
        else:
            known.region, known.zone = region, zone

    def forget(self, device: str) -> None:
        """Watches a device no longer: it was reported stolen, or it is gone for good."""
        known = self.devices.pop(device, None)
        if known is not None and known.missing is not None:
            del self.causes[known.missing.name]

    def blur(self) -> None:
        """Learns nothing of today: looks were missed, and with them who was heard when."""
        for device in self.devices.values():
            device.learns = False

    def step(self, half: int, heard: Collection[str]) -> list[Cause]:
        """Takes in one half hour; returns the causes that are new. Half hours are stepped in order, each once.

        Args:
            half: half hours since 1970, UTC.
            heard: the devices that were heard in it.
        """
        self._begin_days(half)
        regions: dict[str, list[Listening]] = {}
        for device in self.devices.values():
            if device.device in heard:
                self._hear(device, half)
            if device.last >= 0:
                regions.setdefault(device.region, []).append(device)
        self.half = half
        if self.days < LEARNING_DAYS:
            return []
        return list(self._judge(half, regions))

    def _judge(self, half: int, regions: Mapping[str, Sequence[Listening]]) -> Iterator[Cause]:
        everybody = [device for devices in regions.values() for device in devices if _speaks(device, half)]
        fleet = self._look(FLEET, everybody, half, outages.FLEET_SPANS)
        if fleet.out:
            yield from self._open(Cause(Kind.FLEET, FLEET, fleet.start, half), everybody)
        for region, devices in regions.items():
            self._wait(devices, quiet=self._is_out(FLEET) or self._is_out(region))
            if self._is_out(FLEET):
                continue
            found = self._look(region, [d for d in devices if _speaks(d, half)], half, outages.REGION_SPANS)
            if found.out:
                yield from self._open(Cause(Kind.REGION, region, found.start, half), devices)
            elif not found.suspicious:
                yield from self._missing(devices, half)

    def _wait(self, devices: Sequence[Listening], *, quiet: bool) -> None:
        """Silence goes on, in the time in which the device usually works."""
        for device in devices:
            if quiet:
                device.learns = False
            elif device.last != self.half:
                device.silence += device.today.window[device.slot]

    def _missing(self, devices: Sequence[Listening], half: int) -> Iterator[Cause]:
        for device in devices:
            if device.silence < RULES[0].length or device.missing is not None:
                continue
            if device.rule.holds(_silence(device)):
                since = device.last + 1
                cause = Cause(Kind.DEVICE, device.device, since, half, round(100 * device.silence))
                device.missing = self.causes[cause.name] = cause
                yield cause

    def _look(self, region: str, devices: Sequence[Listening], half: int, spans: Sequence[int]) -> outages.Look:
        """Judges a region that is not out; of one that is, looks whether that is over."""
        known = self.out.get(region)
        if known is None:
            return outages.look(devices, half, spans)
        if not outages.is_back(devices, half):
            known.back = None
        elif known.back is None:
            known.back = half
        elif half - known.back >= outages.CLOSE_AFTER:
            del self.out[region]
            self._close(region)
        return outages.Look(suspicious=known.back is None)

    def _open(self, cause: Cause, devices: Sequence[Listening]) -> Iterator[Cause]:
        """Begins an outage, and takes its time out of the devices' silence."""
        self.out[cause.subject] = Outage(cause.since)
        self.causes[cause.name] = cause
        for device in devices:
            device.learns = False
            if device.last < cause.since:
                device.silence = max(0.0, device.silence - _windows(device, cause.told - cause.since + 1))
                device.partial = device.partial and min(device.partial, device.silence)
        yield cause

    def _close(self, region: str) -> None:
        for name, cause in list(self.causes.items()):
            if cause.kind is not Kind.DEVICE and cause.subject == region:
                del self.causes[name]

    def _is_out(self, region: str) -> bool:
        return region in self.out and self.out[region].back is None

    def _hear(self, device: Listening, half: int) -> None:
        if device.silence >= WORTH_KEEPING and device.last >= 0:
            device.silences.append((device.day, _silence(device)))
        device.silence, device.last = 0.0, half
        device.partial = 0.0 if sum(device.today.window[: device.slot + 1]) <= NOT_BEGUN else None
        device.mask |= 1 << device.slot
        if device.missing is not None:
            del self.causes[device.missing.name]
            device.missing = None

    def _begin_days(self, half: int) -> None:
        """At local midnight a device's day is learned, and the next one is expected; thresholds once a day."""
        clocks: dict[str, tuple[int, int]] = {}
        prior: Prior | None = None
        for device in self.devices.values():
            if device.zone not in clocks:
                clocks[device.zone] = self.local(device.zone, half)
            day, device.slot = clocks[device.zone]
            if day != device.day:
                prior = prior or self.fleet.prior()
                self._begin_day(device, day, prior)
        today = self.local(BUSINESS_ZONE, half)[0]
        if today != self.today:
            self.days += self.today > 0
            self.today = today
            self._allocate(today)

    def _begin_day(self, device: Listening, day: int, prior: Prior) -> None:
        ended = date.fromordinal(device.day) if device.day else None
        if ended and device.learns and device.missing is None and not self.is_free(ended):
            device.rhythm.learn(device.day, device.mask, self.fleet)
        if device.partial is None:
            device.partial = device.silence
        begins = date.fromordinal(day)
        device.day, device.mask, device.learns = day, 0, device.last >= 0
        device.yesterday = device.today
        device.today = device.rhythm.expect(begins.weekday(), prior, free=self.is_free(begins))

    def _allocate(self, today: int) -> None:
        known = {}
        for device in self.devices.values():
            device.silences = [found for found in device.silences if found[0] > today - KEPT_DAYS]
            if device.rhythm.known_days >= NEW_DAYS:
                known[device.device] = Past(device.rhythm.known_days, [silence for _, silence in device.silences])
            device.rule = NEW_RULE
        for name, step in allocate(known).items():
            self.devices[name].rule = RULES[step]


def _speaks(device: Listening, half: int) -> bool:
    """Whether the device's silence would say something about its region."""
    return device.missing is None and device.last > half - LIVE


def _silence(device: Listening) -> Silence:
    whole = 0.0 if device.partial is None else device.silence - device.partial
    return Silence(round(device.silence, 4), round(whole, 4))


def _windows(device: Listening, halves: int) -> float:
    """Working windows in the last half hours of the device's days."""
    begins = device.slot - halves + 1
    late = sum(device.yesterday.window[begins + SLOTS :]) if begins < 0 else 0.0
    return late + sum(device.today.window[max(0, begins) : device.slot + 1])
