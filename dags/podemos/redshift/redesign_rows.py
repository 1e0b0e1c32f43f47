"""The rows, as statements: totals per day of both tables, a month's copy, and the days that differ carried over.

Every batch that writes locks the table under construction first. LOCK takes no snapshot, so what follows sees what was
committed before it was granted, and a batch that was sent twice takes turns with itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from podemos.redshift.inventory import Column
from podemos.redshift.redesign_script import Statements
from podemos.redshift.redesign_target import Move, Order

NO_DATE = date(1, 1, 1)
"""Where rows without a date are counted."""
_LONG_OCTETS = 1_000
"""A text of more bytes goes into the row's text as its MD5: a row text ends at 65,535 bytes."""


def _text(name: str, kind: str) -> str:
    """A column as text; BOOLEAN cannot be cast to it."""
    if kind.startswith("boolean"):
        return f"CASE WHEN {name} THEN 't' WHEN NOT {name} THEN 'f' END"
    if kind.startswith("character"):
        size = re.search(r"\((\d+)\)", kind)
        return f"MD5({name})" if size is None or int(size[1]) > _LONG_OCTETS else name
    return f"CAST({name} AS VARCHAR)"


def _date(into: Statements, day: date) -> str:
    """A date as a typed literal: CREATE TABLE AS binds nothing."""
    return f"CAST({into.text(day.isoformat())} AS DATE)"


