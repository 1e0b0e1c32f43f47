from __future__ import annotations

import MySQLdb
import pytest

from podemos.branches.link import REMEDY, Trouble, trouble_of


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (2002, Trouble.OFFLINE), (2003, Trouble.OFFLINE), (2006, Trouble.OFFLINE), (2013, Trouble.OFFLINE),
        (1045, Trouble.REFUSED), (1142, Trouble.REFUSED), (4151, Trouble.REFUSED),
        (1969, Trouble.TIMEOUT), (3024, Trouble.TIMEOUT),
        (1054, Trouble.DRIFT), (1146, Trouble.DRIFT),
    ],
)  # fmt: skip
def test_what_the_driver_says_is_a_state(code: int, state: Trouble) -> None:
    assert trouble_of(MySQLdb.OperationalError(code, "…")) is state


def test_an_error_without_a_number_is_a_broken_link() -> None:
    assert trouble_of(MySQLdb.InterfaceError("closed")) is Trouble.OFFLINE


def test_every_trouble_has_a_remedy() -> None:
    assert set(REMEDY) == set(Trouble)
