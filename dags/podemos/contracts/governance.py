"""Who answers for a table, and what is sensitive in it: `include/config/warehouse_tables.yaml` and the table contracts.

A table of a contract states it there; every other table of the warehouse has an entry in warehouse_tables.yaml.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from podemos.contracts.loading import Strict, config_file, load
from podemos.core.errors import ContractViolation

QUALIFIED = r"^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$"
Rule = Literal["sort_key", "dist_style", "comment", "encoding", "sensitivity"]


class Governed(Strict):
    """Who answers for a table and who needs it."""

    owner: str
    steward: str
    product: str
    criticality: Literal["tier-1", "tier-2", "tier-3"]
    retention: str
    consumers: tuple[str, ...] = Field(min_length=1)


class WarehouseTable(Governed):
    """A table of the warehouse that no contract generates."""

    table: str = Field(pattern=QUALIFIED)
    columns: dict[str, Annotated[int, Field(ge=0, le=3)]] = Field(
        min_length=1, description="sensitivity of every column: 0 public, 1 internal, 2 personal, 3 secret"
    )


class Waiver(Strict):
    """One offence that somebody answers for until a day."""

    rule: Rule
    table: str = Field(pattern=QUALIFIED)
    column: str | None = Field(default=None, description="left out: of the table and of all its columns")
    owner: str = Field(min_length=2)
    reason: str = Field(min_length=10)
    until: date = Field(description="the last day it holds")


class WarehouseTables(Strict):
    """`include/config/warehouse_tables.yaml`."""

    unlisted_owner: str = Field(description="who is told about a table that nobody has listed")
    teams: dict[str, Annotated[str, Field(pattern=r"^@[\w-]+(/[\w-]+)?$")]] = Field(
        min_length=1, description="owner -> the account that reviews for it"
    )
    tables: tuple[WarehouseTable, ...]
    waivers: tuple[Waiver, ...] = ()

    @model_validator(mode="after")
    def _unique(self) -> Self:
        names = [found.table for found in self.tables]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"table {', '.join(twice)} is listed twice")
        for owner in (self.unlisted_owner, *(found.owner for found in self.tables)):
            if owner not in self.teams:
                raise ValueError(f"owner {owner!r} is not among teams: {', '.join(self.teams)}")
        return self

    def team(self, owner: str) -> str:
        """The account that reviews for an owner.

        Raises:
            ContractViolation: the owner is no team.
        """
        if owner not in self.teams:
            raise ContractViolation(
                f"owner {owner!r} is not among teams of warehouse_tables.yaml: {', '.join(self.teams)}"
            )
        return self.teams[owner]


@dataclass(frozen=True, slots=True)
class Card:
    """What governance knows about one table of the warehouse.

    Attributes:
        source: the configuration file that says so.
        sensitivity: class of each column.
    """

    table: str
    source: str
    governed: Governed
    sensitivity: dict[str, int]


@cache
def warehouse_tables() -> WarehouseTables:
    """The listed tables and the waivers."""
    return load(WarehouseTables, config_file("warehouse_tables.yaml"))
