"""Named parameters of the Data API: found by the tokenizer, bound by DuckDB, never pasted into the text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from local.aws.redshift.errors import InvalidRequest, RedshiftError
from local.aws.redshift.tokens import tokenize

MAX_STATEMENTS = 40
QUERY_WORDS = ("SELECT", "WITH", "INSERT", "UPDATE", "DELETE", "MERGE", "(")
_NAME = re.compile(r"[0-9a-zA-Z_]+")


def named(sql: str) -> list[str]:
    """Names of the `:name` parameters in the text, outside quotes and comments.

    `::` is one token, so a cast is never taken for a parameter; a slice `a[1:n]` is not Redshift.
    """
    tokens = tokenize(sql)
    found = []
    for colon, name in pairwise(tokens):
        if colon.text == ":" and colon.kind == "symbol" and name.start == colon.end and _NAME.fullmatch(name.text):
            found.append(name.text)
    return found


def validated(raw: Sequence[Mapping[str, str]] | None) -> dict[str, str]:
    """The request's parameters by name.

    Raises:
        InvalidRequest: as the API answers: an empty value, a repeated name, NUL in the text.
    """
    values: dict[str, str] = {}
    for position, parameter in enumerate(raw or [], 1):
        name, value = parameter.get("name", ""), parameter.get("value", "")
        if not _NAME.fullmatch(name):
            raise InvalidRequest(f"Parameter name {name!r} must satisfy regex pattern: [0-9a-zA-Z_]+")
        if not isinstance(value, str) or value == "":
            raise InvalidRequest(
                f"1 validation error detected: Value at 'parameters.{position}.member.value' (parameter {name}) "
                f"failed to "
                "satisfy constraint: Member must have length greater than or equal to 1"
            )
        if "\x00" in value:
            raise InvalidRequest(f"Parameter {name}: invalid byte sequence for encoding UTF8: 0x00 (NUL in text)")
        if name in values:
            raise InvalidRequest(f"Parameter {name} is given twice")
        values[name] = value
    return values


def check(sqls: Sequence[str], values: Mapping[str, str]) -> None:
    """Every parameter is used by some statement, and every `:name` has a value.

    Raises:
        InvalidRequest: undefined or unused parameters, or a parameter in a statement that cannot bind any.
    """
    used: set[str] = set()
    for sql in sqls:
        try:
            names, word = named(sql), tokenize(sql)[0].text.upper()
        except RedshiftError:
            continue  # the statement will fail with that very error when it runs
        if names and word not in QUERY_WORDS:
            raise InvalidRequest(
                f'ERROR: syntax error at or near ":{names[0]}": parameters cannot be used in utility statements '
                f"({word}); "
                "only SELECT, INSERT, UPDATE, DELETE and MERGE bind values"
            )
        missing = [name for name in names if name not in values]
        if missing:
            raise InvalidRequest(f"Parameters used in the SQL but not defined: {', '.join(dict.fromkeys(missing))}")
        used.update(names)
    unused = [name for name in values if name not in used]
    if unused:
        raise InvalidRequest(f"Unused parameters: {', '.join(unused)}: each must be referenced as :name by a statement")


def bound(names: Sequence[str], values: Mapping[str, str]) -> dict[str, str]:
    """What DuckDB binds: `:7d` becomes `$p_7d`, the value stays text and takes the type of its context."""
    try:
        return {f"p_{name}": values[name] for name in names}
    except KeyError as missing:
        raise RedshiftError(f"ERROR: there is no parameter {missing}") from missing
