"""The job whose classes `warm` archives: reads, windows, joins, aggregates and writes as a curation job does."""

import sys

from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F


def main(folder: str) -> None:
    """Run the job under `folder`, end the JVM and wait until it has written its archive."""
    spark = SparkSession.builder.getOrCreate()
    gateway = spark.sparkContext._gateway.proc
    rows = spark.range(20_000).select(
        (F.col("id") % 5_000).alias("key"),
        F.col("id").alias("seq"),
        (F.col("id") / 100).cast("decimal(18,2)").alias("amount"),
        F.concat(F.lit("2026-01-0"), F.col("id") % 5 + 1).alias("day"),
        F.lit(None).cast("string").alias("note"),
    )
    rows.write.parquet(f"{folder}/raw")
    raw = spark.read.parquet(f"{folder}/raw")
    latest = (
        raw.withColumn("rank", F.row_number().over(Window.partitionBy("key").orderBy(F.desc("seq"))))
        .where("rank = 1")
        .withColumn("date", F.to_date("day"))
        .withColumn("digest", F.sha2(F.concat_ws("|", "key", "amount", F.coalesce("note", F.lit(""))), 256))
    )
    latest.repartition("date").write.mode("overwrite").partitionBy("date").parquet(f"{folder}/curated")
    curated = spark.read.parquet(f"{folder}/curated")
    orphans = curated.join(raw.select("key").distinct(), "key", "left_anti")
    orphans.write.mode("append").json(f"{folder}/orphans")
    curated.groupBy("date").agg(F.count("*"), F.sum("amount"), F.max("digest")).collect()
    spark.stop()
    gateway.stdin.close()
    gateway.wait()


if __name__ == "__main__":
    main(sys.argv[1])
