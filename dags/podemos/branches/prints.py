"""What a branch's server says of its rows: control totals per branch-local day, in the session's snapshot."""

from __future__ import annotations

from podemos.branches import keys
from podemos.branches.link import Link
from podemos.core.fingerprint import Fingerprint


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
