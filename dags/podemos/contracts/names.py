"""Names that a column of lake and warehouse cannot have; `as:` in its contract gives it another one there."""

from __future__ import annotations

from podemos.core import table as core
from podemos.core.errors import ContractViolation

OURS = frozenset(
    "id_sucursal snapshot_seq borrado fecha_contable fecha rev motivo detalle esperaba accion ido i p".split()  # noqa: SIM905
)
"""Columns that the platform adds, partitions, and what curation calls its own."""
RESERVED = frozenset(
    [
        "aes128",
        "aes256",
        "all",
        "allowoverwrite",
        "analyse",
        "analyze",
        "and",
        "any",
        "array",
        "as",
        "asc",
        "authorization",
        "az64",
        "backup",
        "between",
        "binary",
        "blanksasnull",
        "both",
        "bytedict",
        "bzip2",
        "case",
        "cast",
        "check",
        "collate",
        "column",
        "constraint",
        "create",
        "credentials",
        "cross",
        "current_date",
        "current_time",
        "current_timestamp",
        "current_user",
        "current_user_id",
        "default",
        "deferrable",
        "deflate",
        "defrag",
        "delta",
        "delta32k",
        "desc",
        "disable",
        "distinct",
        "do",
        "else",
        "emptyasnull",
        "enable",
        "encode",
        "encrypt",
        "encryption",
        "end",
        "except",
        "explicit",
        "false",
        "for",
        "foreign",
        "freeze",
        "from",
        "full",
        "globaldict256",
        "globaldict64k",
        "grant",
        "group",
        "gzip",
        "having",
        "identity",
        "ignore",
        "ilike",
        "in",
        "initially",
        "inner",
        "intersect",
        "interval",
        "into",
        "is",
        "isnull",
        "join",
        "leading",
        "left",
        "like",
        "limit",
        "localtime",
        "localtimestamp",
        "lun",
        "luns",
        "lzo",
        "lzop",
        "minus",
        "mostly16",
        "mostly32",
        "mostly8",
        "natural",
        "new",
        "not",
        "notnull",
        "null",
        "nulls",
        "off",
        "offline",
        "offset",
        "oid",
        "old",
        "on",
        "only",
        "open",
        "or",
        "order",
        "outer",
        "overlaps",
        "parallel",
        "partition",
        "percent",
        "permissions",
        "pivot",
        "placing",
        "primary",
        "qualify",
        "raw",
        "readratio",
        "recover",
        "references",
        "respect",
        "rejectlog",
        "resort",
        "restore",
        "right",
        "select",
        "session_user",
        "similar",
        "snapshot",
        "some",
        "sysdate",
        "system",
        "table",
        "tag",
        "tdes",
        "text255",
        "text32k",
        "then",
        "timestamp",
        "to",
        "top",
        "trailing",
        "true",
        "truncatecolumns",
        "type",
        "union",
        "unique",
        "unnest",
        "unpivot",
        "user",
        "using",
        "verbose",
        "wallet",
        "when",
        "where",
        "with",
        "without",
    ]
)
"""Words of Redshift; a few more than it refuses, so that no statement here ever needs quotes."""


def lake_name(name: str, what: str) -> str:
    """The name in lower case, if it can be one of lake and warehouse.

    Args:
        name: wished.
        what: a word for the error: `column`.

    Raises:
        ContractViolation: it cannot; the message says what to do.
    """
    lower = name.lower()
    if lower in OURS or lower.startswith("_"):
        reason = "is a name that the platform itself uses"
    elif lower in RESERVED:
        reason = "is a word of the warehouse's SQL"
    else:
        try:
            return core.identifier(lower)
        except ContractViolation:
            reason = "is no plain identifier (letters, digits, underscore)"
    key = "as: other_name" if what == "column" else f"source: {name} beside another name in {what}:"
    raise ContractViolation(f"{what} {name!r} {reason}; keep it at the branch and give it another name here with {key}")


def suggested(name: str, table: str) -> str:
    """A name that will do, the wished one if it can be."""
    plain, of_table = _plain(name, "_"), _plain(table, "")
    for candidate in (name.lower(), plain, f"{plain}_{of_table}", f"c_{of_table}"):
        try:
            return lake_name(candidate, "column")
        except ContractViolation:
            continue
    return "columna"


def _plain(name: str, between: str) -> str:
    letters = (letter if letter.isascii() and letter.isalnum() else between for letter in name.lower())
    return "".join(letters).strip("_")
