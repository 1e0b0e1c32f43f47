"""Table contracts: `include/config/tables/<table>.yaml`, one file per ingested table."""

from __future__ import annotations

from functools import cache
from typing import Self

from pydantic import Field, model_validator

from podemos.contracts.columns import ColumnContract
from podemos.contracts.governance import Governed
from podemos.contracts.loading import Strict, config_file, load
from podemos.core import table as core
from podemos.core.errors import ContractViolation


class ParentContract(Strict):
    """A reference to a parent of the same branch."""

    table: str
    column: str


class TableContract(Governed):
    """What a table is, who owns it, and how it is ingested.

    `cursor` is a DATETIME or TIMESTAMP that every change moves (later rows with NULL there: left to the fingerprint);
    or an INTEGER that only grows, of a table that is only appended to; or left out: then the branch's server computes
    the table's fingerprint at each pull, and the table is read whole when it differs.
    """

    table: str
    source: str | None = Field(default=None, description="its name at the branch, when that is another one")
    comment: str = Field(min_length=10)
    warehouse: str = Field(pattern=r"^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$")
    columns: tuple[ColumnContract, ...] = Field(min_length=1)
    primary_key: tuple[str, ...] = Field(min_length=1)
    cursor: str | None = None
    business_date: str | None = None
    amount: str | None = None
    parents: tuple[ParentContract, ...] = ()

    @model_validator(mode="after")
    def _named(self) -> Self:
        try:
            if core.identifier(self.table) != self.table.lower():
                raise ValueError(f"table {self.table!r}: give a name in lower case, and source: {self.table}")
            core.branch_identifier(self.source or self.table)
        except ContractViolation as error:
            raise ValueError(str(error)) from None
        return self

    @model_validator(mode="after")
    def _refers_to_own_columns(self) -> Self:
        names = [column.lake_name for column in self.columns]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"columns: {', '.join(twice)} appears twice; `as:` gives a column another name")
        referred = [*self.primary_key, *(p.column for p in self.parents)]
        for name in [*referred, *(name for name in (self.cursor, self.business_date, self.amount) if name)]:
            self._column(name)
        derived = [found.name for found in self.compiled().curated_columns()]
        if twice := sorted({name for name in derived if derived.count(name) > 1}):
            raise ValueError(
                f"columns: {', '.join(twice)} is also derived from a date; give one another name with `as:`"
            )
        return self

    @model_validator(mode="after")
    def _roles_fit(self) -> Self:
        for column in map(self._column, self.primary_key):
            if column.nullable:
                raise ValueError(f"primary key {column.name!r} must not be nullable: a row without a key is no row")
            if not column.fingerprint:
                raise ValueError(f"primary key {column.name!r} must be covered by the fingerprint")
        if self.cursor is not None:
            column = self._column(self.cursor)
            kind = column.compiled().kind
            if kind not in (core.Kind.DATETIME, core.Kind.INTEGER) and column.type != "DECIMAL(20,0)":
                raise ValueError(
                    f"cursor {column.name!r} must be DATETIME or TIMESTAMP, or an INTEGER that only grows; leave it "
                    "out if there is none: a date sees neither changes nor late rows"
                )
        if self.business_date is not None:
            column = self._column(self.business_date)
            if not column.compiled().kind.temporal:
                raise ValueError(f"business_date {column.name!r} must be DATE, DATETIME or TIMESTAMP")
            if column.impossible == "keep" or not column.fingerprint:
                raise ValueError(f"business_date {column.name!r}: a row belongs to a day, which its fingerprint proves")
        if self.amount is not None:
            column = self._column(self.amount)
            if (
                column.compiled().kind is not core.Kind.DECIMAL
                or column.compiled().scale != 2
                or not column.fingerprint
            ):
                raise ValueError(f"amount {column.name!r} must be DECIMAL(p,2): money is exact to the cent")
        covered = sum(column.octets for column in self.columns if column.fingerprint)
        if covered > core.WAREHOUSE_BYTES:
            raise ValueError(
                f"the columns that the fingerprint covers may hold {covered} bytes, the warehouse compares "
                f"{core.WAREHOUSE_BYTES}; declare what they really hold, or mark the longest `fingerprint: false`"
            )
        return self

    def _column(self, name: str) -> ColumnContract:
        for column in self.columns:
            if name.lower() in (column.lake_name, column.name.lower()):
                return column
        names = ", ".join(column.name for column in self.columns)
        raise ValueError(f"column {name!r} is referred to but not among columns: {names}")

    def _lake(self, name: str | None) -> str | None:
        return self._column(name).lake_name if name else None

    def compiled(self) -> core.Table:
        """The contract as engines need it."""
        return core.Table(
            name=self.table,
            columns=tuple(column.compiled() for column in self.columns),
            primary_key=tuple(self._column(name).lake_name for name in self.primary_key),
            cursor=self._lake(self.cursor),
            business_date=self._lake(self.business_date),
            amount=self._lake(self.amount),
            parents=tuple(core.Parent(p.table, self._column(p.column).lake_name) for p in self.parents),
            warehouse=self.warehouse,
            comment=self.comment,
            source=self.source or "",
        )


@cache
def contract(name: str) -> TableContract:
    """The contract of one table.

    Raises:
        ContractViolation: there is no such file, or it does not fit.
    """
    found = load(TableContract, config_file(f"tables/{core.identifier(name)}.yaml"))
    if found.table != name:
        raise ContractViolation(f"tables/{name}.yaml: table is {found.table!r}, the file's name says {name!r}")
    return found


def tables(names: tuple[str, ...]) -> tuple[core.Table, ...]:
    """Compiled contracts, parents before children.

    Raises:
        ContractViolation: a parent is not ingested, or parents form a circle.
    """
    waiting = {name: contract(name).compiled() for name in names}
    ordered: list[core.Table] = []
    while waiting:
        done = {t.name for t in ordered}
        ready = [t for t in waiting.values() if {p.table for p in t.parents} <= done]
        if not ready:
            raise ContractViolation(f"tables {', '.join(waiting)}: a parent is missing from branches.yaml, or a circle")
        ordered += ready
        for table in ready:
            del waiting[table.name]
    _check_references(ordered)
    return tuple(ordered)


def _check_references(tables: list[core.Table]) -> None:
    by_name = {table.name: table for table in tables}
    for table in tables:
        for parent in table.parents:
            if len(by_name[parent.table].primary_key) != 1:
                raise ContractViolation(
                    f"tables/{table.name}.yaml: parent {parent.table} has a key of several columns; leave it out"
                )
    targets = [table.warehouse.partition(".")[2] for table in tables]
    if twice := sorted({target for target in targets if targets.count(target) > 1}):
        raise ContractViolation(f"tables: {', '.join(twice)} names the warehouse table of two contracts; rename one")