class Rows:
    """Statements over the rows of two tables of the same columns.

    Args:
        order: names the date and the amount.
        columns: of both tables.
        move: which table is brought to equal which.
    """

    def __init__(self, order: Order, columns: Iterable[Column], move: Move) -> None:
        self.order, self.columns, self.move = order, tuple(columns), move

    def totals(self) -> Statements:
        """Rows, cents and fingerprint of each day of both tables, seen in one snapshot."""
        into = Statements(f"{self.move.step}: totals")
        selects = [
            f"SELECT {into.text(side)} AS lado, CAST(t.dia AS VARCHAR(10)) AS dia, t.renglones,\n"
            f"    CAST(t.centavos AS VARCHAR(40)) AS centavos, CAST(t.huella AS VARCHAR(40)) AS huella\n"
            f"FROM ({self._by_day(into, name, '')}) AS t"
            for side, name in (("source", self.move.source), ("target", self.move.target))
        ]
        into.add("\nUNION ALL\n".join(selects))
        return into

    def totals_of(self, name: str) -> Statements:
        """The same of one table."""
        into = Statements(f"totals of {name}")
        into.add(
            "SELECT CAST(t.dia AS VARCHAR(10)) AS dia, t.renglones, CAST(t.centavos AS VARCHAR(40)) AS centavos,\n"
            f"    CAST(t.huella AS VARCHAR(40)) AS huella FROM ({self._by_day(into, name, '')}) AS t"
        )
        return into

    def months(self) -> Statements:
        """Rows of each month of the source: the date column alone is read."""
        into = Statements("months")
        into.add(
            f"SELECT CAST(t.mes AS VARCHAR(10)) AS mes, COUNT(*) AS renglones FROM (SELECT DATE_TRUNC('month', "
            f"{self._day(into)}) AS mes FROM {into.table(self.move.schema, self.move.source)}) AS t GROUP BY t.mes"
        )
        return into

    def copy(self, month: date) -> Statements:
        """A month anew: what a killed attempt left of it goes first."""
        into = Statements(f"copy {month:%Y-%m}")
        where = self._between(into, month)
        source, target = self._tables(into)
        columns = into.names(*(c.name for c in self.columns))
        order_by = into.names(*self.order.design.sortkey)
        into.add(f"LOCK {target}")
        into.add(f"DELETE FROM {target} WHERE {where}")
        into.add(f"INSERT INTO {target} ({columns}) SELECT {columns} FROM {source} WHERE {where} ORDER BY {order_by}")
        return into

    def carry(self, month: date) -> Statements:
        """The days of a month that differ, carried over."""
        into = Statements(f"carry {month:%Y-%m}")
        into.add(f"LOCK {into.table(self.move.schema, self.move.target)}")
        self.add_carry(into, self._between(into, month))
        return into

    def take_over(self, plan: str, day: date) -> Statements:
        """A day of the parked table in place of that day of the table that has the name, and the ledger's totals."""
        into = Statements(f"take over {day}")
        named, parked = into.table(self.move.schema, self.move.source), into.table(self.move.schema, self.move.parked)
        columns = into.names(*(c.name for c in self.columns))
        where = f"{self._day(into)} = CAST({into.value('day', day)} AS DATE)"
        key = (into.value("plan", plan), into.value("step", self.move.step))
        ledger = f"plan = CAST({key[0]} AS VARCHAR(64)) AND paso = CAST({key[1]} AS VARCHAR(64))"
        if self.order.writer:
            into.add(f"LOCK {into.table(*self.order.writer.split('.'))}")
        into.add(f"DELETE FROM {named} WHERE {where}")
        into.add(f"INSERT INTO {named} ({columns}) SELECT {columns} FROM {parked} WHERE {where}")
        into.add(f"DELETE FROM ops.redesign_days WHERE {ledger} AND dia = CAST({into.value('day', day)} AS DATE)")
        into.add(
            "INSERT INTO ops.redesign_days (plan, paso, dia, renglones, centavos, huella)\n"
            f"SELECT CAST({key[0]} AS VARCHAR(64)), CAST({key[1]} AS VARCHAR(64)), t.dia, t.renglones, t.centavos,\n"
            "    t.huella\n"
            f"FROM ({self._by_day(into, self.move.parked, f' WHERE {where}')}) AS t"
        )
        return into

    def add_carry(self, into: Statements, where: str) -> None:
        """Finds the days that differ within `where` and makes them equal; the totals stay in `dias_s` and `dias_t`."""
        source, target = self._tables(into)
        columns = into.names(*(c.name for c in self.columns))
        within = f" WHERE {where}" if where else ""
        both = f"{where} AND " if where else ""
        differing = f"{self._day(into)} IN (SELECT dia FROM dias_d)"
        into.add(f"CREATE TEMP TABLE dias_s AS {self._by_day(into, self.move.source, within)}")
        into.add(f"CREATE TEMP TABLE dias_t AS {self._by_day(into, self.move.target, within)}")
        into.add(f"CREATE TEMP TABLE dias_d AS {_DIFFERING}")
        into.add(f"DELETE FROM {target} WHERE {both}{differing}")
        into.add(f"INSERT INTO {target} ({columns}) SELECT {columns} FROM {source} WHERE {both}{differing}")
        into.add("DELETE FROM dias_t WHERE dia IN (SELECT dia FROM dias_d)")
        into.add(f"INSERT INTO dias_t {self._by_day(into, self.move.target, f' WHERE {both}{differing}')}")

    def add_guard(self, into: Statements, plan: str, step: str) -> None:
        """Writes the step into the ledger if every day is equal, at most K rows were moved, and it is not there yet.

        If not, NULL goes into a NOT NULL column and the whole transaction is undone.
        """
        key = (into.value("plan", plan), into.value("step", step))
        into.add(
            "INSERT INTO ops.redesigns (plan, paso, renglones, hecho)\n"
            f"SELECT CAST({key[0]} AS VARCHAR(64)), CAST({key[1]} AS VARCHAR(64)),\n"
            f"    CASE WHEN d.n = 0 AND h.n = 0 AND m.n <= CAST({into.value('most', self.order.most)} AS BIGINT)\n"
            "        THEN a.n END, GETDATE()\n"
            f"FROM (SELECT COUNT(*) AS n FROM ({_DIFFERING}) AS x) AS d\n"
            f"CROSS JOIN (SELECT COUNT(*) AS n FROM ops.redesigns WHERE plan = CAST({key[0]} AS VARCHAR(64))\n"
            f"    AND paso = CAST({key[1]} AS VARCHAR(64))) AS h\n"
            "CROSS JOIN (SELECT COALESCE(SUM(renglones), 0)::BIGINT AS n FROM dias_s\n"
            "    WHERE dia IN (SELECT dia FROM dias_d)) AS m\n"
            "CROSS JOIN (SELECT COALESCE(SUM(renglones), 0)::BIGINT AS n FROM dias_s) AS a"
        )

    def add_old_days(self, into: Statements, plan: str, step: str) -> None:
        """Of the days before `hot_since`, rows and cents of both tables must be equal."""
        if self.order.hot_since is None:
            return
        source, target = self._tables(into)
        old = f" WHERE {into.names(self.order.date_column)} < {_date(into, self.order.hot_since)}"
        sums = [f"(SELECT COUNT(*) AS n, {self._cents(into)} AS c FROM {table}{old})" for table in (source, target)]
        into.add(
            "INSERT INTO ops.redesigns (plan, paso, renglones, hecho)\n"
            f"SELECT CAST({into.value('plan', plan)} AS VARCHAR(64)), "
            f"CAST({into.value('old_step', step + ' old days')} AS VARCHAR(64)),\n"
            "    CASE WHEN s.n = t.n AND s.c = t.c THEN s.n END, GETDATE()\n"
            f"FROM {sums[0]} AS s CROSS JOIN {sums[1]} AS t"
        )

    def hot(self, into: Statements) -> str:
        """The condition for the days that are fingerprinted under the lock; empty for all."""
        if self.order.hot_since is None:
            return ""
        column = into.names(self.order.date_column)
        return f"({column} >= {_date(into, self.order.hot_since)} OR {column} IS NULL)"

    def _tables(self, into: Statements) -> tuple[str, str]:
        return tuple(into.table(self.move.schema, name) for name in (self.move.source, self.move.target))  # type: ignore[return-value]

    def _day(self, into: Statements) -> str:
        return f"COALESCE(CAST({into.names(self.order.date_column)} AS DATE), DATE '0001-01-01')"

    def _cents(self, into: Statements) -> str:
        if not self.order.amount:
            return "CAST(0 AS DECIMAL(38, 0))"
        return f"CAST(COALESCE(SUM({into.names(self.order.amount)}) * 100, 0) AS DECIMAL(38, 0))"

    def _by_day(self, into: Statements, name: str, within: str) -> str:
        texts = (_text(into.names(c.name), c.type) for c in self.columns)
        row = " || ".join(f"COALESCE(CAST(OCTET_LENGTH({t}) AS VARCHAR) || ':' || {t}, '-1:')" for t in texts)
        amount = into.names(self.order.amount) if self.order.amount else "0"
        return (
            "SELECT h.dia, COUNT(*) AS renglones,\n"
            "    CAST(COALESCE(SUM(h.monto) * 100, 0) AS DECIMAL(38, 0)) AS centavos,\n"
            "    CAST(SUM(CAST(STRTOL(h.huella, 16) AS DECIMAL(38, 0))) AS DECIMAL(38, 0)) AS huella\n"
            f"FROM (SELECT {self._day(into)} AS dia, {amount} AS monto, LEFT(MD5({row}), 15) AS huella\n"
            f"    FROM {into.table(self.move.schema, name)}{within}) AS h GROUP BY h.dia"
        )

    def _between(self, into: Statements, month: date) -> str:
        """The month's rows, so that the zone map can skip the others; those without a date are the first month's."""
        after = date(month.year + month.month // 12, month.month % 12 + 1, 1)
        column = into.names(self.order.date_column)
        until = f"{column} < {_date(into, after)}"
        if month <= NO_DATE:
            return f"({until} OR {column} IS NULL)"
        return f"{column} >= {_date(into, month)} AND {until}"


_DIFFERING = (
    "SELECT COALESCE(s.dia, t.dia) AS dia FROM dias_s AS s FULL JOIN dias_t AS t ON s.dia = t.dia\n"
    "WHERE COALESCE(s.renglones, -1) <> COALESCE(t.renglones, -1)\n"
    "    OR COALESCE(s.centavos, 0) <> COALESCE(t.centavos, 0)\n"
    "    OR COALESCE(s.huella, -1) <> COALESCE(t.huella, -1)"
)


def month_of(day: date) -> date:
    """The first of its month."""
    return day.replace(day=1)
