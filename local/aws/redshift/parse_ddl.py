"""Reads CREATE, DROP and ALTER: every clause is understood or refused by name."""

from __future__ import annotations

from dataclasses import replace

from local.aws.redshift.column_types import parse_type
from local.aws.redshift.errors import RedshiftError, Unsupported
from local.aws.redshift.statements import AlterTable, Column, CreateSchema, CreateTable, CreateView, Design, Drop
from local.aws.redshift.tokens import TokenStream

_ENCODINGS = frozenset(
    "raw az64 bytedict delta delta32k lzo mostly8 mostly16 mostly32 runlength text255 text32k zstd auto".split()  # noqa: SIM905 - a list to read
)
_COLUMN_WORDS = frozenset(
    [
        "ENCODE",
        "DISTKEY",
        "SORTKEY",
        "NOT",
        "NULL",
        "DEFAULT",
        "IDENTITY",
        "PRIMARY",
        "UNIQUE",
        "REFERENCES",
        "COLLATE",
        "GENERATED",
    ]
)


def parse_create(stream: TokenStream) -> CreateTable | CreateView | CreateSchema:
    """Read what follows CREATE."""
    if stream.accept("SCHEMA"):
        if_not_exists = stream.accept("IF", "NOT", "EXISTS")
        schema = CreateSchema(stream.identifier(), if_not_exists)
        if not stream.done:
            raise Unsupported(f"CREATE SCHEMA .. {stream.rest()}")
        return schema
    replace_view = stream.accept("OR", "REPLACE")
    if stream.accept("VIEW"):
        return _view(stream, replace_view)
    local = stream.accept("LOCAL")
    temporary = stream.choice("TEMPORARY", "TEMP") is not None or local
    if replace_view or not stream.accept("TABLE"):
        raise Unsupported(f"CREATE {stream.peek()}")
    return _table(stream, temporary)


def _view(stream: TokenStream, replace_view: bool) -> CreateView:
    name = stream.qualified()
    columns = tuple(stream.names()) if stream.peek() == "(" else ()
    stream.expect("AS")
    query = stream.rest()
    words = query.upper().split()
    late = words[-4:] == ["WITH", "NO", "SCHEMA", "BINDING"]
    if late:
        query = query[: query.upper().rindex("WITH")].rstrip()
    return CreateView(name, replace_view, columns, query, late)


def _table(stream: TokenStream, temporary: bool) -> CreateTable:
    if_not_exists = stream.accept("IF", "NOT", "EXISTS")
    table = CreateTable(stream.qualified(), temporary or False, if_not_exists)
    if table.name[-1].startswith("#"):
        table = replace(table, temporary=True)
    if stream.peek() == "(" and stream.peek(1) == "LIKE":
        stream.expect("(", "LIKE")
        like = stream.qualified()
        including = stream.accept("INCLUDING", "DEFAULTS")
        if not including:
            stream.accept("EXCLUDING", "DEFAULTS")
        stream.expect(")")
        stream.end()
        return replace(table, like=like, including_defaults=including)
    columns: list[Column] = []
    primary_key: tuple[str, ...] = ()
    query_columns: tuple[str, ...] = ()
    if stream.peek() == "(":
        if stream.peek(2) in (",", ")"):
            query_columns = tuple(stream.names())
        else:
            columns, primary_key = _columns(stream)
    design = _design(stream)
    if stream.accept("AS"):
        if columns:
            raise RedshiftError("ERROR: syntax error: CREATE TABLE AS takes column names without types")
        return replace(table, design=design, query=_unwrapped(stream.rest()), query_columns=query_columns)
    stream.end()
    if not columns:
        raise stream.error("expected column definitions")
    return replace(table, columns=tuple(columns), primary_key=primary_key, design=_merged(design, columns))


def _unwrapped(query: str) -> str:
    """CTAS allows its query in parentheses."""
    text = query.strip()
    return (
        text[1:-1] if text.startswith("(") and text.endswith(")") and text.count("(") == text.count(")") == 1 else text
    )


