"""Reads landed chunks inside Spark's executors: the bytes that are verified are the bytes that are used."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import types as T

from podemos.branches.chunk import schema
from podemos.branches.curation import RANGE, raw_schema
from podemos.core.table import Table

Fetch = Callable[[str], bytes]
"""Content of an object by key. It travels to the executors, so it opens its client there."""
ALTERED = "_alterado"
"""Key of the chunk whose bytes are not the recorded ones."""


@cache
def _client() -> Any:
    import boto3  # one client per executor process; on the driver it would cost a second for nothing

    return boto3.client("s3")


def from_bucket(bucket: str) -> Fetch:
    """Fetches from S3."""

    def fetch(key: str) -> bytes:
        body: bytes = _client().get_object(Bucket=bucket, Key=key)["Body"].read()
        return body

    return fetch


def landed(spark: SparkSession, chunks: list[dict[str, Any]], table: Table, fetch: Fetch, partitions: int) -> DataFrame:
    """Rows of the chunks; for a chunk whose SHA-256 is not the recorded one, one row with only `ALTERED` (its key).

    Args:
        spark: the session.
        chunks: `key` and `sha256` of each, and whether it belongs to a `range`: its rows say so in `RANGE`.
        table: their contract; a column that an older chunk lacks is NULL.
        fetch: reads an object.
        partitions: tasks to spread them over.
    """
    wanted = schema(table).append(pa.field(ALTERED, pa.string())).append(pa.field(RANGE, pa.bool_()))
    entries = [(chunk["key"], chunk["sha256"], chunk.get("range", False)) for chunk in chunks]
    tasks = max(1, min(partitions, len(entries)))

    def read(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            for task in batch.column(0).to_pylist():
                for key, digest, swept in entries[task::tasks]:
                    yield from _batches(fetch(key), key, digest, swept, wanted)

    fields = [field for field in raw_schema(table).fields if field.name != "borrado"]
    out = T.StructType([*fields, T.StructField(ALTERED, T.StringType()), T.StructField(RANGE, T.BooleanType())])
    return spark.range(0, tasks, 1, tasks).mapInArrow(read, out)


def _batches(data: bytes, key: str, digest: str, swept: bool, wanted: pa.Schema) -> Iterator[pa.RecordBatch]:
    if hashlib.sha256(data).hexdigest() != digest:
        nothing = [pa.nulls(1, field.type) for field in wanted][:-2]
        yield pa.RecordBatch.from_arrays([*nothing, pa.array([key]), pa.array([swept])], schema=wanted)
        return
    found = pq.read_table(pa.BufferReader(data))
    columns = [
        found[field.name].cast(field.type) if field.name in found.column_names else pa.nulls(len(found), field.type)
        for field in list(wanted)[:-1]
    ]
    columns.append(pa.chunked_array([pa.repeat(pa.scalar(swept), len(found))]))
    yield from pa.Table.from_arrays(columns, schema=wanted).combine_chunks().to_batches()
