"""Glue job: curates what the branches landed. One job for all tables.

Arguments:
    --lake_bucket: the lake.
    --plan_key: the plan that `podemos.branches.collect` wrote.
    --attempt: anything that tells attempts apart in the folder names.

The commit is the result's create-once manifest: whatever an attempt that died has written is named by nothing.
"""

from __future__ import annotations

import logging
import re
import secrets
import sys

import boto3
from pyspark.sql import SparkSession

from podemos.branches.curate import Curation, commit_result
from podemos.branches.landed_rows import Fetch, from_bucket
from podemos.branches.zone_frames import zone_frames
from podemos.core import manifest
from podemos.core.errors import DataFault
from podemos.core.store import ObjectStore, S3Store

log = logging.getLogger("branches_curate")


def main(spark: SparkSession, lake: ObjectStore, root: str, fetch: Fetch, plan_key: str, attempt: str) -> None:
    """Runs the plan and commits its result.

    Args:
        spark: of `session`.
        lake: the lake, as the driver reads and writes it.
        root: the same lake, as Spark does.
        fetch: the same, as executors read a landed chunk.
        plan_key: the plan.
        attempt: see `--attempt`.
    """
    plan, ref = manifest.read(lake, plan_key)
    zones = lake.get(plan["zones"]["key"])
    if manifest.sha256(zones) != plan["zones"]["sha256"]:
        raise DataFault(f"{lake.uri(plan['zones']['key'])} was changed; restore it from include/config/zones.csv")
    rev = f"{plan['revision']:012d}-{ref.sha256[:8]}-{re.sub(r'[^A-Za-z0-9]', '', attempt)}-{secrets.token_hex(3)}"
    frames = zone_frames(spark, zones.decode(), plan["branches"], plan.get("servers"))
    curation = Curation(spark, lake, root, fetch, plan, rev, frames)
    created = commit_result(lake, ref, rev, curation.run())
    log.info("%s: %s %s", plan_key, rev, "committed" if created else "left alone, another attempt was first")


def session() -> SparkSession:
    """Glue's session, with UTC as the only zone: wall times are computed by our own table."""
    return (
        SparkSession.builder.appName("branches_curate")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.ansi.enabled", "false")
        .config("spark.hadoop.mapreduce.fileoutputcommitter.marksuccessfuljobs", "false")
        .getOrCreate()
    )


if __name__ == "__main__":
    from awsglue.utils import getResolvedOptions

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    args = getResolvedOptions(sys.argv, ["lake_bucket", "plan_key", "attempt"])
    bucket = args["lake_bucket"]
    store, root = S3Store(boto3.client("s3"), bucket), f"s3://{bucket}"
    main(session(), store, root, from_bucket(bucket), args["plan_key"], args["attempt"])
