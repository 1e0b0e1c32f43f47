"""Evaluates the statements of `podemos.branches.query` over a snapshot, from their exact text.

Only the shapes that the shipped code sends are understood; anything else is an error. Real MariaDB judges the same
texts in `mariadb.py`, and a test compares the two.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from functools import lru_cache

from bench.chaos_branches.source import COLUMNS, TABLES, Content, Row, Source
from podemos.core.table import Kind

Answer = list[tuple[bytes | None, ...]]
_PAGE = re.compile(r"SELECT (?P<columns>`.*?) FROM `(?P<table>\w+)`(?: WHERE (?P<where>.*))? ORDER BY (?P<order>.*) "
                   r"LIMIT (?P<limit>\d+)")  # fmt: skip
_PRINTS = re.compile(
    r"SELECT (?P<day>''|CAST\(DATE\(`(?P<date>\w+)`\) AS CHAR\)), COUNT\(\*\) AS n, (?P<cents>.*?) AS cents, "
    r"(?P<digest>.*) AS digest FROM `(?P<table>\w+)`(?: WHERE (?P<where>.*?) GROUP BY DATE\(`\w+`\))?"
)
_PIECE = re.compile(r" WHERE (`\w+`) >= '\S+' AND \1 < '\S+' GROUP BY DATE\(\1\)$")
_RANGES = re.compile(
    r"SELECT (?P<number>IF\(.*?\)), COUNT\(\*\) AS n, (?P<cents>.*?) AS cents, (?P<digest>.*) AS digest "
    r"FROM `(?P<table>\w+)`(?: WHERE (?P<where>.*))? GROUP BY 1"
)
_CLOCK = re.compile(r"SELECT NOW\(6\), CURDATE\(\), FROM_UNIXTIME\(UNIX_TIMESTAMP\(\) - (\d+)\), .*")
_WRITERS = re.compile(
    r"SELECT 'clock', NOW\(6\), CURDATE\(\), FROM_UNIXTIME\(UNIX_TIMESTAMP\(\) - (\d+)\), @@read_only, "
)
_TOKEN = re.compile(r"\s*(IF\(|,|`\w+`|'[^']*'|_utf8mb4 0x[0-9a-f]*|-?\d+(?:\.\d+)?|>=|<=|>|<|=|\(|\)|AND|OR)")
Test = Callable[[Row], bool]


def clock(source: Source, sql: str) -> Answer | None:
    """The server's clock, if the statement asks for it."""
    if (found := _CLOCK.fullmatch(sql)) is None:
        return None
    text = source.text()
    return [_encoded(text, text[:10], source.past(int(found[1])), "")]


def writers(source: Source, sql: str, pause: Callable[[], None]) -> Answer | None:
    """Clock, running statements, transactions and our own, in this order, with time passing between the parts."""
    if (found := _WRITERS.match(sql)) is None:
        return None
    text = source.text()
    answer = [_encoded("clock", text, text[:10], source.past(int(found[1])), "0", "")]
    pause()
    for number, tx in source.open.items():
        if tx.running:
            age = str(max(0, int(source.clock() - tx.running[0])))
            answer.append(_encoded("statement", str(number), age, age, "", ""))
    pause()
    answer.append(_encoded("own", "7", "0.0000", "0.0000", "", ""))
    for number, tx in source.open.items():
        if tx.writes:
            age = f"{source.clock() - tx.begun:.4f}"
            answer.append(_encoded("transaction", str(number), age, age, "", ""))
    return answer


def rows(content: Content, sql: str) -> tuple[str, list[str], Answer] | None:
    """Table, columns and rows of a page."""
    if (found := _PAGE.fullmatch(sql)) is None:
        return None
    table = found["table"]
    columns, order = _names(found["columns"]), _names(found["order"])
    chosen = content[table].values()
    kept = list(filter(_where(table, found["where"]), chosen)) if found["where"] else list(chosen)
    keys = [_comparable(table, name) for name in order]
    kept.sort(key=lambda row: tuple(key(row) for key in keys))
    kept = kept[: int(found["limit"])]
    at = [COLUMNS[table].index(name) for name in columns]
    return table, columns, [tuple(row[place] for place in at) for row in kept]


def fingerprints(content: Content, sql: str) -> tuple[str, list[str], Answer] | None:
    """Table, columns and control totals; count, cents and digest by day."""
    if len(selects := re.split(" UNION ALL (?=SELECT CAST)", sql)) > 1:
        each = [found for one in selects if (found := fingerprints(content, one))]
        return (*each[0][:2], [row for _, _, answer in each for row in answer]) if len(each) == len(selects) else None
    if (found := _PRINTS.fullmatch(sql) or _RANGES.fullmatch(sql)) is None:
        return None
    groups = found.groupdict()
    table = found["table"]
    covered = tuple(re.findall(r"LENGTH\((?:CONVERT\(|IF\(CHARSET\()?`(\w+)`", found["digest"]))
    amount = re.search(r"SUM\(`(\w+)`\)", found["cents"])
    names = COLUMNS[table]
    at = tuple(names.index(name) for name in covered)
    money = names.index(amount[1]) if amount else None
    date = names.index(groups["date"]) if groups.get("date") else None
    group = _number(table, groups["number"]) if "number" in groups else lambda row: _day(row, date)
    test = _where(table, found["where"]) if found["where"] else None
    totals: dict[bytes | None, list[int]] = {} if date is not None or "number" in groups else {b"": [0, 0, 0]}
    for row in content[table].values():
        if test is not None and not test(row):
            continue
        total = totals.setdefault(group(row), [0, 0, 0])
        total[0] += 1
        total[1] += _cents(row[money]) if money is not None else 0
        total[2] += _digest(row, at)
    answer: Answer = [(day, *(b"%d" % value for value in total)) for day, total in totals.items()]
    return table, [*covered], answer


