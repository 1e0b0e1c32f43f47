"""The sample databases: their shapes, invented rows, and what happens to them between two ingestions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

DATABASES = Path(__file__).with_name("databases")
DISTRICTS = 77


@dataclass(frozen=True)
class House:
    """A sample database.

    Attributes:
        branches: how many databases of that shape.
        wishes: options of `inspect` by table, where a person would not take what it guesses.
        parked: rows of a table that wait in quarantine, rightly.
        changes: statements after the first ingestion that a cursor sees.
        silent: statements that no cursor sees: edits that leave it alone, late rows, deletes.
    """

    name: str
    branches: int = 1
    wishes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    parked: Mapping[str, int] = field(default_factory=dict)
    changes: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()

    def statements(self) -> list[str]:
        """The database's DDL and rows."""
        text = (DATABASES / f"{self.name}.sql").read_text(encoding="utf-8")
        return [part.strip() for part in text.split(";\n") if part.strip()]


HOUSES = (
    House(
        "sakila",
        changes=(
            "UPDATE payment SET amount = amount + 1 WHERE payment_id BETWEEN 10 AND 19",
            "INSERT INTO payment (customer_id, staff_id, amount, payment_date) VALUES (5, 1, 9.99, NOW())",
            "UPDATE customer SET active = NOT active, email = NULL WHERE customer_id < 4",
        ),
        silent=(
            "UPDATE payment SET amount = amount + 0.01, last_update = last_update WHERE payment_id = 4000",
            "INSERT INTO payment VALUES (60000, 5, 1, NULL, 1.23, '2005-06-01 10:00:00', '2005-06-01 10:00:00')",
            "INSERT INTO payment VALUES (60001, 5, 1, NULL, 4.56, '2005-06-02 10:00:00', NULL)",
            "DELETE FROM payment WHERE payment_id IN (55, 56)",
            "DELETE FROM film WHERE film_id = 7",
        ),
    ),
    House(
        "classicmodels",
        changes=("INSERT INTO payments VALUES (103, 'NUEVO-1', CURDATE(), 12.34)",),
        silent=(
            "UPDATE payments SET amount = amount + 0.01 WHERE customerNumber = 110",
            "DELETE FROM payments WHERE customerNumber = 111",
            "UPDATE orders SET comments = CONCAT(comments, '!') WHERE orderNumber = 10104",
            "INSERT INTO payments VALUES (104, 'TARDE', '2004-10-20', 99.99)",
        ),
    ),
    House(
        "employees",
        changes=("INSERT INTO employees VALUES (1, '1990-01-01', 'Nueva', 'Persona', 'F', '1986-07-01')",),
        silent=(
            "UPDATE salaries SET salary = salary + 1 WHERE emp_no = 10005",
            "DELETE FROM titles WHERE emp_no = 10007",
        ),
    ),
    House(
        "northwind",
        changes=("INSERT INTO Orders (CustomerID, OrderDate, Freight) VALUES ('NUEVO', NOW(), 1.2345)",),
        silent=(
            "UPDATE Orders SET Freight = Freight + 0.0001 WHERE OrderID = 10300",
            "DELETE FROM `Order Details` WHERE OrderID = 10250",
        ),
    ),
    House(
        "every_type",
        wishes={"log": ("--cursor", "id"), "by_uuid": ("--business-date", "at")},
        changes=(
            "UPDATE wide SET j = JSON_OBJECT('otro', 1), f = 0.1, bl = NULL WHERE s = -3",
            "INSERT INTO log (at, what) VALUES (NOW(), 'último')",
        ),
        silent=(
            "UPDATE wide SET b64 = 7, tocado = tocado WHERE s = -5",
            "UPDATE log SET what = 'otra cosa' WHERE id = 3",
            "DELETE FROM log WHERE id = 4",
            "INSERT INTO nullable_cursor VALUES (9001, 1, NULL), (9002, 2, '2020-01-01')",
            "DELETE FROM by_text WHERE v = 77",
            "UPDATE by_enum SET kind = 'alfa' WHERE kind = 'zeta' AND n = 9999",
        ),
    ),
    House(
        "berka",
        branches=DISTRICTS,
        wishes={"trans": ("--business-date", "date", "--amount", "amount")},
    ),
)


def berka_rows(branch: int, accounts: int, moves: int) -> list[str]:
    """A district's accounts and transactions; the bank numbers transactions through all districts."""
    first, account = branch * 100_000, branch * 1000
    operation = "ELT(1 + seq % 4, 'VKLAD', 'VYBER', NULL, 'PREVOD NA UCET')"
    amounts = "100 + seq * 17 % 9000 + 0.10, 20000 + seq * 0.33"
    return [
        f"INSERT INTO account SELECT {account} + seq, {branch}, 'POPLATEK MESICNE', '1993-01-01' + INTERVAL seq DAY"
        f" FROM seq_1_to_{accounts}",
        f"INSERT INTO trans SELECT {first} + seq, {account} + 1 + seq % {accounts},"
        f" '1998-10-01' + INTERVAL seq % 30 DAY, IF(seq % 3, 'VYDAJ', 'PRIJEM'), {operation}, {amounts},"
        f" IF(seq % 5, NULL, 'UROK'), IF(seq % 6, NULL, 'AB'), NULL FROM seq_1_to_{moves}",
    ]


def berka_faults(branch: int) -> tuple[list[str], list[str]]:
    """What is planted in a district: a change, and a loss, a late edit, a duplicate of another one's or late data."""
    first, other = branch * 100_000, (branch % DISTRICTS + 1) * 100_000
    silent = (
        f"DELETE FROM trans WHERE trans_id = {first} + 5",
        f"UPDATE trans SET amount = amount + 0.01 WHERE trans_id = {first} + 6",
        _move(branch, other + 7, "1998-10-08", "7.77"),
        _move(branch, first + 91_000, "1998-10-02", "5"),
    )
    return [_move(branch, first + 90_000, "1998-10-30", "10.01")], [silent[branch % 4]]


def _move(branch: int, number: int, day: str, amount: str) -> str:
    values = f"{number}, {branch * 1000 + 1}, '{day}', 'VYDAJ', NULL, {amount}, 1, NULL, NULL, NULL"
    return f"INSERT INTO trans VALUES ({values})"