def _columns(stream: TokenStream) -> tuple[list[Column], tuple[str, ...]]:
    stream.expect("(")
    columns: list[Column] = []
    key: tuple[str, ...] = ()
    while True:
        if stream.accept("PRIMARY", "KEY"):
            key = tuple(stream.names())
        elif stream.accept("UNIQUE"):
            stream.names()
        elif stream.peek() in ("FOREIGN", "CONSTRAINT", "LIKE"):
            raise Unsupported(f"table constraint {stream.peek()}")
        else:
            column, is_key = parse_column(stream)
            columns.append(column)
            key = (column.name,) if is_key else key
        if not stream.accept(","):
            break
    stream.expect(")")
    names = [column.name for column in columns]
    for name in names:
        if names.count(name) > 1:
            raise RedshiftError(f'ERROR: column "{name}" duplicated')
    for name in key:
        if name not in names:
            raise RedshiftError(f'ERROR: column "{name}" named in key does not exist')
    return [replace(c, not_null=True) if c.name in key else c for c in columns], key


def parse_column(stream: TokenStream) -> tuple[Column, bool]:
    """One column definition; the flag says PRIMARY KEY."""
    column = Column(stream.identifier(), parse_type(stream))
    is_key = False
    while word := stream.choice(*_COLUMN_WORDS):
        if word == "ENCODE":
            column = replace(column, encoding=_encoding(stream))
        elif word == "DISTKEY":
            column = replace(column, distkey=True)
        elif word == "SORTKEY":
            column = replace(column, sortkey=True)
        elif word == "NOT":
            stream.expect("NULL")
            column = replace(column, not_null=True)
        elif word == "DEFAULT":
            column = replace(column, default=stream.text_until(_COLUMN_WORDS - {"NULL"}))
        elif word == "PRIMARY":
            stream.expect("KEY")
            is_key = True
        elif word == "IDENTITY":
            stream.expect("(")
            seed = stream.integer()
            stream.expect(",")
            column = replace(column, identity=(seed, stream.integer()), not_null=True)
            stream.expect(")")
        elif word not in ("NULL", "UNIQUE"):  # UNIQUE is informational on Redshift too
            raise Unsupported(f"column attribute {word}")
    return column, is_key


def _encoding(stream: TokenStream) -> str:
    encoding = stream.identifier()
    if encoding not in _ENCODINGS:
        raise RedshiftError(f'ERROR: encoding type "{encoding}" is not recognized')
    return encoding


def _design(stream: TokenStream) -> Design:
    design = Design()
    while not stream.done and stream.peek() != "AS":
        if stream.accept("DISTSTYLE"):
            style = stream.choice("EVEN", "ALL", "KEY", "AUTO")
            if style is None:
                raise stream.error("expected EVEN, ALL, KEY or AUTO")
            design = replace(design, diststyle=None if style == "AUTO" else style)
        elif stream.accept("DISTKEY"):
            names = stream.names()
            if len(names) != 1:
                raise RedshiftError("ERROR: a table has one distribution key column")
            design = replace(design, diststyle="KEY", distkey=names[0])
        elif stream.accept("ENCODE", "AUTO"):
            continue
        elif stream.accept("BACKUP"):
            word = stream.choice("YES", "NO")
            if word is None:
                raise stream.error("expected YES or NO")
            design = replace(design, backup=word == "YES")
        else:
            design = replace(design, **_sortkey(stream))
    return design


def _sortkey(stream: TokenStream) -> dict[str, object]:
    if stream.peek() == "INTERLEAVED":
        raise Unsupported("INTERLEAVED SORTKEY")
    stream.accept("COMPOUND")
    if not stream.accept("SORTKEY"):
        raise Unsupported(f"table attribute {stream.peek()}")
    if stream.accept("AUTO"):
        return {"sortkey": None}
    if stream.accept("NONE"):
        return {"sortkey": ()}
    return {"sortkey": tuple(stream.names())}


def _merged(design: Design, columns: list[Column]) -> Design:
    """Column-level DISTKEY and SORTKEY folded in, and names checked."""
    names = {column.name for column in columns}
    for column in columns:
        if column.distkey:
            if design.distkey:
                raise RedshiftError("ERROR: a table has one distribution key column")
            design = replace(design, diststyle="KEY", distkey=column.name)
        if column.sortkey:
            design = replace(design, sortkey=(*(design.sortkey or ()), column.name))
    for name in (*(design.sortkey or ()), *((design.distkey,) if design.distkey else ())):
        if name not in names:
            raise RedshiftError(f'ERROR: column "{name}" named in DISTKEY or SORTKEY does not exist')
    if design.diststyle == "KEY" and not design.distkey:
        raise RedshiftError("ERROR: DISTSTYLE KEY requires a DISTKEY column")
    if design.distkey and design.diststyle not in (None, "KEY"):
        raise RedshiftError(f"ERROR: DISTSTYLE {design.diststyle} does not allow a DISTKEY")
    return design


