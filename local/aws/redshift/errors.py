"""Errors in the words of Redshift and of its Data API."""

from __future__ import annotations

import re

import duckdb


class RedshiftError(Exception):
    """A statement failed in the database; the Data API shows it as `Error` of a FAILED statement."""


class Unsupported(RedshiftError):
    """The construct exists on Redshift but not here. The message names it, so that nothing is silently ignored."""

    def __init__(self, construct: str) -> None:
        """Name the construct exactly as the reader wrote it."""
        super().__init__(
            f"ERROR: not supported by the local Redshift: {construct} (supported constructs: "
            f"local/aws/redshift/README.md)"
        )


class Cancelled(RedshiftError):
    """The user cancelled the statement; the Data API shows ABORTED."""

    def __init__(self) -> None:
        """Use Redshift's own text."""
        super().__init__("ERROR: Query cancelled on user's request")


class InvalidRequest(Exception):
    """The Data API refuses the request itself (HTTP 400, ValidationException)."""


_CHECK = re.compile(
    r'CHECK constraint failed on table "?(\w+)"? with expression CHECK\(\(+strlen\("?(\w+)"?\) <= (\d+)'
)
_NOT_NULL = re.compile(r"NOT NULL constraint failed: ([\w.]+)\.(\w+)")
_NO_COLUMN = re.compile(r'Referenced column "([^"]+)" not found|does not have a column named "([^"]+)"')
_NO_COLUMN_IN = re.compile(r'column (?:with name )?"?(\w+)"? (?:does not exist|not found)', re.I)
_CONFLICT = re.compile(r"Conflict on|write-write conflict|conflict on tuple", re.I)
_TYPE_NAMES = {"INT64": "bigint", "INT32": "integer", "INT16": "smallint", "BOOL": "boolean", "DECIMAL": "numeric"}
_INVALID_TEXT = re.compile(r"Could not convert string '(.*)' to (\w+)", re.S)


def from_duckdb(error: duckdb.Error, lengths: dict[tuple[str, str], str] | None = None) -> RedshiftError:
    """Say in Redshift's words what DuckDB refused.

    Args:
        error: what DuckDB raised.
        lengths: declared type of each (table, column), for the message of a value too long.
    """
    text = str(error)
    if isinstance(error, duckdb.InterruptException):
        return Cancelled()
    if found := _CHECK.search(text):
        table, column, limit = found.groups()
        declared = (lengths or {}).get((table, column), f"character varying({limit})")
        return RedshiftError(
            "ERROR: Value too long for character type Detail: "
            f"code: 8001 context: Value too long for type {declared} table: {table} column: {column} (length "
            f"counts bytes)"
        )
    if found := _NOT_NULL.search(text):
        return RedshiftError(
            f"ERROR: Cannot insert a NULL value into column {found[2]} Detail: code: 8007 table: {found[1]}"
        )
    if _CONFLICT.search(text):
        return RedshiftError(
            "ERROR: 1023 DETAIL: Serializable isolation violation on table: another transaction changed the same rows "
            f"after this one's snapshot ({text.splitlines()[0]})"
        )
    if found := _NO_COLUMN.search(text):
        return RedshiftError(f'ERROR: column "{found[1] or found[2]}" does not exist')
    if found := _INVALID_TEXT.search(text):
        kind = _TYPE_NAMES.get(found[2].upper(), found[2].lower())
        return RedshiftError(f'ERROR: invalid input syntax for type {kind}: "{found[1]}"')
    lines = [line for line in text.splitlines() if line.strip()]
    head = re.sub(r"^(\w+ )+Error: ", "", lines[0]) if lines else type(error).__name__
    return RedshiftError(f"ERROR: {head}")
