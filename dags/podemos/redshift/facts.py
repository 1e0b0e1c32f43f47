"""What is known about a table, whether a file declares it or the live catalog shows it: the rules see only this."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Attributes:
        octets: length of a CHAR or VARCHAR in bytes; None for other types.
        encoding: lower case, `none` for unencoded, None when the declaration leaves it open.
        where: file and line of its declaration; empty for a column of the live catalog.
    """

    name: str
    type: str
    octets: int | None = None
    encoding: str | None = None
    comment: str | None = None
    where: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Attributes:
        name: (schema, table), folded to lower case as Redshift does.
        where: file and line of its CREATE; empty for a table of the live catalog.
        diststyle: `EVEN`, `ALL` or `KEY(c)` in force; None while nothing is decided (absent, AUTO(ALL), AUTO(EVEN)).
        sort: columns of the sort key in force; empty while there is none.
        dist_seen: False where the catalog does not show the style: SVV_TABLE_INFO omits empty tables.
        sort_seen: False where it does not show the sort key: PG_TABLE_DEF omits what the user may not use.
        columns_seen: False for CREATE TABLE AS, whose columns the statement does not state.
    """

    name: tuple[str, str]
    where: str = ""
    diststyle: str | None = None
    sort: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    comment: str | None = None
    dist_seen: bool = True
    sort_seen: bool = True
    columns_seen: bool = True

    @property
    def title(self) -> str:
        """`core.pagos`, as the register names it."""
        return ".".join(self.name)

    @property
    def live(self) -> bool:
        """Whether it was found in the catalog and not in a file."""
        return not self.where


def quoted(*parts: str) -> str:
    """A name as SQL text: quoted where it is not plain."""
    return ".".join(part if _PLAIN.fullmatch(part) else '"' + part.replace('"', '""') + '"' for part in parts)
