"""With a transport configured, OpenLineage's events name the manifests each stage read and wrote."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import boto3
import pytest

from podemos.core.store import S3Store
from tests.unit.regulatory.deliveries import ALL, deliver, lines

FOLDER = Path(__file__).parent / "lineage"
RUN = """
import sys
from airflow.dag_processing.dagbag import DagBag

run = DagBag(sys.argv[1], bundle_path=sys.argv[1], bundle_name="dags-folder").dags["lineage"].test()
print(run.state)
"""


@pytest.fixture(scope="module")
def events(database, aws, home):
    """The events of a run of the first stages, as they stand in the file; the lake is left empty for others."""
    bucket = boto3.resource("s3").Bucket("podemos-lake")
    bucket.create()
    store = S3Store(boto3.client("s3"), "podemos-lake")
    deliver(store, ALL.source("cajeros"), lines("cajeros", 4))
    target = home / "events.jsonl"
    transport = {"type": "file", "log_file_path": str(target), "append": True}
    environment = os.environ | {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(FOLDER),
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport),
        "AIRFLOW__OPENLINEAGE__NAMESPACE": "podemos-test",
        "PYTHONPATH": os.pathsep.join(map(str, sys.path)),
    }
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(FOLDER)], env=environment, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip().endswith("success"), done.stdout + done.stderr
    yield [json.loads(line) for line in target.read_text().splitlines()]
    bucket.object_versions.delete()


def test_a_run_names_the_manifests_that_each_stage_read_and_wrote(events):
    """The collector is a process's, and here one process runs all tasks: what a task adds is what it told."""
    told, before = {}, (set(), set())
    for event in events:
        if event["eventType"] == "COMPLETE" and event["job"]["name"].startswith("lineage."):
            found = [{f"{one['namespace']}/{one['name']}" for one in event[side]} for side in ("inputs", "outputs")]
            told[event["job"]["name"].removeprefix("lineage.")] = [
                new - old for new, old in zip(found, before, strict=True)
            ]
            before = found
    assert list(told) == ["arrivals", "seal", "normalise", "publish"]
    assert told["arrivals"] == [set(), set()]
    (sealed,), (normalised,) = told["seal"][1], told["normalise"][1]
    assert sealed.startswith("s3://podemos-lake/regulatory/nights/2026-11-19/")
    assert sealed.endswith("/seal.json")
    assert "/normalised-" in normalised
    assert told["seal"][0] == set()
    assert told["normalise"][0] == {sealed}
    assert told["publish"] == [{normalised}, {"s3://podemos-reports/reports/2026-11-19/v1/manifest.json"}]
    assert {event["job"]["namespace"] for event in events} == {"podemos-test"}


def test_without_a_transport_the_provider_is_disabled():
    from airflow.providers.openlineage import conf

    assert conf.is_disabled()
