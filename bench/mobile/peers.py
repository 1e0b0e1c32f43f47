"""What others do with the same files, each in a process of its own: `python -m bench.mobile.peers NAME ROOT OUT`.

Timed is the work, not the start of an interpreter or a JVM.
"""

from __future__ import annotations

import json
import shutil
import sys
import time
from pathlib import Path

QUERY = "SELECT id_sucursal, count(*), sum({cents}) FROM {source} {where} GROUP BY 1 ORDER BY 1"
_INBOX = "mobile/inbox/*/*/*/*.jsonl.gz"


def duckdb_copy(root: Path, out: Path) -> int:
    """read_json and COPY, with all cores; returns rows."""
    import duckdb

    connection = duckdb.connect(config={"threads": 2})
    source = f"SELECT * FROM read_json('{root}/{_INBOX}', format='newline_delimited')"
    found = connection.execute(f"COPY ({source}) TO '{out}/duckdb.parquet' (COMPRESSION zstd)").fetchall()
    return int(found[0][0])


def spark_plain(root: Path, out: Path) -> int:
    """read.json and write.parquet, with all cores; the session is started before."""
    from pyspark.sql import SparkSession

    spark = (
        SparkSession.builder.master("local[2]")
        .config("spark.driver.memory", "3g")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    spark.range(10).count()
    global _BEGAN
    _BEGAN = time.perf_counter()
    frame = spark.read.json(f"{root}/{_INBOX}")
    frame.write.parquet(str(out / "spark"))
    return int(spark.read.parquet(str(out / "spark")).count())


def byte_copy(root: Path, out: Path) -> int:
    """The bytes, file by file: the floor."""
    count = 0
    for path in sorted((root / "mobile/inbox").rglob("*.jsonl.gz")):
        with path.open("rb") as source, (out / f"{count}.gz").open("wb") as target:
            shutil.copyfileobj(source, target)
        count += 1
    return count


def query_before(root: Path, out: Path) -> int:
    """Cents of payments by branch, by DuckDB over the uploads as they lie there."""
    import duckdb

    source = f"read_json('{root}/{_INBOX}', format='newline_delimited')"
    sql = QUERY.format(cents="event_data.monto_centavos", source=source, where="WHERE event_type = 'pago'")
    return _digest(duckdb.connect(config={"threads": 2}).execute(sql).fetchall())


def query_after(root: Path, out: Path) -> int:
    """The same, by the same engine, over the compacted table's files."""
    import duckdb

    source = f"read_parquet('{root}/mobile/events/pago/*/*.parquet')"
    sql = QUERY.format(cents="monto_centavos", source=source, where="")
    return _digest(duckdb.connect(config={"threads": 2}).execute(sql).fetchall())


def _digest(rows: list[tuple[int, ...]]) -> int:
    """So that two answers can be compared."""
    return sum(int(branch) * 7 + int(count) * 13 + int(cents) for branch, count, cents in rows)


PEERS = {f.__name__: f for f in (duckdb_copy, spark_plain, byte_copy, query_before, query_after)}
_BEGAN = 0.0


def main() -> None:
    """A line of JSON: seconds, and what the peer counted."""
    global _BEGAN
    name, root, out = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    out.mkdir(parents=True, exist_ok=True)
    if name != "spark_plain":
        __import__("duckdb")
    _BEGAN = time.perf_counter()
    rows = PEERS[name](root, out)
    print(json.dumps({"seconds": round(time.perf_counter() - _BEGAN, 3), "rows": rows}))


if __name__ == "__main__":
    main()
