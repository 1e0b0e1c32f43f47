"""A table contract as every engine needs it: plain dataclasses, loadable from the JSON that a Glue job is handed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from podemos.core.errors import ContractViolation

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,126}")
_MYSQL_NAME = 64
WAREHOUSE_BYTES = 65_535
"""A VARCHAR of the warehouse holds no more."""
WAREHOUSE_CHARACTERS = WAREHOUSE_BYTES // 4


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


class Read(StrEnum):
    """How the branch's server is asked for a column: as it is, or turned into text or a number that every engine holds.

    `INSTANT` is a TIMESTAMP: as it is, but in the zone of the server's sessions instead of the branch's. `BYTES` is a
    text in utf8mb3: its own bytes, which are UTF-8, where the server would put a question mark for those that are not.
    `UTF8` is a text that is known to be in utf8mb4: it is sent as it lies there.
    """

    PLAIN = "plain"
    ENUM = "enum"
    BITS = "bits"
    HEX = "hex"
    REAL = "real"
    INSTANT = "instant"
    BYTES = "bytes"
    UTF8 = "utf8"


class Cursor(StrEnum):
    """How a pull knows what is new: by a time that every change moves, by a growing number, or not at all."""

    CHANGES = "changes"
    COUNTER = "counter"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a source table.

    Attributes:
        name: in lake and warehouse; lower case.
        precision: total digits of a DECIMAL; fractional digits (0 to 6) of a DATETIME.
        scale: decimals of a DECIMAL.
        length: characters of a TEXT.
        sensitivity: 0 public, 1 internal, 2 personal, 3 secret.
        fingerprint: whether the row text covers it. A text that it does not cover may be of any length: the lake holds
            it whole, the warehouse its beginning.
        source: its name at the branch, when that is another one.
        lenient: a text that is no date (zero dates) stays, without a derived date, instead of parking the row.
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
    source: str = ""
    read: Read = Read.PLAIN
    lenient: bool = False

    @property
    def at_branch(self) -> str:
        """Its name at the branch."""
        return self.source or self.name

    @property
    def unbounded(self) -> bool:
        """Whether its text may be longer than the warehouse holds."""
        return self.kind is Kind.TEXT and not self.fingerprint and self.read is not Read.REAL


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
    cursor: str | None
    business_date: str | None
    amount: str | None
    parents: tuple[Parent, ...]
    warehouse: str
    comment: str
    source: str = ""

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
    def at_branch(self) -> str:
        """The table's name at the branch."""
        return self.source or self.name

    @property
    def staging(self) -> str:
        """The warehouse table that a COPY fills: the same name in `staging`."""
        return f"staging.{self.warehouse.partition('.')[2]}"

    @property
    def writer(self) -> str:
        """The warehouse table that a load locks: the mutex of those who write `warehouse`."""
        return f"ops.writer_{self.name}"

    @property
    def order(self) -> tuple[str, ...]:
        """What a pull's pages are ordered by: the cursor, then the key."""
        return tuple(dict.fromkeys(([self.cursor] if self.cursor else []) + list(self.primary_key)))

    @property
    def cursor_form(self) -> Cursor:
        """How a pull knows what is new."""
        if self.cursor is None:
            return Cursor.NONE
        return Cursor.CHANGES if self.column(self.cursor).kind is Kind.DATETIME else Cursor.COUNTER

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

    def sensitivities(self) -> dict[str, int]:
        """Sensitivity of each curated column: its source's; what the platform adds is 0."""
        classes = {column.name: column.sensitivity for column in self.columns}
        return {found.name: classes.get(found.source, 0) for found in self.curated_columns()}

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Table:
        """The inverse of `to_dict`.

        Raises:
            ContractViolation: an identifier is not one.
        """
        columns = tuple(
            Column(**{**c, "kind": Kind(c["kind"]), "read": Read(c.get("read", Read.PLAIN))}) for c in data["columns"]
        )
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


def branch_identifier(name: str) -> str:
    """A table's or column's name as MySQL takes it, in backticks. A branch may call things what it likes.

    Raises:
        ContractViolation: it is empty or too long, or holds a character that no name has.
    """
    if not 0 < len(name) <= _MYSQL_NAME or not name.isprintable() or "`" in name:
        raise ContractViolation(f"{name!r} is no name that MySQL gives to a table or column")
    return f"`{name}`"


def _derived(column: Column, *, business: bool) -> list[Derived]:
    """Curated columns of one source column; VARCHAR is bytes on Redshift, hence four per character."""
    name = column.name
    if column.kind is Kind.INTEGER:
        return [Derived(name, "BIGINT", "value", name, column.comment)]
    if column.kind is Kind.DECIMAL:
        return [Derived(name, f"DECIMAL({column.precision},{column.scale})", "value", name, column.comment)]
    if column.kind is Kind.TEXT:
        return [Derived(name, f"VARCHAR({_octets(column)})", "value", name, column.comment)]
    found = [Derived(f"{name}_origen", "VARCHAR(26)", "value", name, f"{column.comment} (texto de origen)")]
    if column.kind is Kind.DATETIME:
        found.append(Derived(f"{name}_utc", "TIMESTAMP", "instant", name, f"{column.comment} (UTC)"))
    if business or column.kind is Kind.DATE:
        found.append(Derived(name, "DATE", "local_day", name, f"{column.comment} (día local de la sucursal)"))
    return found


def _octets(column: Column) -> int:
    """Hexadecimal digits, bits and numbers take one octet a character, text up to four."""
    if column.unbounded:
        return WAREHOUSE_BYTES
    return min(WAREHOUSE_BYTES, column.length * (1 if column.read in (Read.HEX, Read.REAL) else 4))
