"""The curation's task: a plan with a result starts no job; one without starts the job of this release."""

from __future__ import annotations

from types import SimpleNamespace

import boto3
import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from podemos.branches import keys
from podemos.contracts.platform import platform
from podemos.core.store import S3Store
from podemos.orchestration.glue import CurateBranches

PLAN = "manifests/branches/plans/000000000001/0123456789abcdef.json"
CONTEXT = {"ti": SimpleNamespace(try_number=1), "params": {}}


@pytest.fixture
def lake(aws):
    client, bucket = boto3.client("s3"), platform().lake_bucket
    if bucket not in {found["Name"] for found in client.list_buckets()["Buckets"]}:
        client.create_bucket(Bucket=bucket)
    return S3Store(client, bucket)


def test_a_plan_with_a_result_is_skipped(lake):
    lake.put_new(keys.result_of(PLAN), b"{}")
    with pytest.raises(AirflowSkipException, match=f"{PLAN} has its result"):
        CurateBranches(task_id="curate", plan_key=PLAN).execute(CONTEXT)


def test_a_plan_without_one_wants_its_job(lake):
    other = PLAN.replace("0123", "4567")
    with pytest.raises(AirflowFailException, match="'branches_curate' does not exist"):
        CurateBranches(task_id="curate", plan_key=other).execute(CONTEXT)
