"""Table contracts: `include/config/tables/<table>.yaml`, one file per ingested table."""

from __future__ import annotations

from functools import cache
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from podemos.contracts.loading import Strict, config_file, load
from podemos.core import table as core
from podemos.core.errors import ContractViolation


class ColumnContract(Strict):
    """One column. `type` says how it travels: INTEGER, DECIMAL(p,s), VARCHAR(n), DATE, DATETIME(f).

    BIGINT UNSIGNED travels as DECIMAL(20,0); ENUM, SET, YEAR, TIME and DECIMAL beyond (38,6) as VARCHAR.
    """

    name: str
    type: str = Field(pattern=r"^(INTEGER|DECIMAL\(\d+,\d+\)|VARCHAR\(\d+\)|DATE|DATETIME\([0-6]\))$")
    comment: str = Field(min_length=5)
    nullable: bool = False
    sensitivity: int = Field(default=0, ge=0, le=3)

    @field_validator("name")
    @classmethod
    def _plain(cls, name: str) -> str:
        try:
            return core.identifier(name)
        except ContractViolation as error:
            raise ValueError(str(error)) from None

    @model_validator(mode="after")
    def _exact(self) -> Self:
        kind, numbers = self.shape()
        if kind is core.Kind.DECIMAL and (numbers[0] > 38 or numbers[1] > 6):
            raise ValueError(f"{self.name}: DECIMAL beyond (38,6) is not exact in every engine")
        return self

    def shape(self) -> tuple[core.Kind, list[int]]:
        """Kind and the numbers in parentheses."""
        word, _, rest = self.type.partition("(")
        kind = {"VARCHAR": core.Kind.TEXT}.get(word) or core.Kind(word.lower())
        return kind, [int(n) for n in rest.rstrip(")").split(",") if n]

    def compiled(self) -> core.Column:
        """The column as engines need it."""
        kind, numbers = self.shape()
        return core.Column(
            self.name,
            kind,
            self.comment,
            precision=numbers[0] if kind in (core.Kind.DECIMAL, core.Kind.DATETIME) else 0,
            scale=numbers[1] if kind is core.Kind.DECIMAL else 0,
            length=numbers[0] if kind is core.Kind.TEXT else 0,
            nullable=self.nullable,
            sensitivity=self.sensitivity,
        )


class ParentContract(Strict):
    """A reference to a parent of the same branch."""

    table: str
    column: str


class TableContract(Strict):
    """What a table is, who owns it, and how it is ingested."""

    table: str
    comment: str = Field(min_length=10)
    warehouse: str = Field(pattern=r"^[a-z_]+\.[a-z_]+$")
    columns: tuple[ColumnContract, ...] = Field(min_length=1)
    primary_key: tuple[str, ...] = Field(min_length=1)
    cursor: str
    business_date: str | None = None
    amount: str | None = None
    parents: tuple[ParentContract, ...] = ()
    owner: str
    steward: str
    product: str
    criticality: Literal["tier-1", "tier-2", "tier-3"]
    retention: str
    consumers: tuple[str, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _refers_to_own_columns(self) -> Self:
        names = [column.name for column in self.columns]
        if len(set(names)) != len(names):
            raise ValueError("columns: a name appears twice")
        referred = [*self.primary_key, self.cursor, *(p.column for p in self.parents)]
        referred += [name for name in (self.business_date, self.amount) if name]
        for name in referred:
            if name not in names:
                raise ValueError(f"column {name!r} is referred to but not among columns: {', '.join(names)}")
        for column in self.columns:
            kind = column.shape()[0]
            if column.name in self.primary_key and column.nullable:
                raise ValueError(f"primary key {column.name!r} must not be nullable")
            if column.name == self.cursor and kind is not core.Kind.DATETIME:
                raise ValueError(
                    f"cursor {column.name!r} must be DATETIME: a date or a counter neither sees every change nor tells "
                    "which rows are still to be committed"
                )
            if column.name == self.business_date and not kind.temporal:
                raise ValueError(f"business_date {column.name!r} must be DATE or DATETIME")
            if column.name == self.amount and (kind is not core.Kind.DECIMAL or column.shape()[1][1] != 2):
                raise ValueError(f"amount {column.name!r} must be DECIMAL(p,2): money is exact to the cent")
        return self

    def compiled(self) -> core.Table:
        """The contract as engines need it."""
        return core.Table(
            name=self.table,
            columns=tuple(column.compiled() for column in self.columns),
            primary_key=self.primary_key,
            cursor=self.cursor,
            business_date=self.business_date,
            amount=self.amount,
            parents=tuple(core.Parent(p.table, p.column) for p in self.parents),
            warehouse=self.warehouse,
            comment=self.comment,
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
    return tuple(ordered)
