"""What will happen to a fleet of phones, drawn from a seed before anything happens: the simulation's script.

Every phone captures visits on its working days: a position, a payment, its confirmation, its photo. On top: clocks
that are wrong by up to 72 hours, days without a link, new installations, thefts, and one region whose towers die for a
while.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from podemos.mobile.event_ids import RANDOM_BITS, uuid7

WORK_BEGINS, WORK_HOURS = 15, 9
"""UTC: 09:00 to 18:00 in the centre of Mexico."""
WRONG_CLOCKS, OFFLINE, REINSTALLED, STOLEN = 0.20, 0.30, 0.04, 0.02
"""Shares of the fleet."""
MAX_SKEW = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Capture:
    """One event to come.

    Attributes:
        at: true time.
        event_id: drawn with the phone's clock.
        photo: bytes of an event of type foto.
    """

    at: datetime
    event_id: str
    event_type: str
    event_data: Mapping[str, Any]
    photo: bytes | None = None


@dataclass(frozen=True, slots=True)
class Life:
    """The script of one phone.

    Attributes:
        number: from 1.
        branch: `id_sucursal`.
        region: of the branch.
        skew: how far its clock is ahead, for good.
        captures: in true order.
        offline: half-open periods without a link, its region's among them.
        reinstalled_at: then its outbox is gone, and with it what was not sent; None is never.
        stolen_at: then it is gone for good.
    """

    number: int
    branch: int
    region: str
    skew: timedelta
    captures: tuple[Capture, ...]
    offline: tuple[tuple[datetime, datetime], ...] = ()
    reinstalled_at: datetime | None = None
    stolen_at: datetime | None = None

    @property
    def device(self) -> str:
        """`id_dispositivo`."""
        return f"sim-{self.number:05d}"

    def online(self, at: datetime) -> bool:
        """Whether it has a link."""
        gone = self.stolen_at is not None and at >= self.stolen_at
        return not gone and not any(begin <= at < end for begin, end in self.offline)

    def back_at(self, at: datetime) -> datetime:
        """When the link that it lacks at `at` is there again."""
        while ends := [end for begin, end in self.offline if begin <= at < end]:
            at = max(ends)
        return at


@dataclass(frozen=True, slots=True)
class Fleet:
    """The whole script.

    Attributes:
        seed: gives exactly this fleet again, with the other arguments of `draw`.
        start: true time of the first day, midnight UTC.
        end: true time after which every link that is not stolen works.
        dead_region: whose towers died, and when.
    """

    seed: int
    start: datetime
    end: datetime
    phones: tuple[Life, ...]
    dead_region: str = ""
    dead: tuple[datetime, datetime] | None = None
    planted: Mapping[str, int] = field(default_factory=dict)


def draw(
    seed: int, phones: int, start: datetime, days: int, regions: Mapping[int, str], visits: int = 5, photos: bool = True
) -> Fleet:
    """The script of a fleet.

    Args:
        seed: of everything.
        phones: how many.
        start: midnight UTC of the first day.
        days: of work; weekends are worked, too.
        regions: `id_sucursal` → region.
        visits: per phone and day, four events each.
        photos: False leaves photos of payments out (and half of the bytes).
    """
    chance = random.Random(f"fleet/{seed}")
    branches = sorted(regions)
    end = start + timedelta(days=days)
    dead_region = chance.choice(sorted(set(regions.values())))
    died = start + timedelta(hours=chance.uniform(0, max(days * 24 - 30, 1)))
    dead = (died, min(died + timedelta(hours=chance.uniform(6, 30)), end))
    lives = []
    for number in range(1, phones + 1):
        branch = branches[(number - 1) % len(branches)]
        own = random.Random(f"phone/{seed}/{number}")
        lives.append(_life(own, number, branch, regions[branch], start, days, visits, photos, dead_region, dead))
    planted = {
        "wrong_clocks": sum(abs(life.skew) > timedelta(minutes=5) for life in lives),
        "offline": sum(bool(life.offline) for life in lives),
        "reinstalled": sum(life.reinstalled_at is not None for life in lives),
        "stolen": sum(life.stolen_at is not None for life in lives),
    }
    return Fleet(seed, start, end, tuple(lives), dead_region, dead, planted)


def _life(
    own: random.Random, number: int, branch: int, region: str, start: datetime, days: int, visits: int, photos: bool,
    dead_region: str, dead: tuple[datetime, datetime],
) -> Life:  # fmt: skip
    end = start + timedelta(days=days)
    wide = own.random() < WRONG_CLOCKS
    skew = timedelta(seconds=own.uniform(-1, 1) * (MAX_SKEW.total_seconds() if wide else 60))
    offline = [dead] if region == dead_region else []
    if own.random() < OFFLINE:
        begin = start + timedelta(days=own.uniform(0, days))
        offline.append((begin, min(begin + timedelta(days=own.uniform(1, 5)), end)))
    fate = own.random()
    when = start + timedelta(days=own.uniform(0.3, days))
    reinstalled = when if fate < REINSTALLED else None
    stolen = when if REINSTALLED <= fate < REINSTALLED + STOLEN else None
    captures: list[Capture] = []
    for day in range(days):
        begin = start + timedelta(days=day, hours=WORK_BEGINS)
        moments = sorted(own.uniform(0, WORK_HOURS * 3600) for _ in range(visits))
        for visit, moment in enumerate(moments):
            captures += _visit(own, number, day * visits + visit, begin + timedelta(seconds=moment), skew, photos)
    kept = tuple(capture for capture in captures if stolen is None or capture.at < stolen)
    return Life(number, branch, region, skew, kept, tuple(offline), reinstalled, stolen)


def _visit(own: random.Random, number: int, visit: int, at: datetime, skew: timedelta, photos: bool) -> list[Capture]:
    receipt = f"S{number:05d}-{visit:06d}"
    lat, lon = round(own.uniform(16, 32), 6), round(own.uniform(-115, -90), 6)
    photo = own.randbytes(own.randrange(2_000, 6_000)) if photos else None
    digest = hashlib.sha256(photo).hexdigest() if photo else None
    fix, place = own.random() > 0.05, {"lat": lat, "lon": lon, "precision_m": round(own.uniform(3, 80), 1)}
    found = [
        _capture(own, at, skew, "geolocalizacion", place),
        _capture(own, at + timedelta(seconds=20), skew, "pago", {
            "id_recibo": receipt, "id_cliente": own.randrange(1, 500), "monto_centavos": own.randrange(5_000, 500_000),
            "lat": lat if fix else None, "lon": lon if fix else None, "foto": digest,
        }),
        _capture(own, at + timedelta(seconds=40), skew, "confirmacion", {"id_recibo": receipt, "estado": "entregado"}),
    ]  # fmt: skip
    if photo:
        about = {"sha256": digest, "bytes": len(photo), "partes": 2}
        found.append(_capture(own, at + timedelta(seconds=60), skew, "foto", about, photo))
    return found


def _capture(
    own: random.Random, at: datetime, skew: timedelta, kind: str, data: Mapping[str, Any], photo: bytes | None = None
) -> Capture:
    milliseconds = int((at + skew).timestamp() * 1000)
    return Capture(at, uuid7(milliseconds, own.getrandbits(RANDOM_BITS)), kind, data, photo)
