"""What every table of the warehouse must have. The same rules judge a file and the live catalog."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from podemos.contracts.governance import Card, Rule
from podemos.redshift.facts import Column, Table, quoted

WIDE_OCTETS = 50
"""A text column of at least so many bytes is wide: unencoded it is what fills the blocks of a scan."""
UNENCODED = {None, "none"}
_TEMPORAL = ("DATE", "TIMESTAMP")
CONTRACT_FOLDER = "tables/"

Severity = Literal["critical", "warning"]
Kind = Rule | Literal["columns", "stale_sensitivity", "waiver_expired", "waiver_ends", "waiver_unused", "not_seen"]


@dataclass(frozen=True, slots=True)
class Offence:
    """One thing that is missing, with the line that would put it right.

    Attributes:
        severity: a critical one fails the check; a warning is told.
        where: file and line, or `catalog`.
        column: empty for the table itself.
        add: the line to add, or what to do.
        owner: who is told.
    """

    rule: Kind
    severity: Severity
    where: str
    table: str
    column: str
    what: str
    add: str
    owner: str

    def line(self) -> str:
        """One line for a person."""
        name = f"{self.table}.{self.column}" if self.column else self.table
        return f"{self.where}: {self.severity}: {name}: {self.what} [{self.rule}, {self.owner}]\n    add: {self.add}"

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return asdict(self)


def judge(tables: Iterable[Table], cards: Mapping[str, Card], unlisted_owner: str) -> Iterator[Offence]:
    """Every offence of the tables, in their order.

    Args:
        tables: what is known of them.
        cards: governance by `schema.table`.
        unlisted_owner: whom offences of a table without a card are addressed to.
    """
    for table in tables:
        card = cards.get(table.title)
        owner = card.governed.owner if card else unlisted_owner
        for rule, severity, column, what, add in _found(table, card):
            named = next((c for c in table.columns if c.name == column), None)
            where = (named.where if named and named.where else table.where) or "catalog"
            yield Offence(rule, severity, where, table.title, column, what, add, owner)


_Finding = tuple[Kind, Severity, str, str, str]


def _found(table: Table, card: Card | None) -> Iterator[_Finding]:
    yield from _keys(table)
    if not (table.comment or "").strip():
        yield "comment", "critical", "", "no comment on the table", f"COMMENT ON TABLE {quoted(*table.name)} IS '…';"
    if not table.columns_seen:
        what = "its columns are not written down, so nobody can judge them"
        yield "columns", "critical", "", what, "the columns: CREATE TABLE (…), then INSERT … SELECT"
    for column in table.columns:
        if not (column.comment or "").strip():
            add = f"COMMENT ON COLUMN {quoted(*table.name, column.name)} IS '…';"
            yield "comment", "critical", column.name, "no comment on the column", add
        if _wide(column) and column.encoding in UNENCODED and table.sort[:1] != (column.name,):
            what = f"{column.octets} bytes of text without encoding"
            yield "encoding", "critical", column.name, what, _encode(table, column)
    yield from _sensitivity(table, card)


def _keys(table: Table) -> Iterator[_Finding]:
    name = quoted(*table.name)
    if not table.sort and table.sort_seen:
        column = quoted(_first(table))
        add = f"ALTER TABLE {name} ALTER SORTKEY ({column});" if table.live else f"SORTKEY ({column})"
        yield "sort_key", "critical", "", "no sort key in force; AUTO has none until Redshift picks one", add
    if table.diststyle is None and table.dist_seen:
        add = f"ALTER TABLE {name} ALTER DISTSTYLE EVEN;" if table.live else "DISTSTYLE EVEN"
        other = "or ALL when it is small, or DISTKEY (the column it is joined by)"
        yield "dist_style", "critical", "", "no distribution style is decided", f"{add}  -- {other}"
    if not table.dist_seen or not table.sort_seen:
        what = "keys" if not table.sort_seen else "distribution style"
        why = "SVV_TABLE_INFO omits empty tables, PG_TABLE_DEF those whose schema the user may not use"
        yield (
            "not_seen",
            "warning",
            "",
            f"its {what} cannot be seen: {why}",
            "nothing; the gate over the files judges it",
        )


def _sensitivity(table: Table, card: Card | None) -> Iterator[_Finding]:
    if card is None:
        columns = ", ".join(f"{column.name}: 0" for column in table.columns)
        add = (
            f"to include/config/warehouse_tables.yaml: - {{table: {table.title}, owner: …, steward: …, product: …, "
            f"criticality: tier-3, retention: …, consumers: […], columns: {{{columns}}}}}"
        )
        yield "sensitivity", "critical", "", "no sensitivity class and no owner", add
        return
    names = [column.name for column in table.columns]
    contract = card.source.startswith(CONTRACT_FOLDER)
    for name in names:
        if name not in card.sensitivity:
            add = f"- {{name: {name}, type: …, comment: …, sensitivity: 0}}" if contract else f"{name}: 0"
            yield "sensitivity", "critical", name, "no sensitivity class", f"to include/config/{card.source}: {add}"
    for name in sorted(card.sensitivity.keys() - set(names)) if table.columns_seen else ():
        what, add = (
            "classified, but the table has no such column",
            f"nothing: delete it from include/config/{card.source}",
        )
        yield "stale_sensitivity", "warning", name, what, add


def _wide(column: Column) -> bool:
    return column.octets is not None and column.octets >= WIDE_OCTETS


def _encode(table: Table, column: Column) -> str:
    if table.live:
        return f"ALTER TABLE {quoted(*table.name)} ALTER COLUMN {quoted(column.name)} ENCODE ZSTD;"
    return f"{quoted(column.name)} {column.type} ENCODE ZSTD"


def _first(table: Table) -> str:
    """A column worth proposing as sort key: the first date, else the first column."""
    dated = [c.name for c in table.columns if c.type.upper().startswith(_TEMPORAL)]
    return (dated or [c.name for c in table.columns] or ["…"])[0]
