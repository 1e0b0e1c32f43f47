"""Each published object is locked as it is written, whatever the bucket's default says; rehearsals are not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from podemos.contracts.delivery import Delivery, Link
from podemos.regulatory import __main__ as command_line
from podemos.regulatory.channels import Courier
from podemos.regulatory.deliver import deliver
from podemos.regulatory.kms import kms_signer
from podemos.regulatory.locks import unlocked
from tests.integration.regulatory.nights import FEW, arrived, run
from tests.integration.regulatory.world import World
from tests.unit.regulatory.deliveries import DAY, NIGHT, clock

DELIVERY = Delivery(channels=(Link(kind="link", name="enlace", hours=1),))
UNTIL = datetime(2036, 11, 22, tzinfo=UTC)
"""2026-11-20 and 3,653 days, to the midnight after the next."""


def published(world: World, **changed: Any) -> str:
    key = world.kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["KeyId"]
    found = run(world, arrived(FEW), sources=FEW, signer=kms_signer(world.kms, key), **changed).keys["publish"]
    carrier = Courier(world.s3, None, None)
    return deliver(found, reports=world.reports, delivery=DELIVERY, carrier=carrier, clock=clock)


def test_every_object_of_a_version_is_locked_and_none_can_be_deleted(
    delivered: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    key, s3, bucket = published(delivered), delivered.s3, delivered.reports.bucket
    assert unlocked(key, reports=delivered.reports, retention=delivered.platform.retention) == []
    keys = [info.key for info in delivered.reports.list("reports/")]
    assert {name.rpartition("/")[2] for name in keys} >= {
        "manifest.json", "manifest.sig.json", "movimientos.csv", "prueba.html", "v1-enlace.json"
    }  # fmt: skip
    for name in keys:
        lock = s3.get_object_retention(Bucket=bucket, Key=name)["Retention"]
        assert (lock["Mode"], lock["RetainUntilDate"]) == ("COMPLIANCE", UNTIL), name
        version = s3.head_object(Bucket=bucket, Key=name)["VersionId"]
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.delete_object(Bucket=bucket, Key=name, VersionId=version)
    # one that somebody wrote without
    s3.put_object(Bucket=bucket, Key=f"reports/{DAY}/v1/resumen.json", Body=b"{}")
    monkeypatch.setenv("PODEMOS_PLATFORM", json.dumps({"reports_bucket": bucket}))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "local")
    given = ["locks", "--date", f"{DAY}", "--version", "1", "--endpoint", s3.meta.endpoint_url]
    assert command_line.main(given) == 1
    told = capsys.readouterr().out.splitlines()
    assert told[0] == f"s3://{bucket}/reports/{DAY}/v1/resumen.json: not locked"
    assert json.loads(told[-1])["locked"] is False


def test_a_lock_that_is_shorter_or_softer_than_the_rule_is_told(delivered: World) -> None:
    key = published(delivered)
    longer = replace(delivered.platform.retention, days=3_656)
    assert "until 2036-11-22T00:00:00.000000Z, wanted COMPLIANCE until 2036-11-2" in "".join(
        unlocked(key, reports=delivered.reports, retention=longer)
    )
    other = replace(delivered.platform.retention, mode="GOVERNANCE")
    assert len(unlocked(key, reports=delivered.reports, retention=other)) == len(
        list(delivered.reports.list("reports/"))
    )


def test_a_rehearsal_is_not_locked(delivered: World) -> None:
    key = published(delivered, night=replace(NIGHT, seconds_per_hour=30))
    assert key.startswith("reports/rehearsal/")
    for info in delivered.reports.list("reports/"):
        head = delivered.reports.head(info.key)
        assert head is not None and head.lock is None, info.key
    assert unlocked(key, reports=delivered.reports, retention=delivered.platform.retention) == []
