"""What a branch's server says of its rows: control totals per branch-local day, in the session's snapshot."""

from __future__ import annotations

import MySQLdb

from podemos.branches import keys
from podemos.branches.link import Link
from podemos.branches.rotation import Older
from podemos.core.fingerprint import Fingerprint

TOO_LONG = {1969, 3024}
"""The statement met the server's own limit: the session and its snapshot live on."""


def fingerprints(link: Link, sql: str) -> dict[str, Fingerprint]:
    """By day text; by `keys.UNDATED` for a table without a business date.

    Args:
        link: a session.
        sql: of `query.fingerprints`.

    Raises:
        MySQLdb.Error: the server refused, or the link broke.
    """
    found = {}
    for block in link.rows(sql):
        for day, count, amount, digest in block:
            if day is not None:
                found[day.decode() or keys.UNDATED] = Fingerprint(*(int(v or 0) for v in (count, amount, digest)))
    return found


def fingerprints_beside(
    link: Link, sql: str, alone: str, older: Older | None
) -> tuple[dict[str, Fingerprint], Older | None]:
    """Control totals of the window and of older days, in one statement; and which older days they cover.

    A server that cannot do the older days within its limit is asked for the window alone: their turn stays due.

    Args:
        link: a session.
        sql: of `query.fingerprints`, with the older days.
        alone: the same of the window alone.
        older: those days; None where there are none.

    Raises:
        MySQLdb.Error: the server refused, or the link broke.
    """
    if older is not None:
        try:
            return fingerprints(link, sql), older
        except MySQLdb.Error as error:
            if error.args[0] not in TOO_LONG:
                raise
    return fingerprints(link, alone), None
