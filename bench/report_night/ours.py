"""Our reconciliation of two stores: `mariadb|postgres PORT PORT COPY FILE`; the differing keys go to the file.

As at level 2 of the report: the shipped control totals (count, cents, digest) per partition on both sides at once, and
then, of the partitions that differ only, the same totals per row. What compares them here is this file; in the product
the second side is Redshift, and the partitions are systems and branches instead of ranges of the key.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import isqrt
from pathlib import Path

import MySQLdb
import MySQLdb.cursors

from bench.report_night import stores
from podemos.core import fingerprint

INDEXED = 16
"""So many ranges are looked up in the key's index; for more, a scan that hashes only what is in them is faster."""
Totals = dict[int, tuple[int, int, int]]
Ask = Callable[[str], Totals]


def mariadb(port: int) -> tuple[Ask, fingerprint.Select]:
    session = MySQLdb.connect(
        host="127.0.0.1", port=port, user=stores.USER, password=stores.USER, database=stores.SOURCE, charset="utf8mb4",
        cursorclass=MySQLdb.cursors.SSCursor,
    )  # fmt: skip

    def ask(sql: str) -> Totals:
        cursor = session.cursor()
        cursor.execute(sql)
        return {int(row[0]): (int(row[1]), int(row[2]), int(row[3])) for row in cursor}

    return ask, fingerprint.mysql(stores.table())


def postgres(port: int, database: str) -> tuple[Ask, fingerprint.Select]:
    session = stores.connect(port, database)

    def ask(sql: str) -> Totals:
        cursor = session.cursor()
        cursor.execute(sql)
        return {int(row[0]): (int(row[1]), int(row[2]), int(row[3])) for row in cursor}

    return ask, fingerprint.redshift(stores.table())


def differing(left: tuple[Ask, fingerprint.Select], right: tuple[Ask, fingerprint.Select], rows: int) -> list[int]:
    """The keys of the rows that are not the same on both sides."""
    size = max(64, isqrt(rows) // 8)

    def both(grouped: str, where: str = "") -> tuple[Totals, Totals]:
        with ThreadPoolExecutor(2) as pool:
            one, other = (
                pool.submit(ask, f"SELECT {grouped} AS parte, {select} FROM pagos {where} GROUP BY {grouped}")
                for ask, select in (left, right)
            )
            return one.result(), other.result()

    def unequal(one: Totals, other: Totals) -> list[int]:
        return sorted(key for key in one.keys() | other.keys() if one.get(key) != other.get(key))

    parts = unequal(*both(f"FLOOR(id_pago / {size})"))
    if not parts:
        return []
    if len(parts) <= INDEXED:
        where = " OR ".join(f"(id_pago >= {part * size} AND id_pago < {(part + 1) * size})" for part in parts)
    else:
        where = f"FLOOR(id_pago / {size}) IN ({', '.join(map(str, parts))})"
    return unequal(*both("id_pago", f"WHERE {where}"))


def main() -> None:
    first, port, other_port, copy, rows, target = sys.argv[1:]
    left = mariadb(int(port)) if first == "mariadb" else postgres(int(other_port), stores.SOURCE)
    found = differing(left, postgres(int(other_port), copy), int(rows))
    Path(target).write_text(json.dumps(found), encoding="ascii")


if __name__ == "__main__":
    main()
