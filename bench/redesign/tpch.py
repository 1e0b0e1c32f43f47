"""TPC-H: the 22 queries, and a seeded sample of `lineitem` and `orders` with the benchmark's distributions."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from podemos.redshift.advisor import inputs, query_log
from podemos.redshift.advisor.advise import Advice, advise
from podemos.redshift.ddl_reader import read as read_ddl

FOLDER = Path(__file__).parent
ROWS = {"lineitem": 600_037_902, "orders": 150_000_000, "customer": 15_000_000, "part": 20_000_000,
        "supplier": 1_000_000, "partsupp": 80_000_000, "nation": 25, "region": 5}  # fmt: skip
"""Of scale factor 100."""
SAMPLED = 60_000
START, END = date(1992, 1, 1), date(1998, 8, 2)
_MODES = ("REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB")
_INSTRUCTIONS = ("DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN")
_PRIORITIES = ("1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW")
_CURRENT = date(1995, 6, 17)


def advice(seed: int) -> dict[str, Advice]:
    """The advice for the two large tables; every query weighs the same."""
    tables = read_ddl([FOLDER / "tpch_tables.sql"]).tables
    workload = query_log.read(query_log.entries(FOLDER / "tpch.sql"), inputs.known(tables))
    if len(workload.queries) != 22:
        raise SystemExit(f"{len(workload.queries)} of 22 queries were read: {workload.skipped}")
    rng = np.random.default_rng(seed)
    values = {("public", "orders"): orders(rng), ("public", "lineitem"): lineitem(rng)}
    world = inputs.world(tables, values, {("public", name): rows for name, rows in ROWS.items()})
    return {name: advise(world, workload, ("public", name)) for name in ("lineitem", "orders")}


def summary(found: Advice) -> dict[str, Any]:
    """What the last line says of a table."""
    best = found.best
    return {
        "diststyle": best.design.dist,
        "distkey": best.design.distkey,
        "sortkey": list(best.design.sort),
        "reasons": list(best.reasons),
        "gets_worse": list(best.worse),
    }


def orders(rng: np.random.Generator) -> pa.Table:
    """A sample of the orders."""
    n = SAMPLED
    placed = rng.integers(START.toordinal(), END.toordinal() - 151 + 1, n)
    return pa.table(
        {
            "o_orderkey": _order_keys(rng, n),
            "o_custkey": _customers(rng, n),
            "o_orderstatus": np.where(placed < _CURRENT.toordinal() - 100, "F", "O"),
            "o_totalprice": _decimal(rng.integers(90_000, 50_000_000, n)),
            "o_orderdate": _dates(placed),
            "o_orderpriority": np.array(_PRIORITIES)[rng.integers(0, 5, n)],
            "o_clerk": [f"Clerk#{c:09d}" for c in rng.integers(1, 100_000, n)],
            "o_shippriority": pa.array(np.zeros(n, dtype=np.int32)),
            "o_comment": _comments(rng, n),
        }
    )


def lineitem(rng: np.random.Generator) -> pa.Table:
    """A sample of the lines."""
    n = SAMPLED
    placed = rng.integers(START.toordinal(), END.toordinal() - 151 + 1, n)
    shipped = placed + rng.integers(1, 122, n)
    received = shipped + rng.integers(1, 31, n)
    today = _CURRENT.toordinal()
    quantity = rng.integers(1, 51, n)
    return pa.table(
        {
            "l_orderkey": _order_keys(rng, n),
            "l_partkey": rng.integers(1, ROWS["part"] + 1, n),
            "l_suppkey": rng.integers(1, ROWS["supplier"] + 1, n),
            "l_linenumber": rng.integers(1, 8, n).astype(np.int32),
            "l_quantity": _decimal(quantity * 100),
            "l_extendedprice": _decimal(quantity * rng.integers(90_000, 200_000, n)),
            "l_discount": _decimal(rng.integers(0, 11, n)),
            "l_tax": _decimal(rng.integers(0, 9, n)),
            "l_returnflag": np.where(received <= today, np.where(rng.random(n) < 0.5, "R", "A"), "N"),
            "l_linestatus": np.where(shipped > today, "O", "F"),
            "l_shipdate": _dates(shipped),
            "l_commitdate": _dates(placed + rng.integers(30, 91, n)),
            "l_receiptdate": _dates(received),
            "l_shipinstruct": np.array(_INSTRUCTIONS)[rng.integers(0, 4, n)],
            "l_shipmode": np.array(_MODES)[rng.integers(0, 7, n)],
            "l_comment": _comments(rng, n),
        }
    )


def _order_keys(rng: np.random.Generator, n: int) -> np.ndarray:
    """Sparse: of each 32 keys the first 8 are used."""
    number = rng.integers(0, ROWS["orders"], n)
    return number // 8 * 32 + number % 8 + 1


def _customers(rng: np.random.Generator, n: int) -> np.ndarray:
    """A third of the customers has no orders."""
    number = rng.integers(0, ROWS["customer"] // 3, n)
    return number * 3 + rng.integers(1, 3, n)


def _dates(ordinals: np.ndarray) -> pa.Array:
    return pa.array((ordinals - date(1970, 1, 1).toordinal()).astype(np.int32)).cast(pa.date32())


def _decimal(cents: np.ndarray) -> pa.Array:
    return pc.multiply(pa.array(cents).cast(pa.decimal128(19, 0)), pa.scalar(Decimal("0.01"))).cast(
        pa.decimal128(18, 2)
    )


def _comments(rng: np.random.Generator, n: int) -> list[str]:
    words = (
        "furiously",
        "ideas",
        "quickly",
        "deposits",
        "special",
        "requests",
        "packages",
        "sleep",
        "pending",
        "final",
    )
    return [" ".join(words[w] for w in row) for row in rng.integers(0, len(words), (n, 4))]