def parse_drop(stream: TokenStream) -> Drop:
    """Read what follows DROP."""
    kind = stream.choice("TABLE", "VIEW", "SCHEMA")
    if kind is None:
        raise Unsupported(f"DROP {stream.peek()}")
    if_exists = stream.accept("IF", "EXISTS")
    names = [stream.qualified()]
    while stream.accept(","):
        names.append(stream.qualified())
    cascade = stream.accept("CASCADE")
    if not cascade:
        stream.accept("RESTRICT")
    stream.end()
    return Drop(kind, tuple(names), if_exists, cascade)


def parse_alter(stream: TokenStream) -> AlterTable:
    """Read what follows ALTER."""
    if not stream.accept("TABLE"):
        raise Unsupported(f"ALTER {stream.peek()}")
    name = stream.qualified()
    if stream.accept("RENAME", "TO"):
        found = AlterTable(name, "rename", new=stream.identifier())
    elif stream.accept("RENAME", "COLUMN"):
        old = stream.identifier()
        stream.expect("TO")
        found = AlterTable(name, "rename column", old=old, new=stream.identifier())
    elif stream.accept("ADD"):
        if stream.peek() in ("PRIMARY", "CONSTRAINT", "UNIQUE", "FOREIGN", "PARTITION"):
            raise Unsupported(f"ALTER TABLE ADD {stream.peek()}")
        stream.accept("COLUMN")
        column, is_key = parse_column(stream)
        if is_key or column.identity or column.distkey or column.sortkey:
            raise RedshiftError("ERROR: ADD COLUMN takes no key, IDENTITY, DISTKEY or SORTKEY")
        found = AlterTable(name, "add column", column=column)
    elif stream.accept("DROP"):
        if stream.peek() == "CONSTRAINT":
            raise Unsupported("ALTER TABLE DROP CONSTRAINT")
        stream.accept("COLUMN")
        old = stream.identifier()
        cascade = stream.accept("CASCADE")
        stream.accept("RESTRICT")
        found = AlterTable(name, "drop column", old=old, cascade=cascade)
    elif stream.accept("ALTER"):
        found = _alter_storage(stream, name)
    elif stream.accept("OWNER", "TO"):
        found = AlterTable(name, "owner", new=stream.identifier())
    elif stream.accept("ROW", "LEVEL", "SECURITY"):
        on = stream.choice("ON", "OFF")
        if on is None:
            raise stream.error("expected ON or OFF")
        joined = stream.choice("AND", "OR") if stream.accept("CONJUNCTION", "TYPE") else "AND"
        found = AlterTable(name, "row security", new=(joined or "AND") if on == "ON" else "")
    else:
        raise Unsupported(f"ALTER TABLE {stream.peek()}")
    stream.end()
    return found


def _alter_storage(stream: TokenStream, name: tuple[str, ...]) -> AlterTable:
    if stream.accept("DISTSTYLE"):
        style = stream.choice("EVEN", "ALL", "AUTO", "KEY")
        if style == "KEY":
            stream.expect("DISTKEY")
            return AlterTable(name, "diststyle", design=Design("KEY", stream.identifier()))
        if style is None:
            raise stream.error("expected EVEN, ALL, KEY or AUTO")
        return AlterTable(name, "diststyle", design=Design(None if style == "AUTO" else style))
    if stream.accept("DISTKEY"):
        return AlterTable(name, "diststyle", design=Design("KEY", stream.identifier()))
    if stream.peek() in ("COMPOUND", "SORTKEY", "INTERLEAVED"):
        return AlterTable(name, "sortkey", design=Design(**_sortkey(stream)))  # type: ignore[arg-type]
    if stream.accept("ENCODE", "AUTO"):
        return AlterTable(name, "encode", encodings=(("*", "auto"),))
    encodings: list[tuple[str, str]] = []
    while True:
        stream.accept("COLUMN")
        column = stream.identifier()
        if stream.accept("TYPE"):
            return AlterTable(name, "type", old=column, type=parse_type(stream))
        stream.expect("ENCODE")
        encodings.append((column, _encoding(stream)))
        if not stream.accept(",", "ALTER"):
            return AlterTable(name, "encode", encodings=tuple(encodings))
