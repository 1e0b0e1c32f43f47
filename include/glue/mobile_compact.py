"""Glue job: compacts what the phones uploaded, when it is more than a worker takes.

Arguments:
    --lake_bucket: the lake.
    --plan_key: the plan that `podemos.mobile.plan` wrote.
    --attempt: unused; a second attempt finds the first one's files under their content.

Spark only spreads the work: objects are read, buckets are decided and partitions are laid by the functions that a
worker calls. The commit is the result's create-once manifest.
"""

from __future__ import annotations

import logging
import sys

import boto3
from pyspark.sql import SparkSession

from podemos.core import manifest
from podemos.mobile import compact, places
from podemos.mobile.spread import Stores, compact_with
from podemos.mobile.upload import S3Uploads

log = logging.getLogger("mobile_compact")


def main(spark: SparkSession, stores: Stores, plan_key: str) -> bool:
    """Runs the plan and commits its result; False when another attempt was first.

    Args:
        spark: of `session`.
        stores: opens the lake, on the driver and on executors.
        plan_key: the plan.
    """
    lake = stores()
    plan, ref = manifest.read(lake, plan_key)
    if lake.head(places.result_of(plan_key)) is not None:
        return False
    created = compact.commit_result(lake, ref, compact_with(spark.sparkContext, stores, plan))
    log.info("%s: %s", plan_key, "committed" if created else "left alone, another attempt was first")
    return created


def session() -> SparkSession:
    """Glue's session."""
    return SparkSession.builder.appName("mobile_compact").getOrCreate()


def stores_of(bucket: str) -> Stores:
    """The lake by the job's own role; a client per process."""

    def open_lake() -> S3Uploads:
        return S3Uploads(boto3.client("s3"), bucket)

    return open_lake


if __name__ == "__main__":
    from awsglue.utils import getResolvedOptions

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    args = getResolvedOptions(sys.argv, ["lake_bucket", "plan_key", "attempt"])
    main(session(), stores_of(args["lake_bucket"]), args["plan_key"])
