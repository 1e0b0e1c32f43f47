"""Files of the lake as Spark's frames, and what a second reader says of the files that Spark wrote."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql import types as T

from podemos.branches.chunk import cents
from podemos.core.store import ObjectStore
from podemos.core.table import Table

NO_FILES: dict[str, Any] = {"files": [], "rows": 0}
"""What is said of rows that there are none of: no file without rows is written."""


@dataclass(frozen=True, slots=True)
class LakeFrames:
    """The lake as both readers see it.

    Attributes:
        lake: as the driver reads and writes it.
        root: where Spark finds it, ``s3://bucket``.
    """

    spark: SparkSession
    lake: ObjectStore
    root: str

    def read(self, schema: T.StructType, found: Mapping[str, Any]) -> DataFrame:
        """Rows of the files that an entry (``files``, ``rows``) names."""
        files = [f"{self.root}/{file['key']}" for file in found.get("files", [])]
        return self.spark.read.schema(schema).parquet(*files) if files else self.nothing(schema)

    def nothing(self, schema: T.StructType) -> DataFrame:
        """No rows, in a form that the optimizer sees through: joins and unions with it cost nothing."""
        columns = [F.lit(None).cast(found.dataType).alias(found.name) for found in schema.fields]
        return self.spark.range(1).select(*columns).filter(F.lit(False))

    def write(self, rows: DataFrame, place: str, table: Table) -> dict[str, Any]:
        """Writes rows into a folder, a file for each partition of the frame; returns the entry."""
        rows.write.mode("append").parquet(f"{self.root}/{place}")
        files = [file for file in self.files(place, table) if file["rows"]]
        return {"files": files, "rows": sum(file["rows"] for file in files)}

    def files(self, prefix: str, table: Table) -> list[dict[str, Any]]:
        """Files under a prefix with rows, cents and SHA-256, taken from their bytes by a second reader."""
        found = []
        for info in self.lake.list(prefix):
            if info.key.endswith(".parquet"):
                data = self.lake.get(info.key)
                rows = pq.read_table(pa.BufferReader(data), columns=[table.amount] if table.amount else [])
                digest = hashlib.sha256(data).hexdigest()
                found.append(
                    {"key": info.key, "rows": pq.ParquetFile(pa.BufferReader(data)).metadata.num_rows}
                    | {"cents": cents(rows, table), "sha256": digest, "size": len(data)}
                )
        return found
