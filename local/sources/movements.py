"""The movements of one system on one day, drawn from (seed, system, day, rows, clients) alone: the same anywhere."""

from __future__ import annotations

import random
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from local.sources.catalog import System
from local.sources.vocabulary import ANY, AWKWARD, BEYOND_LATIN_1, USUAL

MEXICO_CITY = ZoneInfo("America/Mexico_City")
ODD_AMOUNTS = (1, 10, 99, 100, 999_999_999)
"""Cents of the first rows: one cent, a tenth, just below and at a peso, and ten million pesos less a cent."""


@dataclass(frozen=True, slots=True)
class Movement:
    """One movement as its system knows it. `cents` is positive; `tipo` is CARGO or ABONO; `concepto` may be absent."""

    id_movimiento: str
    tipo: str
    cents: int
    instant: datetime
    id_sucursal: int
    id_cliente: int
    concepto: str | None


Clients = Mapping[int, Sequence[int]]
"""Branch number -> ids of clients that the branch has."""


def stable_number(*path: object) -> int:
    """A number for a path of names that does not depend on the process."""
    return zlib.crc32("/".join(map(str, path)).encode())


def draw(
    system: System, business_date: date, rows: int, seed: int, clients: Clients, unknown_clients: int = 0
) -> list[tuple[Movement, ...]]:
    """The day's movements in groups that must stay in one file, in order of time.

    A balanced system's groups are a debit and its credits of the same total; other groups hold one movement. The first
    group happens at 00:00:00 Mexico City time, the last one at 23:59:59.

    Args:
        system: whose movements.
        business_date: the Mexico City day.
        rows: how many movements.
        seed: another number gives other movements.
        clients: whom the movements may name.
        unknown_clients: that many movements name a client that no branch has.

    Raises:
        ValueError: a balanced system cannot have one movement alone, or nobody is in `clients`.
    """
    if system.balanced and rows == 1:
        raise ValueError(f"source {system.id} is balanced: one movement alone cannot be; ask for 0 rows or for 2")
    branches = [number for number in sorted(clients) if clients[number]]
    if rows and not branches:
        raise ValueError(f"source {system.id}: there are no clients to draw movements for; seed the branches first")
    rng = random.Random("/".join(("sources", str(seed), system.id, business_date.isoformat(), str(rows))))
    sizes = list(_group_sizes(rows, system.balanced))
    moments = [unambiguous(system, one) for one in _moments(rng.random, len(sizes), business_date)]
    number = int(rng.random() * 1000)
    strangers = set(rng.sample(range(rows), min(unknown_clients, rows)))
    nobody = max((client for ids in clients.values() for client in ids), default=0) + 9_000_001
    groups, drawn = [], 0
    for size, moment in zip(sizes, moments, strict=True):
        concept = _concept(rng.random, system)
        group = []
        for tipo, cents in _entries(rng.random, system.balanced, size, drawn):
            number += 1 + int(rng.random() * 3)
            branch = branches[int(rng.random() * len(branches))]
            ids = clients[branch]
            client = ids[int(rng.random() * len(ids))]
            if drawn in strangers:
                client, nobody = nobody, nobody + 1
            name = _name(system.id, business_date, number)
            group.append(Movement(name, tipo, cents, moment, branch, client, concept))
            drawn += 1
        groups.append(tuple(group))
    return groups


def unambiguous(system: System, instant: datetime) -> datetime:
    """The instant, or the one an hour earlier when its wall time happens for the second time in the system's zone."""
    zone = system.mapping.instante_zone
    if zone is None or not instant.astimezone(ZoneInfo(zone)).fold:
        return instant
    return instant - timedelta(hours=1)


def _group_sizes(rows: int, balanced: bool) -> Iterator[int]:
    if not balanced:
        yield from (1 for _ in range(rows))
    elif rows:
        pairs, odd = divmod(rows, 2)
        yield from (2 for _ in range(pairs - 1))
        yield 2 + odd


def _entries(draw: Callable[[], float], balanced: bool, size: int, drawn: int) -> list[tuple[str, int]]:
    """Types and cents of one group."""
    if not balanced:
        cents = ODD_AMOUNTS[drawn] if drawn < len(ODD_AMOUNTS) else _amount(draw)
        return [("ABONO" if draw() < 0.6 else "CARGO", cents)]
    parts = [_amount(draw) for _ in range(size - 1)]
    return [("CARGO", sum(parts)), *(("ABONO", cents) for cents in parts)]


def _amount(draw: Callable[[], float]) -> int:
    """Mostly hundreds of pesos with cents, some round, a few large."""
    chance = draw()
    if chance < 0.2:
        return 5_000 * (1 + int(draw() * 100))
    if chance < 0.97:
        return 1 + int(draw() * 350_000)
    return 1_000_000 + int(draw() * 40_000_000)


def _moments(draw: Callable[[], float], count: int, day: date) -> list[datetime]:
    """`count` whole seconds of the Mexico City day, ascending, its first and its last second among them."""
    first = datetime.combine(day, time(), MEXICO_CITY).astimezone(UTC)
    after = datetime.combine(day + timedelta(days=1), time(), MEXICO_CITY).astimezone(UTC)
    last = int((after - first).total_seconds()) - 1
    seconds = sorted(int(draw() * (last + 1)) for _ in range(count))
    if seconds:
        seconds[0], seconds[-1] = 0, last if count > 1 else 0
    return [first + timedelta(seconds=second) for second in seconds]


def _concept(draw: Callable[[], float], system: System) -> str | None:
    chance = draw()
    if chance < 0.03:
        return None
    if chance < 0.13:
        awkward = AWKWARD + (BEYOND_LATIN_1 if system.encoding == "utf-8" else ())
        return awkward[int(draw() * len(awkward))]
    usual = USUAL.get(system.id, ANY)
    return f"{usual[int(draw() * len(usual))]} {1 + int(draw() * 9999)}"


def _name(source_id: str, day: date, number: int) -> str:
    """Ids as three kinds of system write them: with a prefix, as digits with leading zeros, as hexadecimal."""
    style = stable_number(source_id, "name") % 3
    if style == 0:
        return f"{source_id[:3].upper()}-{day:%Y%m%d}-{number:07d}"
    if style == 1:
        return f"00{day:%y%m%d}{number:08d}"
    return f"{stable_number(source_id):08x}-{day:%m%d}-{day:%Y}-{number:012x}"
