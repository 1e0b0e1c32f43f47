"""What a query may be made of. A node or function that is not listed is refused by name, never passed on in hope."""

from __future__ import annotations

from sqlglot import exp

from local.aws.redshift.errors import Unsupported

# Syntax nodes: structure, predicates, literals.
NODES = frozenset(
    """
    Select From Join Where Group Having Order Ordered Limit Offset With CTE Subquery Table TableAlias Alias Column
    Identifier Star Literal RawString Boolean Null Paren Tuple Placeholder Var DataType DataTypeParam Distinct
    Union Except Intersect Qualify Values Insert Schema Update Delete Merge Whens When And Or Not EQ NEQ GT GTE LT
    LTE Is In Between Like ILike Exists Neg Add Sub Mul Div Mod DPipe Case If Cast Interval Window WindowSpec
    WithinGroup Filter Any NullSafeEQ
    """.split()  # noqa: SIM905 - a list to read
)
# Functions, by sqlglot's class: the name in the README is Redshift's.
FUNCTIONS = {
    "Length": "LEN",
    "FromBase": "STRTOL",
    "Coalesce": "NVL, COALESCE",
    "Nvl2": "NVL2",
    "DecodeCase": "DECODE",
    "GroupConcat": "LISTAGG",
    "TsOrDsAdd": "DATEADD",
    "TsOrDsDiff": "DATEDIFF",
    "TimestampTrunc": "DATE_TRUNC",
    "TimeToStr": "TO_CHAR",
    "StrToDate": "TO_DATE",
    "SplitPart": "SPLIT_PART",
    "Concat": "CONCAT",
    "Extract": "EXTRACT, DATE_PART",
    "LastDay": "LAST_DAY",
    "RegexpReplace": "REGEXP_REPLACE",
    "Trim": "TRIM, LTRIM, RTRIM",
    "Pad": "LPAD, RPAD",
    "Replace": "REPLACE",
    "Substring": "SUBSTRING",
    "StrPosition": "STRPOS, POSITION, CHARINDEX",
    "Upper": "UPPER",
    "Lower": "LOWER",
    "SHA2": "SHA2",
    "Abs": "ABS",
    "Round": "ROUND",
    "Ceil": "CEIL",
    "Floor": "FLOOR",
    "Greatest": "GREATEST",
    "Least": "LEAST",
    "Chr": "CHR",
    "Reverse": "REVERSE",
    "RowNumber": "ROW_NUMBER",
    "Rank": "RANK",
    "DenseRank": "DENSE_RANK",
    "Lag": "LAG",
    "Lead": "LEAD",
    "FirstValue": "FIRST_VALUE",
    "LastValue": "LAST_VALUE",
    "Ntile": "NTILE",
    "Count": "COUNT",
    "Sum": "SUM",
    "Min": "MIN",
    "Max": "MAX",
    "Avg": "AVG",
    "LogicalOr": "BOOL_OR",
    "LogicalAnd": "BOOL_AND",
    "Nullif": "NULLIF",
    "Left": "LEFT",
    "Right": "RIGHT",
    "Repeat": "REPEAT",
    "Translate": "TRANSLATE",
    "Sign": "SIGN",
    "MD5": "MD5",
    "CurrentTimestamp": "GETDATE, SYSDATE",
    "CurrentDate": "CURRENT_DATE",
}
# Functions that sqlglot does not know, and what DuckDB calls them.
ANONYMOUS = {"OCTET_LENGTH": "strlen", "ISNULL": "ifnull", "BTRIM": "trim", "BIT_LENGTH": "bit_length"}
TYPES = frozenset(
    """
    SMALLINT INT BIGINT DECIMAL FLOAT DOUBLE BOOLEAN CHAR NCHAR
    VARCHAR NVARCHAR TEXT DATE TIMESTAMP TIMESTAMPTZ
    """.split()  # noqa: SIM905 - a list to read
)
TO_CHAR_FORMATS = frozenset(["%Y", "%m", "%d", "%H", "%I", "%M", "%S", "%f", "%y", "%j", "%B", "%b", "%A", "%a", "%p"])
_JOINS = frozenset({"", "INNER", "OUTER", "CROSS", "LEFT", "RIGHT", "FULL"})
_INTERVALS = frozenset(
    ["YEAR", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND", "QUARTER"]
)


def check(tree: exp.Expression) -> None:
    """Refuse what is not listed.

    Raises:
        Unsupported: names the first node, function, type or clause that is not in the lists.
    """
    for node in tree.walk():
        name = type(node).__name__
        if isinstance(node, exp.Anonymous):
            if node.name.upper() not in ANONYMOUS:
                raise Unsupported(f"function {node.name.upper()}")
        elif name in FUNCTIONS:
            _check_function(node)
        elif name not in NODES:
            raise Unsupported(_described(node))
        elif isinstance(node, exp.DataType):
            if node.this.name not in TYPES:
                raise Unsupported(f"type {node.this.name}")
        elif isinstance(node, exp.Select):
            _check_select(node)
        elif isinstance(node, exp.Join):
            _check_join(node)
        elif isinstance(node, exp.Table):
            _only(node, {"this", "db", "catalog", "alias", "joins"}, "table clause")
        else:
            _check_rest(node)


def _check_rest(node: exp.Expression) -> None:
    if isinstance(node, exp.Column) and node.args.get("join_mark"):
        raise Unsupported("outer join by (+)")
    if isinstance(node, exp.Distinct) and node.args.get("on"):
        raise Unsupported("DISTINCT ON")
    if isinstance(node, exp.Values) and not isinstance(node.parent, exp.Insert):
        raise Unsupported("VALUES as a table")
    if isinstance(node, exp.Like | exp.ILike) and "\\" in node.expression.name:
        raise Unsupported("LIKE with a backslash in the pattern")


def _described(node: exp.Expression) -> str:
    if isinstance(node, exp.Func):
        return f"function {node.sql_name()}"
    return f"{type(node).__name__} in `{node.sql('redshift')[:80]}`"


def _only(node: exp.Expression, allowed: set[str], what: str) -> None:
    for key, value in node.args.items():
        if value and key not in allowed:
            raise Unsupported(f"{what} {key.replace('_', ' ').upper()} in `{node.sql('redshift')[:80]}`")


def _check_select(node: exp.Select) -> None:
    _only(
        node,
        {
            "with_",
            "with",
            "expressions",
            "from_",
            "from",
            "joins",
            "where",
            "group",
            "having",
            "order",
            "limit",
            "offset",
            "distinct",
            "qualify",
            "kind",
        },
        "SELECT clause",
    )
    group = node.args.get("group")
    if group is not None:
        _only(group, {"expressions"}, "GROUP BY")


def _check_join(node: exp.Join) -> None:
    _only(node, {"this", "side", "kind", "on", "using"}, "join")
    if node.side not in _JOINS or node.kind not in _JOINS:
        raise Unsupported(f"{node.side} {node.kind} JOIN")


def _check_function(node: exp.Expression) -> None:
    if isinstance(node, exp.TimeToStr | exp.StrToDate):
        _check_format(node)
    elif isinstance(node, exp.SHA2) and node.text("length") not in ("256", ""):
        raise Unsupported(f"SHA2(.., {node.text('length')})")
    elif isinstance(node, exp.TimestampTrunc | exp.TsOrDsAdd | exp.TsOrDsDiff):
        unit = node.text("unit").upper().rstrip("S")
        if unit not in _INTERVALS:
            raise Unsupported(f"date part {unit}")
        if unit == "WEEK" and isinstance(node, exp.TsOrDsDiff):
            raise Unsupported("DATEDIFF(week, ..) (engines disagree where a week begins)")
    elif isinstance(node, exp.Substring) and not _from_one(node.args.get("start")):
        raise Unsupported(f"`{node.sql('redshift')}`: a start before the first character")
    elif isinstance(node, exp.Left | exp.Right) and isinstance(node.expression, exp.Neg):
        raise Unsupported(f"`{node.sql('redshift')}`: a negative length")
    elif isinstance(node, exp.RegexpReplace):
        _only(node, {"this", "expression", "replacement", "single_replace"}, "REGEXP_REPLACE argument")


def _from_one(start: exp.Expression | None) -> bool:
    return not isinstance(start, exp.Neg) and not (isinstance(start, exp.Literal) and start.name == "0")


def _check_format(node: exp.Expression) -> None:
    pattern = node.args.get("format")
    if not isinstance(pattern, exp.Literal):
        raise Unsupported("TO_CHAR/TO_DATE with a computed format")
    text, at = pattern.name, 0
    while at < len(text):
        if text[at] == "%":
            if text[at : at + 2] not in TO_CHAR_FORMATS:
                raise Unsupported(f"date format in `{node.sql('redshift')}`")
            at += 2
        elif text[at].isalnum() and text[at] != "T":
            raise Unsupported(f"date format in `{node.sql('redshift')}`: {text[at:]!r} is not a date part")
        else:
            at += 1
