"""One peer in a process of its own, under the bench's own virtual environment; knows nothing of the project.

Usage: python engines.py <engine> <port> <folder> <settings as JSON> <schema>...
"""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path
from typing import Any

USER, PASSWORD = "banco", "banco"
TABLE = "pagos_banco"


def raw(port: int, folder: Path, schemas: list[str], settings: dict[str, Any]) -> None:
    """A plain SELECT by the raw client: the floor. With `keep`, its text is the reference of the parity check."""
    import MySQLdb

    gc.disable()
    for schema in schemas:
        link = MySQLdb.connect(
            host="127.0.0.1", port=port, user=USER, passwd=PASSWORD, db=schema, charset="utf8mb4", conv={}
        )
        link.query(f"SELECT * FROM {TABLE}".encode())
        result = link.use_result()
        names, kept = [field[0] for field in result.describe()], []
        while block := result.fetch_row(settings["rows"], 0):
            if settings.get("keep"):
                import pyarrow as pa

                kept.append(pa.table([pa.array(values, pa.string()) for values in zip(*block, strict=True)], names))
        if kept:
            import pyarrow.parquet as pq

            pq.write_table(pa.concat_tables(kept), folder / f"{schema}.parquet")


def connectorx(port: int, folder: Path, schemas: list[str], settings: dict[str, Any]) -> None:
    import connectorx as cx
    import pyarrow as pa
    import pyarrow.parquet as pq

    for schema in schemas:
        url = f"mysql://{USER}:{PASSWORD}@127.0.0.1:{port}/{schema}"
        stream = cx.read_sql(
            url, f"SELECT * FROM {TABLE}", return_type="arrow_stream", batch_size=settings["batch_size"]
        )
        short = ["status_pago", "metodo_pago"]
        with pq.ParquetWriter(
            folder / f"{schema}.parquet", stream.schema, compression="snappy", use_dictionary=short
        ) as out:
            for batch in stream:
                out.write_table(pa.Table.from_batches([batch]))


def polars(port: int, folder: Path, schemas: list[str], settings: dict[str, Any]) -> None:
    import polars as pl

    for schema in schemas:
        url = f"mysql://{USER}:{PASSWORD}@127.0.0.1:{port}/{schema}"
        found = pl.read_database_uri(f"SELECT * FROM {TABLE}", url)
        found.write_parquet(folder / f"{schema}.parquet", compression="snappy")


def dlt(port: int, folder: Path, schemas: list[str], settings: dict[str, Any]) -> None:
    import dlt as tool
    from dlt.sources.sql_database import sql_table

    backend = settings["backend"]
    for schema in schemas:
        url = f"mysql+mysqldb://{USER}:{PASSWORD}@127.0.0.1:{port}/{schema}?charset=utf8mb4"
        plain = f"mysql://{USER}:{PASSWORD}@127.0.0.1:{port}/{schema}"
        more = {"backend_kwargs": {"conn": plain}} if backend == "connectorx" else {}
        pipeline = tool.pipeline(
            f"p_{schema}",
            pipelines_dir=str(folder / "work"),
            destination=tool.destinations.filesystem(bucket_url=(folder / "out").as_uri()),
            dataset_name=schema,
        )
        rows = sql_table(credentials=url, table=TABLE, backend=backend, chunk_size=settings["chunk_size"], **more)
        pipeline.run(rows, loader_file_format="parquet", write_disposition="append").raise_on_failed_jobs()


if __name__ == "__main__":
    import os

    os.environ.update(RUNTIME__DLTHUB_TELEMETRY="false", RUNTIME__LOG_LEVEL="ERROR")
    engine, port, folder, settings, *schemas = sys.argv[1:]
    {"raw": raw, "connectorx": connectorx, "polars": polars, "dlt": dlt}[engine](
        int(port), Path(folder), schemas, json.loads(settings)
    )
