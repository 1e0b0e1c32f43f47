"""What a query asks of each table, in the form that a simulation needs; nothing here knows SQL."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

Name = tuple[str, str]
"""(schema, table), folded to lower case as Redshift does, quoted or not."""
Value = str | Decimal | date | datetime
"""A constant: text as written (dates too, unless they were computed), or a number."""


@dataclass(frozen=True, slots=True)
class Range:
    """`column` between two constants; None is open. A point has both ends equal."""

    column: str
    low: Value | None
    high: Value | None
    low_open: bool = False
    high_open: bool = False

    @property
    def point(self) -> bool:
        """Whether it is one value."""
        return self.low is not None and self.low == self.high


@dataclass(frozen=True, slots=True)
class Guess:
    """A restriction by something that is known only when the query runs: a parameter, a scalar subquery."""

    column: str
    point: bool


@dataclass(frozen=True, slots=True)
class Opaque:
    """A condition that no zone map can use: a function over the column, LIKE '%x', another table's column."""


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any:
    """One part holds."""

    parts: tuple[Condition, ...]


Condition = Range | Guess | Opaque | All | Any
TRUE = All(())


@dataclass(frozen=True, slots=True, order=True)
class ColumnRef:
    """A column of a table of the warehouse."""

    table: Name
    column: str


@dataclass(frozen=True, slots=True)
class Use:
    """One occurrence of a table in a query.

    Attributes:
        columns: what is read of it; None is everything (`*`).
        filtered: the columns that conditions name, prunable or not, but for those that only join.
    """

    table: Name
    columns: frozenset[str] | None
    condition: Condition = TRUE
    filtered: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Join:
    """Equal columns of two occurrences, by their position in `Query.uses`."""

    left: int
    left_column: str
    right: int
    right_column: str


@dataclass(frozen=True, slots=True)
class Query:
    """One text of the log.

    Attributes:
        seconds: over all its runs: time x frequency, the weight.
        groups: columns of GROUP BY and DISTINCT, by table, as sets that belong together.
    """

    text: str
    seconds: float
    runs: int
    uses: tuple[Use, ...]
    joins: tuple[Join, ...] = ()
    groups: tuple[frozenset[ColumnRef], ...] = ()

    def weighing(self, seconds: float, runs: int) -> Query:
        """The same query with another weight."""
        return replace(self, seconds=seconds, runs=runs)

    def of(self, table: Name) -> list[tuple[int, Use]]:
        """The occurrences of a table, with their positions."""
        return [(n, use) for n, use in enumerate(self.uses) if use.table == table]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A statement that says nothing about a design, or that cannot be read, and why."""

    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Workload:
    """A query log, read.

    Attributes:
        days: from its first run to its last; 0 if it does not say when they were.
    """

    queries: tuple[Query, ...]
    skipped: tuple[Skipped, ...] = ()
    days: float = 0.0

    def tables(self) -> dict[Name, float]:
        """Every table, with the seconds of the queries that read it, the heaviest first."""
        found: dict[Name, float] = {}
        for query in self.queries:
            for name in {use.table for use in query.uses}:
                found[name] = found.get(name, 0.0) + query.seconds
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def reasons(self) -> dict[str, int]:
        """How many statements were skipped, by reason."""
        found: dict[str, int] = {}
        for skipped in self.skipped:
            found[skipped.reason] = found.get(skipped.reason, 0) + 1
        return dict(sorted(found.items()))


def ranges(condition: Condition) -> list[Range | Guess]:
    """The restrictions that a zone map could use, wherever they stand."""
    match condition:
        case Range() | Guess():
            return [condition]
        case All(parts) | Any(parts):
            return [found for part in parts for found in ranges(part)]
        case _:
            return []
