"""The restatement under Airflow itself, on the local AWS: a late source, shown first, then published as version 2."""

from __future__ import annotations

import boto3
import pytest

from podemos.contracts.sources import sources
from podemos.core.manifest import read
from podemos.orchestration.assets import REPORTE_REGULATORIO
from podemos.orchestration.ports import Ports
from podemos.orchestration.restating import request_of
from podemos.regulatory.contingency import run
from podemos.regulatory.kms import kms_signer
from podemos.regulatory.orders import Code, Request
from tests.unit.regulatory.deliveries import DAY, Payment, clock, deliver, deliver_lake, lines

MINOR, COUNT = "cajeros", 6
ENDS = ("day.publish", "day.settle", "day.show", "day.notify", "day.load")


@pytest.fixture(scope="module")
def published(aws, database, topics):
    """A partial version 1 in the platform's own buckets; then the minor source delivers."""
    assert topics
    ports = Ports({"params": {}})
    s3, kms = boto3.client("s3"), boto3.client("kms")
    for name in (ports.platform.lake_bucket, ports.platform.reports_bucket):
        s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=name == ports.platform.reports_bucket)
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    key = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=ports.platform.signing_key, TargetKeyId=key)
    for file in ("regulatory/create_movimientos", "branches/ops/create_loads", "branches/pagos/create_pagos",
                 "branches/clientes/create_clientes"):  # fmt: skip
        ports.warehouse.execute(f"{file}.sql")
    for source in sources().sources:
        if source.format == "lake":
            deliver_lake(ports.lake, [Payment(1, 88_000, 125_000, deleted=True)])
        elif source.id != MINOR:
            deliver(ports.lake, source, lines(source.id, COUNT))
    ended = run(
        DAY, lake=ports.lake, reports=ports.reports, platform=ports.platform, sources=sources(), policy=ports.policy,
        clock=clock, signer=kms_signer(kms, key), send=lambda *_: None, say=lambda _: None,
    )  # fmt: skip
    assert ended.outcome == "partial", ended
    deliver(ports.lake, sources().source(MINOR), lines(MINOR, COUNT))
    return ports


@pytest.fixture(scope="module")
def serialized(database, bag):
    """The DAGs as Airflow's database knows them."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import sync_bag_to_db
    from airflow.utils.session import create_session

    with create_session() as session:
        DagBundlesManager().sync_bundles_to_db(session=session)
    sync_bag_to_db(bag, "dags-folder", None)
    return bag


def states(bag, **conf) -> dict[str, str]:
    """Of all tasks of a finished run, without retries; the branches' lake of this test is only what it delivered."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("podemos.orchestration.restating.revisions.latest", lambda lake: None)
        for task in bag.dags["regulatory_restatement"].tasks:
            patch.setattr(task, "retries", 0)
        finished = bag.dags["regulatory_restatement"].test(run_conf=conf)
    return {ti.task_id: str(ti.state) for ti in finished.get_task_instances()} | {"run": str(finished.state)}


def test_a_late_source_is_shown_by_a_dry_run_and_then_published(published, serialized):
    days = {"first_day": f"{DAY}", "last_day": f"{DAY}", "reason": "late_source"}
    shown = states(serialized, **days)
    assert {task: shown[task] for task in ENDS} == dict.fromkeys(ENDS, "skipped") | {"day.show": "success"}
    assert [info.key for info in published.reports.list(f"reports/{DAY}/v2/")] == []
    done = states(serialized, **days, dry_run=False)
    wanted = {"day.publish": "success", "day.notify": "success", "day.load": "success"}
    assert {task: done[task] for task in ENDS} == dict.fromkeys(ENDS, "skipped") | wanted
    manifest = read(published.reports, f"reports/{DAY}/v2/manifest.json")[0]
    assert (manifest["outcome"], manifest["engine"]) == ("complete", "redshift")
    assert published.reports.head(f"reports/{DAY}/v2/manifest.sig.json") is not None


def test_its_event_carries_the_day_of_the_report(published):
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        (event,) = session.scalars(select(AssetEvent).where(AssetEvent.source_dag_id == "regulatory_restatement"))
        assert event.asset.name == REPORTE_REGULATORIO.name
        assert event.extra == {"business_date": f"{DAY}", "manifest": f"reports/{DAY}/v2/manifest.json"}


class Run:
    def __init__(self, run_type: str) -> None:
        self.run_type = run_type


def test_only_a_person_asks_for_a_dry_run():
    assert request_of({"dag_run": Run("asset_triggered"), "params": {"dry_run": True}}) == Request(dry_run=False)
    asked = {"first_day": f"{DAY}", "last_day": f"{DAY}", "reason": "other", "explanation": "prueba", "dry_run": True}
    assert request_of({"dag_run": Run("manual"), "params": asked}) == Request(DAY, DAY, Code.OTHER, "prueba", True)
