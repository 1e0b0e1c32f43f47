"""Defects planted in each branch on purpose, with a record of each: what a correct pipeline must find and survive."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from local.branches.catalog import Branch
from local.branches.generator import (
    DAYS,
    Loan,
    Payment,
    amount_paid,
    latest_stamp,
    local,
    second,
    stamp,
    status,
)
from local.branches.vocabulary import LONGEST_NOTE

TIED_ROWS = 6
BEYOND_FLOAT = 2**53 + 1  # the first integer that a DOUBLE cannot hold
MISSING_PARENT = 900_000  # ids above this belong to loans and clients that the branch does not have


@dataclass(frozen=True)
class Planted:
    """One planted defect: `key` is the primary key of the row in `table`."""

    kind: str
    table: str
    key: int
    detail: dict[str, Any]


@dataclass(frozen=True)
class Draft:
    """A planted payment before it has its id, and what will be recorded about it."""

    payment: Payment
    kind: str
    detail: dict[str, Any]


def drafts(rng: random.Random, branch: Branch, credit: list[Loan], rows: int, business_date: date) -> list[Draft]:
    """Every planted payment of a branch, in a fixed order."""
    build = _Builder(rng, branch, credit, business_date)
    return [
        *build.ties(),
        *build.edges_of_days(),
        *build.clock_changes(),
        *build.late(max(1, rows // 100)),
        *build.odd_values(),
        *build.orphans(),
    ]


def with_ids(planned: list[Draft], first_id: int) -> tuple[list[Payment], list[Planted]]:
    """Number the planted payments from `first_id`; one keeps an id that no float can hold."""
    rows, record = [], []
    for number, draft in enumerate(planned, start=first_id):
        payment = replace(draft.payment, id_pago=draft.payment.id_pago or number)
        rows.append(payment)
        record.append(Planted(draft.kind, "pagos", payment.id_pago, draft.detail))
    return rows, record


def edit_in_place(rng: random.Random, branch: Branch, rows: list[Payment], business_date: date) -> list[Planted]:
    """Correct the amount of some older payments this evening: in `rows` itself; the id stays, `updated_at` moves."""
    older = [position for position, row in enumerate(rows) if row.fecha_pago < business_date.isoformat()]
    chosen = sorted(rng.sample(older, min(len(older), max(1, len(rows) // 200))))
    record = []
    for position in chosen:
        before = rows[position]
        moment = latest_stamp(branch, business_date) - timedelta(seconds=rng.random() * 10_800)
        rows[position] = after = before.edited(before.cents + 1 + int(rng.random() * 5_000), stamp(moment))
        record.append(
            Planted("edit_in_place", "pagos", after.id_pago, {"cents_before": before.cents, "cents": after.cents})
        )
    return record


class _Builder:
    """Makes the drafts of one branch; only holds what all of them need."""

    def __init__(self, rng: random.Random, branch: Branch, credit: list[Loan], business_date: date) -> None:
        self.rng = rng
        self.branch = branch
        self.credit = credit
        self.day = business_date
        self.latest = latest_stamp(branch, business_date)

    def ties(self) -> list[Draft]:
        """Rows of the same microsecond: a page may end between any two of them."""
        saved = local(self.day, "13:37:07.123456")
        return [
            self._draft("tie", saved - timedelta(seconds=7 * n + 1), saved, {"updated_at": stamp(saved)})
            for n in range(TIED_ROWS)
        ]

    def edges_of_days(self) -> list[Draft]:
        """Around midnight of the branch and of Mexico City; hours the branch has not reached yet are left out."""
        before, after = self.day - timedelta(days=1), self.day + timedelta(days=1)
        clocks = {
            before: ("00:00:00", "22:30:00", "23:15:00", "23:59:59"),
            self.day: ("00:00:00", "22:30:00", "23:15:00", "23:59:59"),
            after: ("00:00:00", "00:15:00", "00:59:59"),
        }
        made = []
        for day, times in clocks.items():
            for clock in times:
                paid = local(day, clock)
                saved = paid + timedelta(seconds=2, microseconds=int(self.rng.random() * 1_000_000))
                if saved <= self.latest:
                    kind = "midnight" if clock == "00:00:00" else "zone_boundary"
                    made.append(self._draft(kind, paid, saved, {"fecha_pago": second(paid), "zone": self.branch.zone}))
        return made

    def clock_changes(self) -> list[Draft]:
        """The hour that happens twice, or never, where the branch's clocks changed within the seeded days."""
        made = []
        for back in range(DAYS - 1):
            day = self.day - timedelta(days=back)
            offsets = [_offset(self.branch, day - timedelta(days=1)), _offset(self.branch, day)]
            if offsets[0] == offsets[1]:
                continue
            kind = "ambiguous_hour" if offsets[1] < offsets[0] else "missing_hour"
            for clock in ("01:30:00", "02:30:00"):
                paid = local(day, clock)
                detail = {"fecha_pago": second(paid), "zone": self.branch.zone}
                made.append(self._draft(kind, paid, paid + timedelta(seconds=3), detail))
        return made

    def late(self, count: int) -> list[Draft]:
        """Paid three to nine days ago, saved in the last three hours."""
        made = []
        for _ in range(count):
            day = self.day - timedelta(days=3 + int(self.rng.random() * 7))
            paid = local(day, "09:00:00") + timedelta(seconds=int(self.rng.random() * 36_000))
            saved = self.latest - timedelta(seconds=self.rng.random() * 10_800)
            made.append(self._draft("late", paid, saved, {"fecha_pago": second(paid), "updated_at": stamp(saved)}))
        return made

    def odd_values(self) -> list[Draft]:
        """An id beyond 2^53, the longest possible text, and a payment of one cent."""
        paid, saved = local(self.day, "12:00:00"), local(self.day, "12:00:01")
        plain = self._draft("beyond_float_id", paid, saved, {}).payment
        return [
            Draft(replace(plain, id_pago=BEYOND_FLOAT), "beyond_float_id", {}),
            Draft(replace(plain, otros_datos=LONGEST_NOTE), "longest_text", {"octets": 4 * len(LONGEST_NOTE)}),
            Draft(replace(plain, cents=1), "one_cent", {"cents": 1}),
        ]

    def orphans(self) -> list[Draft]:
        """In every fifth branch: a payment without its loan, one without its client; in every tenth one without both.

        `arrives` says whether `mutate.parents_arrive` will bring what is missing.
        """
        if self.branch.number % 5 != 2:
            return []
        cases = [({"prestamos": MISSING_PARENT + 1}, True), ({"clientes": MISSING_PARENT + 2}, False)]
        if self.branch.number % 10 == 2:
            cases.append(({"prestamos": MISSING_PARENT + 3, "clientes": MISSING_PARENT + 3}, True))
        made = []
        for missing, arrives in cases:
            paid = local(self.day, "10:00:00") + timedelta(seconds=int(self.rng.random() * 36_000))
            draft = self._draft("orphan", paid, paid + timedelta(seconds=5), {"missing": missing, "arrives": arrives})
            payment = replace(
                draft.payment,
                status_pago="PAGADO",
                id_prestamo=missing.get("prestamos", draft.payment.id_prestamo),
                id_cliente=missing.get("clientes", draft.payment.id_cliente),
            )
            made.append(replace(draft, payment=payment))
        return made

    def _draft(self, kind: str, paid: datetime, saved: datetime, detail: dict[str, Any]) -> Draft:
        loan = self.credit[int(self.rng.random() * len(self.credit))]
        cents = amount_paid(self.rng.random, loan.instalment_cents)
        payment = Payment(
            0, loan.id_prestamo, loan.id_cliente, cents, second(paid), status(self.rng.random), None, stamp(saved)
        )
        return Draft(payment, kind, detail)


def _offset(branch: Branch, day: date) -> timedelta:
    offset = local(day, "12:00:00").replace(tzinfo=branch.tz).utcoffset()
    assert offset is not None  # an aware time always has one  # noqa: S101
    return offset
