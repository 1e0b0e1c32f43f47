"""A design of a table, and the DDL that makes it, which passes the project's own gate (`podemos.redshift.gate`)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from podemos.redshift.advisor.workload import Name
from podemos.redshift.facts import Column, Table, quoted

EVEN, ALL = "EVEN", "ALL"
_DEFAULT_TEXT = "VARCHAR(256)"


@dataclass(frozen=True, slots=True)
class Design:
    """What can be decided of a table.

    Attributes:
        dist: `EVEN`, `ALL` or `KEY(column)`.
        sort: the compound sort key.
        encodings: by column, lower case; a column that is absent keeps what it has.
        split: columns of repeated text that become a surrogate key of a dimension table of their own.
        kept: the table as it is, blocks out of order and ghost rows included: "do nothing".
    """

    table: Name
    dist: str = EVEN
    sort: tuple[str, ...] = ()
    encodings: Mapping[str, str] = field(default_factory=dict)
    split: tuple[str, ...] = ()
    kept: bool = False

    @property
    def distkey(self) -> str | None:
        """The column that places a row, if it is one."""
        return self.dist[4:-1] if self.dist.startswith("KEY(") else None

    @property
    def title(self) -> str:
        """`KEY(id_cliente), sorted by fecha_pago, id_cliente`."""
        if self.kept:
            return "do nothing"
        sort = f"sorted by {', '.join(self.sort)}" if self.sort else "no sort key"
        return f"{self.dist}, {sort}" + (f", star: {', '.join(self.split)}" if self.split else "")

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form."""
        return {
            "table": ".".join(self.table),
            "diststyle": self.dist,
            "distkey": self.distkey,
            "sortkey": list(self.sort),
            "encodings": dict(self.encodings),
            "split": list(self.split),
            "do_nothing": self.kept,
        }


def today(table: Table) -> Design:
    """The design in force."""
    encodings = {column.name: column.encoding or "none" for column in table.columns}
    return Design(table.name, table.diststyle or EVEN, table.sort, encodings, kept=True)


def designed(table: Table, design: Design) -> Table:
    """The table's facts under a design; without its dimensions (see `dimensions`)."""
    columns = []
    for column in table.columns:
        if column.name in design.split:
            what = f"Clave de {'.'.join(dimension_name(table.name, column.name))}: {column.comment or column.name}"
            columns.append(Column(surrogate(column.name), "INTEGER", None, "az64", what))
        else:
            columns.append(replace(column, encoding=design.encodings.get(column.name, column.encoding)))
    return replace(table, diststyle=design.dist, sort=design.sort, columns=tuple(columns))


def dimensions(table: Table, design: Design) -> list[Table]:
    """The dimension tables that a star needs: small, a copy on every node."""
    found = []
    for column in table.columns:
        if column.name in design.split:
            key = Column(surrogate(column.name), "INTEGER", None, "none", f"Clave sustituta de {column.name}")
            name = dimension_name(table.name, column.name)
            text = replace(column, encoding="zstd")
            comment = f"Valores de {column.name} de {'.'.join(table.name)}"
            found.append(Table(name, table.where, ALL, (key.name,), (key, text), comment))
    return found


def surrogate(column: str) -> str:
    """`id_status_pago`."""
    return f"id_{column}"


def dimension_name(table: Name, column: str) -> Name:
    """`core.dim_status_pago`."""
    return table[0], f"dim_{column}"


def ddl(table: Table, design: Design) -> str:
    """CREATE TABLE and COMMENT of the design, under the table's own name; a comment that does not exist is not made up.

    Where the columns' types are not known it is ALTER TABLE. Empty for "do nothing".
    """
    if design.kept:
        return ""
    if not table.columns or not all(column.type for column in table.columns):
        return _alter(design)
    return "\n".join(create(t) for t in [*dimensions(table, design), designed(table, design)])


def create(table: Table) -> str:
    """CREATE TABLE with its comments."""
    name = quoted(*table.name)
    columns = [f"    {quoted(c.name)} {_type(c)} ENCODE {(c.encoding or 'auto').upper().replace('NONE', 'RAW')}"
               for c in table.columns]  # fmt: skip
    lines = [f"CREATE TABLE {name} (", ",\n".join(columns), ")"]
    style = table.diststyle or EVEN
    if style.startswith("KEY("):
        lines += ["DISTSTYLE KEY", f"DISTKEY ({quoted(style[4:-1])})"]
    else:
        lines.append(f"DISTSTYLE {style}")
    if table.sort:
        lines.append(f"COMPOUND SORTKEY ({', '.join(quoted(c) for c in table.sort)})")
    text = "\n".join(lines) + ";"
    if (table.comment or "").strip():
        text += f"\nCOMMENT ON TABLE {name} IS {_string(table.comment or '')};"
    for column in table.columns:
        if (column.comment or "").strip():
            text += f"\nCOMMENT ON COLUMN {quoted(*table.name, column.name)} IS {_string(column.comment or '')};"
    return text


def _alter(design: Design) -> str:
    name = quoted(*design.table)
    lines = [f"ALTER TABLE {name} ALTER DISTSTYLE {design.dist};"]
    if design.distkey:
        lines = [f"ALTER TABLE {name} ALTER DISTKEY {quoted(design.distkey)};"]
    if design.sort:
        lines.append(f"ALTER TABLE {name} ALTER COMPOUND SORTKEY ({', '.join(quoted(c) for c in design.sort)});")
    return "\n".join(lines)


def _type(column: Column) -> str:
    """The type as DDL; the live catalog gives a text's length apart."""
    if column.octets is not None and "(" not in column.type:
        kind = "CHAR" if column.type.upper() in ("CHARACTER", "CHAR", "NCHAR", "BPCHAR") else "VARCHAR"
        return f"{kind}({column.octets})"
    return column.type or _DEFAULT_TEXT


def _string(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
