"""From the text of a statement to its dataclass. A first word that is not here is refused by name."""

from __future__ import annotations

from local.aws.redshift.errors import RedshiftError, Unsupported
from local.aws.redshift.parameters import QUERY_WORDS
from local.aws.redshift.parse_ddl import parse_alter, parse_create, parse_drop
from local.aws.redshift.statements import (
    Analyze,
    Attach,
    Comment,
    Copy,
    Grant,
    Lock,
    Name,
    Query,
    Set,
    Show,
    ShowRelation,
    Statement,
    Truncate,
    Unload,
    Vacuum,
)
from local.aws.redshift.tokens import TokenStream, tokenize

_PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "DROP", "REFERENCES", "TRUNCATE", "ALTER", "USAGE", "CREATE")
_FLAGS = {  # COPY and UNLOAD options without a value
    "gzip",
    "csv",
    "header",
    "allowoverwrite",
    "cleanpath",
    "manifest",
    "emptyasnull",
    "blanksasnull",
    "addquotes",
    "truncatecolumns",
    "parquet",
    "json",
    "avro",
    "orc",
    "bzip2",
    "zstd",
    "lzop",
    "removequotes",
    "escape",
    "acceptanydate",
    "trimblanks",
    "fillrecord",
    "ignoreblanklines",
    "encrypted",
    "noload",
    "explicit_ids",
}
SETTINGS = ("statement_timeout", "query_group", "search_path", "analyze_threshold_percent")


def parse(sql: str) -> Statement:
    """Read one statement.

    Raises:
        RedshiftError: a syntax error.
        Unsupported: a kind of statement or a clause that is not here.
    """
    stream = TokenStream(sql, tokenize(sql))
    word = stream.peek()
    if word in QUERY_WORDS:
        return Query(sql)
    parser = _PARSERS.get(word)
    if parser is None:
        if word in ("BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT"):
            raise Unsupported(f"{word} (the Data API makes the transaction: use BatchExecuteStatement)")
        raise Unsupported(f"statement {word or 'of unknown kind'}")
    stream.accept(word)
    return parser(stream)  # type: ignore[no-any-return, operator]


def _comment(stream: TokenStream) -> Comment:
    stream.expect("ON")
    kind = stream.choice("TABLE", "COLUMN", "VIEW", "SCHEMA")
    if kind is None:
        raise Unsupported(f"COMMENT ON {stream.peek()}")
    name = stream.qualified()
    stream.expect("IS")
    text = None if stream.accept("NULL") else stream.string()
    stream.end()
    return Comment(kind, name, text)


def _grant(stream: TokenStream, revoke: bool = False) -> Grant:
    option = revoke and stream.accept("GRANT", "OPTION", "FOR")
    privileges: list[str] = []
    columns: list[tuple[str, ...]] = []
    if stream.accept("ALL"):
        stream.accept("PRIVILEGES")
        privileges.append("ALL")
    else:
        while True:
            privilege = stream.choice(*_PRIVILEGES)
            if privilege is None:
                raise Unsupported(f"{'REVOKE' if revoke else 'GRANT'} {stream.peek() or 'of a role'}")
            privileges.append(privilege)
            if stream.peek() == "(":
                columns.append(tuple(stream.names()))
            if not stream.accept(","):
                break
    stream.expect("ON")
    if stream.accept("ALL", "TABLES", "IN", "SCHEMA"):
        kind = "ALL TABLES"
    else:
        kind = stream.choice("SCHEMA", "TABLE") or "TABLE"
        if stream.peek() in ("DATABASE", "FUNCTION", "PROCEDURE", "LANGUAGE", "EXTERNAL", "ASSUMEROLE"):
            raise Unsupported(f"privileges ON {stream.peek()}")
    objects = [stream.qualified()]
    while stream.accept(","):
        objects.append(stream.qualified())
    stream.expect("FROM" if revoke else "TO")
    identities = [_identity(stream)]
    while stream.accept(","):
        identities.append(_identity(stream))
    if not revoke:
        option = stream.accept("WITH", "GRANT", "OPTION")
    stream.end()
    if columns and (len(columns) != len(privileges) or set(privileges) - {"SELECT", "UPDATE"} or kind != "TABLE"):
        raise Unsupported("a privilege on columns beside one on the table, or other than SELECT and UPDATE")
    return Grant(revoke, tuple(privileges), kind, tuple(objects), tuple(identities), option, tuple(columns))


def _attach(stream: TokenStream) -> Attach:
    kind = stream.choice("RLS", "MASKING")
    if kind is None:
        raise Unsupported(f"ATTACH {stream.peek()}")
    stream.expect("POLICY")
    policy = stream.identifier()
    stream.expect("ON")
    stream.accept("TABLE")
    name = stream.qualified()
    outputs = tuple(stream.names()) if kind == "MASKING" else ()
    inputs = tuple(stream.names()) if stream.accept("USING") else outputs
    stream.expect("TO")
    identity = _identity(stream)
    priority = stream.integer() if stream.accept("PRIORITY") else 0
    stream.end()
    return Attach(kind, policy, name, identity, priority, inputs, outputs)


def _identity(stream: TokenStream) -> tuple[str, str]:
    if stream.accept("PUBLIC"):
        return "public", "public"
    kind = stream.choice("GROUP", "ROLE")
    return (kind or "user").lower(), stream.identifier()


def _names(stream: TokenStream) -> tuple[Name, ...]:
    stream.accept("TABLE")
    found = [stream.qualified()]
    while stream.accept(","):
        found.append(stream.qualified())
    stream.end()
    return tuple(found)


