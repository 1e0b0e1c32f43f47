"""The rows of one branch, from (seed, branch, business date) alone: the same arguments give the same bytes anywhere.

Times are wall times of the branch, written as text. Payments spread over fourteen local days that end with the business
date. Nothing is stamped after 01:00 Mexico City of the next day: the night pulls at 01:30, and `mutate` needs room.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from local.branches.catalog import Branch
from local.branches.vocabulary import FAMILY_NAMES, GIVEN_NAMES, NOTES, STATES

Item = TypeVar("Item")

MEXICO_CITY = ZoneInfo("America/Mexico_City")
DAYS = 14
SHARE_ON_BUSINESS_DATE = 0.42
TERMS_WEEKS = (12, 16, 20, 24, 36, 48, 52)
MINIMUM_ROWS = 60  # below this the planted defects would be most of the data


@dataclass(frozen=True)
class Client:
    """A row of `clientes`, in column order."""

    id_cliente: int
    nombre: str
    curp: str | None
    telefono: str | None
    fecha_alta: str
    updated_at: str


@dataclass(frozen=True)
class Loan:
    """A row of `prestamos`, in column order; the instalment in cents comes last and is not a column."""

    id_prestamo: int
    id_cliente: int
    monto_credito: str
    plazo_semanas: int
    tasa_anual: str
    fecha_desembolso: str
    estado: str
    updated_at: str
    instalment_cents: int


@dataclass(frozen=True)
class Payment:
    """A row of `pagos`, in column order. `cents` is written as DECIMAL(18,2)."""

    id_pago: int
    id_prestamo: int
    id_cliente: int
    cents: int
    fecha_pago: str
    status_pago: str
    otros_datos: str | None
    updated_at: str

    def edited(self, cents: int, updated_at: str) -> Payment:
        """The same payment after a correction of its amount."""
        return replace(self, cents=cents, updated_at=updated_at)


def generator_of(seed: int, *path: object) -> random.Random:
    """A random source of its own for each path of names; a text seed does not depend on the hash seed."""
    return random.Random("/".join(["branches", str(seed), *map(str, path)]))


def money(cents: int) -> str:
    """Cents as the text of a DECIMAL(18,2)."""
    sign, magnitude = ("-" if cents < 0 else ""), abs(cents)
    return f"{sign}{magnitude // 100}.{magnitude % 100:02d}"


def stamp(moment: datetime) -> str:
    """A naive local moment as the text of a DATETIME(6)."""
    return f"{moment:%Y-%m-%d %H:%M:%S.%f}"


def second(moment: datetime) -> str:
    """A naive local moment as the text of a DATETIME."""
    return f"{moment:%Y-%m-%d %H:%M:%S}"


def local(day: date, clock: str) -> datetime:
    """The wall time `clock` ("22:30:00") of a local day."""
    return datetime.combine(day, time.fromisoformat(clock))


def wall_time(branch: Branch, business_date: date, clock: str) -> datetime:
    """What the wall clock of the branch shows at `clock`, Mexico City, of the day after the business date."""
    instant = datetime.combine(business_date + timedelta(days=1), time.fromisoformat(clock), MEXICO_CITY)
    return instant.astimezone(branch.tz).replace(tzinfo=None)


def latest_stamp(branch: Branch, business_date: date) -> datetime:
    """No seeded `updated_at` of the branch is later than this wall time."""
    return wall_time(branch, business_date, "01:00")


def clients(rng: random.Random, count: int, business_date: date) -> list[Client]:
    """Clients 1..count. One in eight changed in the last fortnight; some have no CURP or telephone."""
    draw = rng.random
    rows = []
    for number in range(1, count + 1):
        given = _pick(draw, GIVEN_NAMES)
        name = f"{given} {_pick(draw, FAMILY_NAMES)} {_pick(draw, FAMILY_NAMES)}"
        joined = business_date - timedelta(days=120 + int(draw() * 1500))
        changed = business_date - timedelta(days=int(draw() * (14 if draw() < 0.125 else 120)))
        curp = None if draw() < 0.05 else _curp(draw)
        telephone = None if draw() < 0.1 else f"{55 + int(draw() * 44)}{int(draw() * 10**8):08d}"
        rows.append(Client(number, name, curp, telephone, joined.isoformat(), _office_stamp(draw, changed)))
    return rows


def loans(rng: random.Random, count: int, clients_count: int, business_date: date) -> list[Loan]:
    """Loans 1..count, each of an existing client; the weekly instalment follows from amount, rate and term."""
    draw = rng.random
    rows = []
    for number in range(1, count + 1):
        client = 1 + (number - 1) * clients_count // count
        amount = 200_000 + 50_000 * int(draw() * 110)
        weeks = _pick(draw, TERMS_WEEKS)
        rate = 450_000 + int(draw() * 540_001)  # ten-thousandths of a percent a year: 45.0000 to 99.0000
        instalment = (amount * (52_000_000 + rate * weeks)) // (52_000_000 * weeks)
        granted = business_date - timedelta(days=15 + int(draw() * 90))
        state = "VIGENTE" if (chance := draw()) < 0.9 else "VENCIDO" if chance < 0.96 else "LIQUIDADO"
        rows.append(
            Loan(
                number,
                client,
                money(amount),
                weeks,
                f"{rate // 10_000}.{rate % 10_000:04d}",
                granted.isoformat(),
                state,
                _office_stamp(draw, granted + timedelta(days=int(draw() * 14))),
                instalment,
            )
        )
    return rows


def payments(rng: random.Random, count: int, credit: list[Loan], business_date: date) -> list[Payment]:
    """Payments 1..count in order of time: mostly whole instalments, paid between 08:00 and 20:30."""
    draw = rng.random
    days = [(business_date - timedelta(days=back)).isoformat() for back in range(DAYS)]
    moments = []
    for _ in range(count):
        back = 0 if draw() < SHARE_ON_BUSINESS_DATE else 1 + int(draw() * (DAYS - 1))
        moments.append((days[back], 28_800 + int(draw() * 45_000)))
    moments.sort()
    rows = []
    for number, (day, paid) in enumerate(moments, start=1):
        loan = credit[int(draw() * len(credit))]
        saved, micros = paid + 1 + int(draw() * 180), int(draw() * 1_000_000)
        rows.append(
            Payment(
                number,
                loan.id_prestamo,
                loan.id_cliente,
                amount_paid(draw, loan.instalment_cents),
                f"{day} {_clock(paid)}",
                status(draw),
                _pick(draw, NOTES),
                f"{day} {_clock(saved)}.{micros:06d}",
            )
        )
    return rows


def amount_paid(draw: Callable[[], float], instalment: int) -> int:
    """Cents of one payment: the instalment, a part of it, or with a late fee."""
    chance = draw()
    if chance < 0.82:
        return instalment
    if chance < 0.94:
        return max(1, instalment * (30 + int(draw() * 60)) // 100)
    return instalment + 1 + int(draw() * 9_999)


def status(draw: Callable[[], float]) -> str:
    """State of a payment; nine in ten are paid."""
    chance = draw()
    return "PAGADO" if chance < 0.9 else "PENDIENTE" if chance < 0.97 else "RECHAZADO"


def _pick(draw: Callable[[], float], items: tuple[Item, ...]) -> Item:
    return items[int(draw() * len(items))]


def _clock(seconds: int) -> str:
    minutes, s = divmod(seconds, 60)
    h, m = divmod(minutes, 60)
    return f"{h:02d}:{m:02d}:{s:02d}"


def _office_stamp(draw: Callable[[], float], day: date) -> str:
    return f"{day.isoformat()} {_clock(32_400 + int(draw() * 28_800))}.{int(draw() * 1_000_000):06d}"


def _curp(draw: Callable[[], float]) -> str:
    letters = "".join(chr(65 + int(draw() * 26)) for _ in range(4))
    born = f"{60 + int(draw() * 40):02d}{1 + int(draw() * 12):02d}{1 + int(draw() * 28):02d}"
    consonants = "".join("BCDFGLMNPRSTVZ"[int(draw() * 14)] for _ in range(3))
    return f"{letters}{born}{'HM'[int(draw() * 2)]}{_pick(draw, STATES)}{consonants}{int(draw() * 100):02d}"