def is_piece(sql: str) -> bool:
    """Whether these are control totals of some days, between the pages of a table."""
    return " UNION ALL " not in sql and _PIECE.search(sql) is not None


def _day(row: Row, date: int | None) -> bytes | None:
    return b"" if date is None else (row[date] or b"")[:10] or None


@lru_cache(200_000)
def _digest(row: Row, at: tuple[int, ...]) -> int:
    parts = [b"-1:" if (value := row[place]) is None else b"%d:%b" % (len(value), value) for place in at]
    return int(hashlib.md5(b"".join(parts), usedforsecurity=False).hexdigest()[:15], 16)


@lru_cache(10_000)
def _cents(value: bytes | None) -> int:
    whole, _, rest = (value or b"0.00").decode().partition(".")
    return int(whole + rest)


@lru_cache(64)
def _names(text: str) -> list[str]:
    return re.findall(r"`(\w+)`", text)


@lru_cache(64)
def _comparable(table: str, name: str) -> Callable[[Row], object]:
    at, column = COLUMNS[table].index(name), TABLES[table].column(name)
    if column.kind is Kind.INTEGER:
        return lambda row: int(row[at] or 0)
    if column.kind is Kind.DATETIME and column.precision == 6:
        return lambda row: row[at]
    if column.kind.temporal:
        return lambda row: _moment(row[at] or b"")
    return lambda row: row[at]


def _moment(text: bytes) -> bytes:
    """A DATETIME to the microsecond, as text that compares as it."""
    if len(text) == 10:
        text += b" 00:00:00"
    return text + b".000000" if len(text) == 19 else text.ljust(26, b"0")


@lru_cache(50_000)
def _number(table: str, text: str) -> Callable[[Row], bytes]:
    """A tree of ``IF(condition, tree, tree)`` with numbers at its ends."""
    found, rest = _tree(table, _tokens(text))
    if rest:
        raise ValueError(f"not understood: {text}")
    return found


def _tree(table: str, tokens: list[str]) -> tuple[Callable[[Row], bytes], list[str]]:
    if tokens[0] != "IF(":
        number = tokens[0].encode()
        return lambda row: number, tokens[1:]
    test, rest = _either(table, tokens[1:])
    one, rest = _tree(table, rest[1:])
    other, rest = _tree(table, rest[1:])
    return lambda row: one(row) if test(row) else other(row), rest[1:]


def _tokens(text: str) -> list[str]:
    tokens = _TOKEN.findall(text)
    if "".join(tokens).replace(" ", "") != text.replace(" ", ""):
        raise ValueError(f"not understood: {text}")
    return tokens


@lru_cache(50_000)
def _where(table: str, text: str) -> Test:
    test, rest = _either(table, _tokens(text))
    if rest:
        raise ValueError(f"not understood: {text}")
    return test


def _either(table: str, tokens: list[str]) -> tuple[Test, list[str]]:
    one, tokens = _both(table, tokens)
    while tokens and tokens[0] == "OR":
        other, tokens = _both(table, tokens[1:])
        one = (lambda a, b: lambda row: a(row) or b(row))(one, other)
    return one, tokens


def _both(table: str, tokens: list[str]) -> tuple[Test, list[str]]:
    one, tokens = _single(table, tokens)
    while tokens and tokens[0] == "AND":
        other, tokens = _single(table, tokens[1:])
        one = (lambda a, b: lambda row: a(row) and b(row))(one, other)
    return one, tokens


def _single(table: str, tokens: list[str]) -> tuple[Test, list[str]]:
    if tokens[0] == "(":
        inner, rest = _either(table, tokens[1:])
        return inner, rest[1:]
    name, operator, literal, *rest = tokens
    column = TABLES[table].column(name.strip("`"))
    get = _comparable(table, column.name)
    value: object = int(literal) if column.kind is Kind.INTEGER else literal.strip("'").encode()
    if column.kind.temporal:
        value = _moment(literal.strip("'").encode())
    compare: dict[str, Test] = {
        ">=": lambda row: get(row) >= value,  # type: ignore[operator]
        ">": lambda row: get(row) > value,  # type: ignore[operator]
        "<": lambda row: get(row) < value,  # type: ignore[operator]
        "=": lambda row: get(row) == value,
    }
    return compare[operator], rest


def _encoded(*values: str) -> tuple[bytes | None, ...]:
    return tuple(value.encode() for value in values)