def _truncate(stream: TokenStream) -> Truncate:
    names = _names(stream)
    if len(names) > 1:
        raise RedshiftError("ERROR: syntax error: TRUNCATE takes one table")
    return Truncate(names[0])


def _vacuum(stream: TokenStream) -> Vacuum:
    kind, name, threshold = "FULL", None, 95
    if stream.accept("SORT", "ONLY"):
        kind = "SORT ONLY"
    elif stream.accept("DELETE", "ONLY"):
        kind = "DELETE ONLY"
    elif word := stream.choice("REINDEX", "RECLUSTER", "FULL"):
        kind = word
    if kind == "REINDEX":
        raise Unsupported("VACUUM REINDEX (interleaved sort keys are refused here)")
    if not stream.done and stream.peek() != "BOOST":
        name = stream.qualified()
        if stream.accept("TO"):
            threshold = stream.integer()
            stream.expect("PERCENT")
            if kind == "RECLUSTER" or not 0 <= threshold <= 100:
                raise RedshiftError("ERROR: VACUUM .. TO n PERCENT: n is 0 to 100, and not with RECLUSTER")
    boost = stream.accept("BOOST")
    stream.end()
    return Vacuum(kind, name, threshold, boost)


def _analyze(stream: TokenStream) -> Analyze:
    if stream.peek() == "COMPRESSION":
        raise Unsupported("ANALYZE COMPRESSION")
    stream.accept("VERBOSE")
    if stream.done:
        return Analyze()
    name = stream.qualified()
    columns = tuple(stream.names()) if stream.peek() == "(" else ()
    predicate = stream.accept("PREDICATE", "COLUMNS")
    if not predicate:
        stream.accept("ALL", "COLUMNS")
    stream.end()
    return Analyze(name, columns, predicate)


def _setting(stream: TokenStream) -> str:
    name = stream.identifier()
    if name not in SETTINGS:
        raise Unsupported(f"setting {name}")
    return name


def _set(stream: TokenStream) -> Set:
    if stream.peek() in ("SESSION", "LOCAL", "TRANSACTION"):
        raise Unsupported(f"SET {stream.peek()}")
    name = _setting(stream)
    if not stream.accept("TO"):
        stream.expect("=")
    text = stream.rest().strip()
    value = ", ".join(
        part.strip().strip("'\"").lower() if name != "query_group" else part.strip().strip("'")
        for part in text.split(",")
    )
    if not value:
        raise stream.error("expected a value")
    return Set(name, None if value.lower() == "default" else value)


def _show(stream: TokenStream) -> Show | ShowRelation:
    if kind := stream.choice("TABLE", "VIEW"):
        relation = ShowRelation(kind, stream.qualified())
        stream.end()
        return relation
    shown = Show(_setting(stream))
    stream.end()
    return shown


def _reset(stream: TokenStream) -> Set:
    reset = Set(_setting(stream), None)
    stream.end()
    return reset


def _copy(stream: TokenStream) -> Copy:
    name = stream.qualified()
    columns = tuple(stream.names()) if stream.peek() == "(" else ()
    stream.expect("FROM")
    source = stream.string()
    return Copy(name, columns, source, _options(stream))


def _unload(stream: TokenStream) -> Unload:
    stream.expect("(")
    query = stream.string()
    stream.expect(")")
    stream.expect("TO")
    target = stream.string()
    return Unload(query, target, _options(stream))


def _options(stream: TokenStream) -> dict[str, str]:
    """Options of COPY and UNLOAD: `FORMAT [AS] PARQUET`, `DELIMITER [AS] '|'`, `PARALLEL OFF`, flags."""
    options: dict[str, str] = {}

    def put(key: str, value: str) -> None:
        if key in options:
            raise RedshiftError(f"ERROR: syntax error: option {key.upper()} given twice")
        options[key] = value

    while not stream.done:
        key = stream.identifier()
        if key == "format":
            stream.accept("AS")
            put("format", stream.identifier())
        elif key in ("delimiter", "null", "iam_role", "extension", "dateformat", "timeformat", "region", "quote"):
            stream.accept("AS")
            put(key, "default" if key == "iam_role" and stream.accept("DEFAULT") else stream.string())
        elif key in ("ignoreheader", "maxerror"):
            stream.accept("AS")
            put(key, str(stream.integer()))
        elif key in ("parallel", "compupdate", "statupdate", "rowgroupsize", "maxfilesize"):
            word = stream.choice("ON", "OFF", "TRUE", "FALSE", "PRESET")
            if word is None:
                raise Unsupported(f"option {key.upper()} {stream.peek()}")
            put(key, {"TRUE": "on", "FALSE": "off"}.get(word, word.lower()))
        elif key in ("csv", "parquet") and key in _FLAGS:
            put("format", key)
        elif key in _FLAGS:
            put(key, "on")
        else:
            raise Unsupported(f"COPY/UNLOAD option {key.upper()}")
    return options


_PARSERS = {
    "CREATE": parse_create,
    "DROP": parse_drop,
    "ALTER": parse_alter,
    "ATTACH": _attach,
    "COMMENT": _comment,
    "GRANT": _grant,
    "REVOKE": lambda stream: _grant(stream, revoke=True),
    "TRUNCATE": _truncate,
    "LOCK": lambda stream: Lock(_names(stream)),
    "VACUUM": _vacuum,
    "ANALYZE": _analyze,
    "ANALYSE": _analyze,
    "SET": _set,
    "SHOW": _show,
    "RESET": _reset,
    "COPY": _copy,
    "UNLOAD": _unload,
}
