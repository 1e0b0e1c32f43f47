"""Redshift's column types, their DuckDB form and their rules (VARCHAR counts bytes)."""

from __future__ import annotations

from dataclasses import dataclass

from local.aws.redshift.errors import RedshiftError, Unsupported
from local.aws.redshift.tokens import TokenStream

_ALIASES = {
    "INT2": "smallint",
    "SMALLINT": "smallint",
    "INT": "integer",
    "INTEGER": "integer",
    "INT4": "integer",
    "BIGINT": "bigint",
    "INT8": "bigint",
    "DECIMAL": "numeric",
    "NUMERIC": "numeric",
    "REAL": "real",
    "FLOAT4": "real",
    "DOUBLE": "double precision",
    "FLOAT8": "double precision",
    "FLOAT": "double precision",
    "BOOLEAN": "boolean",
    "BOOL": "boolean",
    "CHAR": "character",
    "CHARACTER": "character",
    "BPCHAR": "character",
    "NCHAR": "character",
    "VARCHAR": "character varying",
    "NVARCHAR": "character varying",
    "TEXT": "character varying",
    "DATE": "date",
    "TIMESTAMP": "timestamp without time zone",
    "TIMESTAMPTZ": "timestamp with time zone",
}
_DUCKDB = {
    "smallint": "SMALLINT",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "real": "REAL",
    "double precision": "DOUBLE",
    "boolean": "BOOLEAN",
    "character": "VARCHAR",
    "character varying": "VARCHAR",
    "date": "DATE",
    "timestamp without time zone": "TIMESTAMP",
    "timestamp with time zone": "TIMESTAMPTZ",
}


@dataclass(frozen=True)
class ColumnType:
    """A declared type: its name as `pg_table_def` prints it, and its sizes."""

    name: str
    length: int | None = None
    precision: int | None = None
    scale: int | None = None

    @property
    def duckdb(self) -> str:
        """The DuckDB type that holds it."""
        return f"DECIMAL({self.precision},{self.scale})" if self.name == "numeric" else _DUCKDB[self.name]

    @property
    def text(self) -> str:
        """As Redshift prints it: `character varying(50)`."""
        if self.name == "numeric":
            return f"numeric({self.precision},{self.scale})"
        return f"{self.name}({self.length})" if self.length else self.name

    def check(self, column: str) -> str:
        """A CHECK clause for the rules that DuckDB's type does not have, or nothing."""
        if self.name == "character varying":
            return f'CHECK (strlen("{column}") <= {self.length})'
        if self.name == "character":  # single-byte characters only
            return f'CHECK (strlen("{column}") <= {self.length}) CHECK (strlen("{column}") = length("{column}"))'
        return ""


def parse_type(stream: TokenStream) -> ColumnType:
    """Read a type.

    Raises:
        Unsupported: a Redshift type that is not here (SUPER, GEOMETRY, VARBYTE, TIME, INTERVAL, HLLSKETCH…).
    """
    word = stream.peek()
    name = _ALIASES.get(word)
    if name is None:
        raise Unsupported(f"type {word or 'quoted name'}")
    stream.accept(word)
    if word == "DOUBLE":
        stream.expect("PRECISION")
    if word == "CHARACTER" and stream.accept("VARYING"):
        name = "character varying"
    if name.startswith("timestamp"):
        if stream.accept("WITH", "TIME", "ZONE"):
            name = "timestamp with time zone"
        else:
            stream.accept("WITHOUT", "TIME", "ZONE")
    sizes: list[int] = []
    if stream.accept("("):
        if name.startswith("character") and stream.accept("MAX"):
            sizes.append(65535 if name == "character varying" else 4096)
        else:
            sizes.append(stream.integer())
            if stream.accept(","):
                sizes.append(stream.integer())
        stream.expect(")")
    return _sized(name, word, sizes)


def _sized(name: str, word: str, sizes: list[int]) -> ColumnType:
    if name == "numeric":
        precision = sizes[0] if sizes else 18
        scale = sizes[1] if len(sizes) > 1 else 0
        if not (1 <= precision <= 38 and 0 <= scale <= min(37, precision)):
            raise RedshiftError(
                f"ERROR: NUMERIC precision {precision} must be between 1 and 38, scale {scale} within it"
            )
        return ColumnType(name, precision=precision, scale=scale)
    if name.startswith("character"):
        if len(sizes) > 1:
            raise RedshiftError(f"ERROR: syntax error: {word} takes one length")
        limit = 65535 if name == "character varying" else 4096
        length = sizes[0] if sizes else (256 if name == "character varying" else 1)
        if not 1 <= length <= limit:
            raise RedshiftError(f"ERROR: length for type {name} must be between 1 and {limit}")
        return ColumnType(name, length=length)
    if sizes:
        raise RedshiftError(f"ERROR: syntax error: type {word} takes no length")
    return ColumnType(name)


def from_duckdb_type(text: str) -> ColumnType:
    """The Redshift type of a column that a query produced (CTAS): VARCHAR without length becomes VARCHAR(65535)."""
    base = text.upper()
    if base.startswith("DECIMAL("):
        precision, scale = (int(part) for part in base[8:-1].split(","))
        return ColumnType("numeric", precision=precision, scale=scale)
    if base == "HUGEINT":
        return ColumnType("numeric", precision=38, scale=0)
    if base in ("VARCHAR", '"NULL"', "NULL"):
        return ColumnType("character varying", length=65535)
    if base in ("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ"):
        return ColumnType("timestamp with time zone")
    if base == "FLOAT":
        return ColumnType("real")
    if base == "TINYINT":
        return ColumnType("smallint")
    for name, duck in _DUCKDB.items():
        if duck == base:
            return ColumnType(name)
    raise Unsupported(f"a query column of type {text}")
