"""Control totals in pieces: every day of the window is asked about once, whatever happens between the pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import MySQLdb
import pytest

from podemos.branches.pace import Pace
from podemos.branches.proof import Proof
from podemos.branches.rotation import Older
from podemos.contracts.tables import contract
from podemos.core.fingerprint import Fingerprint

PAGOS, CLIENTES = contract("pagos").compiled(), contract("clientes").compiled()
TODAY = date(2026, 11, 20)
SINCE, LAST = TODAY - timedelta(days=45), TODAY + timedelta(days=2)
DAYS = {str(SINCE + timedelta(days=n)): Fingerprint(n, 100 * n, 7 * n) for n in range((LAST - SINCE).days + 1)}
_SPAN = re.compile(r"`fecha_pago` >= '(\S+)'(?: AND `fecha_pago` < '(\S+)')?")


@dataclass
class Server:
    """A link whose server has rows on each day of `DAYS`, some of them dated after today."""

    pace: Pace = field(default_factory=Pace)
    slow: float = 0.0
    now: float = 0.0
    too_long: bool = False
    sent: list[str] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)

    def ahead(self, sql: str) -> None:
        self.sent.append(sql)

    def rows(self, sql: str) -> Iterator[Any]:
        self.now += self.slow
        if self.too_long and len(_SPAN.findall(sql)[0][1]):
            raise MySQLdb.OperationalError(1969, "exceeded")
        for first, after in _SPAN.findall(sql):
            found = {day: one for day, one in DAYS.items() if first <= day < (after or "9999")}
            self.answered += found
            yield [
                (day.encode(), *(b"%d" % n for n in (one.count, one.cents, one.digest))) for day, one in found.items()
            ]


def asked(server: Any, pages: int, table: Any = PAGOS, older: Older | None = None) -> Proof:
    proof = Proof(server, table, SINCE, TODAY, older, lambda: server.now)
    for _ in range(pages):
        proof.ahead()
        proof.take()
    return proof


@pytest.mark.parametrize("slow", [0.0, 0.1])
@pytest.mark.parametrize("pages", [0, 1, 3, 100])
def test_pieces_and_rest_are_the_window_and_no_day_is_asked_twice(pages: int, slow: float) -> None:
    server = Server(slow=slow)
    assert asked(server, pages).whole() == (DAYS, None)
    assert sorted(server.answered) == list(DAYS)


def test_what_is_dated_today_and_later_and_older_days_are_asked_for_at_the_end() -> None:
    server, older = Server(), Older(30, (3,))
    proof = asked(server, 100, older=older)
    assert max(server.answered) == str(TODAY - timedelta(days=1))
    assert proof.statement().startswith(Proof(server, PAGOS, TODAY, TODAY, None).statement())  # type: ignore[arg-type]
    assert proof.whole() == (DAYS, older)


def test_a_piece_grows_while_the_server_is_ready_before_it_is_asked_and_shrinks_when_it_is_waited_for() -> None:
    quick, slow = Server(), Server(slow=0.1)
    asked(quick, 4)
    asked(slow, 4)
    assert (len(quick.answered), len(slow.answered)) == (1 + 2 + 4 + 8, 4)


def test_days_that_take_too_long_beside_a_page_wait_for_the_end_and_no_more_are_tried() -> None:
    server = Server(too_long=True)
    assert asked(server, 5).whole() == (DAYS, None)
    assert len(server.sent) == 1


def test_a_budgeted_link_and_a_table_without_a_business_date_have_no_pieces() -> None:
    slow, undated = Server(pace=Pace(512)), Server()
    asked(slow, 5)
    asked(undated, 5, CLIENTES)
    assert slow.sent == undated.sent == []
