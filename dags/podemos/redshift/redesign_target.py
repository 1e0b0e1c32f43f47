"""What a redesign is asked for: the table, the design it shall have, and what must hold on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from podemos.core.errors import ContractViolation
from podemos.core.table import identifier

SHADOW = "__rediseno"
"""The table that is being built; after a rollback, the design that was taken back."""
BEFORE = "__antes"
"""The table that was replaced, kept until `finish`."""
_STYLES = ("EVEN", "ALL", "KEY")


@dataclass(frozen=True, slots=True)
class Design:
    """Keys and encodings.

    Attributes:
        distkey: the column, for style KEY only.
        sortkey: compound, in order.
        encodings: by column, lower case; a column that is left out gets AZ64, or ZSTD for texts and booleans, and the
            first sort column RAW.
    """

    diststyle: str
    distkey: str = ""
    sortkey: tuple[str, ...] = ()
    encodings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.diststyle not in _STYLES or (self.diststyle == "KEY") != bool(self.distkey) or not self.sortkey:
            raise ContractViolation(
                f"design: DISTSTYLE {self.diststyle or '?'} DISTKEY ({self.distkey}) "
                f"SORTKEY ({', '.join(self.sortkey)}): a style of EVEN, ALL or KEY, "
                "a column for KEY alone, and a sort key are needed"
            )
        for name in (*self.sortkey, *self.encodings, *filter(None, (self.distkey,))):
            identifier(name)

    @classmethod
    def from_file(cls, path: Path, table: str) -> Design:
        """The design that a DDL file gives the table, under its own name or its shadow's.

        Raises:
            ContractViolation: the file does not declare it, or leaves its design open.
        """
        from podemos.redshift.ddl_reader import read  # sqlglot is not on the workers

        declared = read([path]).tables
        schema, name = table.split(".")
        found = declared.get((schema, name)) or declared.get((schema, name + SHADOW))
        if found is None:
            raise ContractViolation(f"{path} declares no {table}; it declares {sorted('.'.join(n) for n in declared)}")
        style, _, key = (found.diststyle or "").partition("(")
        encodings = {c.name: "raw" if c.encoding == "none" else c.encoding for c in found.columns if c.encoding}
        return cls(style, key.rstrip(")"), found.sort, encodings)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Design:
        """The inverse of `to_dict`, and of the advisor's proposals, whose style is `KEY(column)`.

        Raises:
            ContractViolation: it does not fit, or it splits the table, which no swap of names can do.
        """
        if data.get("split"):
            raise ContractViolation(
                f"a design that splits {', '.join(data['split'])} off is another table, no redesign"
            )
        style, _, column = str(data.get("diststyle", "")).partition("(")
        return cls(
            style.upper(),
            str(data.get("distkey") or column.rstrip(")")),
            tuple(data.get("sortkey") or ()),
            dict(data.get("encodings") or {}),
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return asdict(self) | {"sortkey": list(self.sortkey), "encodings": dict(self.encodings)}


@dataclass(frozen=True, slots=True)
class Order:
    """A redesign as it is asked for.

    Attributes:
        table: `schema.table`, plain names.
        date_column: a DATE or TIMESTAMP; months of it are copied, days of it are compared.
        amount: a DECIMAL with two places whose cents are proven; empty for a table without.
        writer: the mutex that the table's load locks first, `ops.writer_…`; empty when no load of ours writes it.
        reports: files under include/sql with `:schema.:table` in them; their results must be equal on both tables.
        most: K, the rows of differing days at which catching up ends, and the most that are moved under the lock.
        hot_since: days from here on, and rows without a date, are fingerprinted under the lock; of older days rows and
            cents. None: everything. What older days were is proven after the swap.
        wait_ms: how long the swap waits for its locks. Readers queue behind it, so that long at most.
        hold_ms: how long a statement under the locks may take.
        watch_days: how long the old table is kept.
        unfiltered: our user sees every row and value (superuser, or IGNORE RLS and no mask): needed for a table with
            policies, because a filtered copy would equal a filtered original.
        predicted: seconds of each report under the new design, as the advisor computes them.
    """

    table: str
    design: Design
    date_column: str
    amount: str = ""
    writer: str = ""
    reports: tuple[str, ...] = ()
    most: int = 2_000_000
    hot_since: date | None = None
    wait_ms: int = 2_000
    hold_ms: int = 60_000
    watch_days: int = 7
    unfiltered: bool = False
    predicted: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in filter(None, (self.table, self.writer)):
            if name.count(".") != 1:
                raise ContractViolation(f"{name!r}: schema.table is needed")
            for part in name.split("."):
                identifier(part)
        for name in filter(None, (self.date_column, self.amount)):
            identifier(name)

    @property
    def schema(self) -> str:
        """Its schema."""
        return self.table.split(".")[0]

    @property
    def name(self) -> str:
        """Its name in the schema."""
        return self.table.split(".")[1]

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Order:
        """The inverse of `to_dict`; a form's or a file's JSON.

        Raises:
            ContractViolation: it does not fit.
        """
        try:
            given = dict(data) | {
                "design": Design.from_dict(data["design"]),
                "reports": tuple(data.get("reports") or ()),
                "hot_since": date.fromisoformat(data["hot_since"]) if data.get("hot_since") else None,
            }
            return cls(**given)
        except (KeyError, TypeError, ValueError) as error:
            raise ContractViolation(f"an order of a redesign does not fit: {error}") from None

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return asdict(self) | {
            "design": self.design.to_dict(),
            "reports": list(self.reports),
            "hot_since": self.hot_since.isoformat() if self.hot_since else None,
            "predicted": dict(self.predicted),
        }


@dataclass(frozen=True, slots=True)
class Move:
    """Which table takes the name from which: the swap, or its way back.

    Attributes:
        step: `swap` or `rollback`, as the ledger calls it.
        source: holds the truth and has the name.
        target: is brought to equal it and takes the name.
        parked: the source's name afterwards.
    """

    step: str
    schema: str
    source: str
    target: str
    parked: str


def forward(order: Order) -> Move:
    """The new design takes the name."""
    return Move("swap", order.schema, order.name, order.name + SHADOW, order.name + BEFORE)


def backward(order: Order) -> Move:
    """The old design takes it back, with what was written since."""
    return Move("rollback", order.schema, order.name, order.name + BEFORE, order.name + SHADOW)
