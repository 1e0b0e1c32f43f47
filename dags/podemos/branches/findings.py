"""What is wrong with a table as a source, each with its remedy at the branch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from podemos.branches.column_types import carried
from podemos.branches.inspection import LiveColumn, LiveTable


class Weight(StrEnum):
    """How much a finding matters."""

    BLOCKS = "blocks"  # rows would be lost, or nothing could be pulled
    COSTS = "costs"  # it works, at the branch's expense, or later
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know; `where` is a column or what else it is about."""

    weight: Weight
    where: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.weight}: {self.where}: {self.what}. Remedy: {self.remedy}."


@dataclass(frozen=True, slots=True)
class Roles:
    """Which columns do what."""

    key: tuple[str, ...]
    cursor: str | None
    business_date: str | None
    amount: str | None


_blocks, _costs, _note = (partial(Finding, weight) for weight in Weight)


def findings(live: LiveTable, roles: Roles) -> list[Finding]:
    """Everything, the worst first."""
    found = [*_table(live), *_key(live, roles), *_cursor(live, roles), *_business_date(live, roles)]
    found += [finding for column in live.columns for finding in _column(column)]
    found += _server(live, roles)
    return sorted(found, key=lambda finding: list(Weight).index(finding.weight))


def _table(live: LiveTable) -> Iterator[Finding]:
    if live.view:
        yield _blocks(live.name, "a view has neither key nor index", "inspect the table behind it")
    elif live.engine.lower() != "innodb":
        what = f"engine {live.engine} has no consistent snapshot: a page may show half a change"
        yield _blocks(live.name, what, f"ALTER TABLE {live.name} ENGINE = InnoDB")


def _key(live: LiveTable, roles: Roles) -> Iterator[Finding]:
    present = {column.name for column in live.columns}
    columns = ", ".join(roles.key)
    if not present.issuperset(roles.key):
        add = f"ALTER TABLE {live.name} ADD COLUMN {columns} BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY"
        what = "no primary key that can be carried: a row cannot be told from its next version"
        yield _blocks("primary key", what, f"{add}, which the proposal assumes")
    elif not any(index.name == "PRIMARY" and index.columns == roles.key for index in live.indexes):
        what = f"the unique index ({columns}) serves as the key while it stays unique and NOT NULL"
        yield _costs("primary key", what, f"ALTER TABLE {live.name} ADD PRIMARY KEY ({columns})")
    for index in live.indexes:
        if null := ", ".join(name for name in index.columns if index.unique and live.column(name).nullable):
            what = f"unique index {index.name} admits NULL keys, of which there may be many: it is no key"
            yield _note(null, what, f"declare {null} NOT NULL to use it as one")


def _cursor(live: LiveTable, roles: Roles) -> Iterator[Finding]:
    name, key = roles.cursor, ", ".join(roles.key)
    add = f"ADD COLUMN updated_at DATETIME(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6), ADD INDEX (updated_at, {key})"
    remedy = f"ALTER TABLE {live.name} {add}, and name it as cursor"
    if name is None:
        what = "no DATETIME or TIMESTAMP that a change of the row moves: each pull has the server compute the table's "
        yield _costs("cursor", f"{what}fingerprint, and reads all ~{live.rows} rows when it differs", remedy)
        return
    column = live.column(name)
    if column.type not in ("datetime", "timestamp"):
        what = "a counter sees new rows only: changes, deletes and rows that commit late are left to the fingerprint"
        yield _costs(name, what, remedy)
        return
    digits = f"({column.fraction})" if column.fraction else ""
    change = f"ALTER TABLE {live.name} MODIFY {name} {column.type.upper()}{digits} NOT NULL"
    if column.nullable:
        what = "the cursor may be NULL: later rows without it are left to the fingerprint"
        yield _costs(name, what, change)
    if not live.indexed(name) and not live.view:
        what = f"no index begins with the cursor: every page reads all ~{live.rows} rows"
        yield _costs(name, what, f"CREATE INDEX por_cursor ON {live.name} ({name}, {key})")
    if not column.touched:
        what = "the cursor is not ON UPDATE CURRENT_TIMESTAMP: a change that forgets it is left to the fingerprint pass"
        now = f"NOW({column.fraction or ''})"
        yield _costs(name, what, f"{change} DEFAULT {now} ON UPDATE {now}")


def _business_date(live: LiveTable, roles: Roles) -> Iterator[Finding]:
    name = roles.business_date
    if name is None:
        what = "none: the fingerprint reads the whole table, and it is curated as one"
        yield _note("business date", what, "name one with --business-date if rows belong to days")
        return
    if live.column(name).type == "timestamp":
        what = "a TIMESTAMP: its day is that of the server's sessions, which may not be the branch's"
        yield _note(name, what, "see server_zone in branches.yaml")
    if not live.indexed(name) and not live.view:
        what = f"no index begins with the business date: the fingerprint reads all ~{live.rows} rows each time"
        yield _costs(name, what, f"CREATE INDEX por_fecha ON {live.name} ({name})")
    if live.column(name).nullable:
        yield _costs(
            name, "rows without a business date belong to no day: they are not certified", "declare it NOT NULL"
        )


def _column(column: LiveColumn) -> Iterator[Finding]:
    how = carried(column)
    if column.type in ("float", "double"):
        yield _costs(column.name, how.why, how.remedy)
    elif how.type and how.why:
        yield _note(column.name, how.why, how.remedy)
    elif not how.type:
        yield _costs(column.name, f"left out: {how.why}", how.remedy)


def _server(live: LiveTable, roles: Roles) -> Iterator[Finding]:
    stamps = [column.name for column in live.columns if column.type == "timestamp"]
    if stamps:
        sign, minutes = "-" if live.offset < 0 else "+", abs(live.offset)
        shown = f"UTC{sign}{minutes // 60:02d}:{minutes % 60:02d}"
        what = f"its sessions are at {shown} now, in which {', '.join(stamps)} (TIMESTAMP) is shown"
        yield _note("zone", what, "unless that is the branch's own zone, give its server_zone in branches.yaml")
    if live.replica:
        what = "a replica: rows appear late with older cursors, and its primary's transactions are not seen"
        yield _blocks("server", what, "connect to the primary")
    if live.process:
        what = "the user has PROCESS, which also shows every session's SQL: `hold_back: transactions` works"
        yield _note("hold-back", what, "set it in branches.yaml, or revoke PROCESS")
    else:
        what = "the user lacks PROCESS: the watermark is held back by `lag_seconds`"
        yield _note("hold-back", what, "nothing, if no transaction here is open for longer")
