"""A table contract as every engine needs it: plain dataclasses, loadable from the JSON that a Glue job is handed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from podemos.core.errors import ContractViolation

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,126}")


class Kind(StrEnum):
    """How a column's values travel. Dates and times travel as the source's own text."""

    INTEGER = "integer"
    DECIMAL = "decimal"
    TEXT = "text"
    DATE = "date"
    DATETIME = "datetime"

    @property
    def temporal(self) -> bool:
        """Whether the value is carried as source text beside derived columns."""
        return self in (Kind.DATE, Kind.DATETIME)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a source table.

    Attributes:
        precision: total digits of a DECIMAL; fractional digits (0 to 6) of a DATETIME.
        scale: decimals of a DECIMAL.
        length: characters of a TEXT.
        sensitivity: 0 public, 1 internal, 2 personal, 3 secret.
        fingerprint: whether the row text covers it.
    """

    name: str
    kind: Kind
    comment: str
    precision: int = 0
    scale: int = 0
    length: int = 0
    nullable: bool = True
    sensitivity: int = 0
    fingerprint: bool = True


@dataclass(frozen=True, slots=True)
class Parent:
    """A row needs a parent row of the same branch: `column` refers to the parent table's primary key."""

    table: str
    column: str


@dataclass(frozen=True, slots=True)
class Derived:
    """A column of the curated table and the warehouse: `expression` names how it follows from `source`."""

    name: str
    type: str
    expression: str
    source: str
    comment: str


@dataclass(frozen=True, slots=True)
class Table:
    """The contract of one ingested table."""

    name: str
    columns: tuple[Column, ...]
    primary_key: tuple[str, ...]
    cursor: str
    business_date: str | None
    amount: str | None
    parents: tuple[Parent, ...]
    warehouse: str
    comment: str

    def column(self, name: str) -> Column:
        """The column of that name.

        Raises:
            ContractViolation: there is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise ContractViolation(f"table {self.name}: no column {name!r} in its contract")

    @property
    def key(self) -> tuple[str, ...]:
        """The key across branches."""
        return ("id_sucursal", *self.primary_key)

    @property
    def partitioned(self) -> bool:
        """Whether curated data is kept by business day."""
        return self.business_date is not None

    def curated_columns(self) -> tuple[Derived, ...]:
        """Columns of the curated parquet and of the warehouse table, in order (COPY maps by position)."""
        found = [Derived("id_sucursal", "BIGINT", "branch", "", "Sucursal de la que proviene el renglón")]
        for column in self.columns:
            found += _derived(column, business=column.name == self.business_date)
        if self.business_date is not None:
            found.append(
                Derived(
                    "fecha_contable", "DATE", "accounting_day", self.business_date, "Día contable, Ciudad de México"
                )
            )
        found.append(
            Derived("snapshot_seq", "BIGINT", "sequence", "", "Secuencia de la instantánea que vio el renglón")
        )
        found.append(Derived("borrado", "BOOLEAN", "deleted", "", "El renglón ya no está vigente en la sucursal"))
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Table:
        """The inverse of `to_dict`.

        Raises:
            ContractViolation: an identifier is not one.
        """
        columns = tuple(Column(**{**c, "kind": Kind(c["kind"])}) for c in data["columns"])
        for name in [data["name"], *(c.name for c in columns)]:
            identifier(name)
        return cls(
            **{
                **data,
                "columns": columns,
                "primary_key": tuple(data["primary_key"]),
                "parents": tuple(Parent(**p) for p in data["parents"]),
            }
        )


def identifier(name: str) -> str:
    """The name, if it is a plain SQL identifier.

    Raises:
        ContractViolation: it is not; nothing else is ever written into SQL text.
    """
    if not _IDENTIFIER.fullmatch(name):
        raise ContractViolation(f"{name!r} is not a plain identifier (letters, digits, underscore)")
    return name


def _derived(column: Column, *, business: bool) -> list[Derived]:
    """Curated columns of one source column; VARCHAR is bytes on Redshift, hence four per character."""
    name = column.name
    if column.kind is Kind.INTEGER:
        return [Derived(name, "BIGINT", "value", name, column.comment)]
    if column.kind is Kind.DECIMAL:
        return [Derived(name, f"DECIMAL({column.precision},{column.scale})", "value", name, column.comment)]
    if column.kind is Kind.TEXT:
        return [Derived(name, f"VARCHAR({min(65535, 4 * column.length)})", "value", name, column.comment)]
    found = [Derived(f"{name}_origen", "VARCHAR(26)", "value", name, f"{column.comment} (texto de origen)")]
    if column.kind is Kind.DATETIME:
        found.append(Derived(f"{name}_utc", "TIMESTAMP", "instant", name, f"{column.comment} (UTC)"))
    if business or column.kind is Kind.DATE:
        found.append(Derived(name, "DATE", "local_day", name, f"{column.comment} (día local de la sucursal)"))
    return found
