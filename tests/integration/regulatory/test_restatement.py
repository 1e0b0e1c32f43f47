"""A published day sealed anew on the local AWS: what is owed, what changed, version n+1 or nothing."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from podemos.contracts.sources import Sources, policy
from podemos.core.errors import ContractViolation, DataFault, NotNeeded
from podemos.core.manifest import Ref, read
from podemos.core.paths import include
from podemos.regulatory import audit, orders, restate, restatements
from podemos.regulatory.build import build
from podemos.regulatory.gate import judge
from podemos.regulatory.kms import kms_signer
from podemos.regulatory.normalise import normalise
from podemos.regulatory.notify import message
from podemos.regulatory.orders import Code, Request
from podemos.regulatory.reconcile import reconcile
from podemos.regulatory.second import second
from podemos.regulatory.versions import newest
from tests.integration.regulatory.nights import COUNT, FEW, MINOR, arrived, conforms, run, send
from tests.integration.regulatory.world import World
from tests.unit.regulatory.deliveries import ALL, DAY, NIGHT, clock, deliver, lines

AUTOMATIC = Request(dry_run=False)
_runs = itertools.count(1)


def find(world: World, request: Request = AUTOMATIC, *, owner: str = "", sources: Sources = FEW) -> list[str]:
    return orders.find(
        request,
        lake=world.lake,
        reports=world.reports,
        sources=sources,
        clock=lambda: NIGHT.start + timedelta(hours=8),
        owner=owner or f"run {next(_runs)}",
    )


def until_compared(world: World, order: str, sources: Sources = FEW) -> str:
    """The stages of an order up to `compare`."""
    ports: dict[str, Any] = {"lake": world.lake, "sources": sources}
    sealed = restate.seal_again(order, reports=world.reports, clock=clock, **ports)
    normalised, seconded = normalise(sealed, **ports), second(sealed, **ports)
    try:
        batch = restate.load_batch(normalised, lake=world.lake, platform=world.platform)
        world.finished(send(world, batch))
        loaded = normalised
    except NotNeeded:
        loaded = None
    reconciled = reconcile(
        normalised, seconded, loaded, warehouse=world.warehouse, policy=policy(), clock=clock, **ports
    )
    decision = restate.decide_again(judge(reconciled, lake=world.lake), policy=policy(), clock=clock, **ports)
    built = build(decision, warehouse=world.warehouse, platform=world.platform, **ports)
    return restate.compare(built, lake=world.lake, reports=world.reports)


def publish(world: World, compared: str, **settings: Any) -> dict[str, Any]:
    key = restate.publish_again(compared, lake=world.lake, reports=world.reports, clock=clock, **settings)
    manifest = read(world.reports, key)[0]
    conforms(manifest, "manifest")
    return manifest


def changes(world: World, version: int) -> dict[str, Any]:
    found = read(world.reports, f"reports/{DAY}/v{version}/cambios.json")[0]
    conforms(found, "changes")
    return found


def test_a_late_source_is_shown_by_a_dry_run_and_then_is_the_next_version_with_its_reason_and_the_difference(
    delivered: World, tmp_path: Path
) -> None:
    run(delivered, [f"{s.id}:{'missing' if s.id == MINOR else 'arrived'}" for s in FEW.sources], sources=FEW)
    objects = [info.key for info in delivered.reports.list("")]
    held = list(delivered.warehouse.fetch("regulatory/fingerprint_movimientos.sql", {"business_date": DAY}))
    days = Request(DAY - timedelta(days=2), DAY, Code.REGULATOR_REQUEST, "Oficio 12/2026", dry_run=True)
    (order,) = find(delivered, days, owner="one")
    assert find(delivered, days, owner="one") == [order] != find(delivered, days, owner="two"), "one per run"
    compared = until_compared(delivered, order)
    with pytest.raises(NotNeeded):
        publish(delivered, compared)
    shown = json.loads(delivered.lake.get(restate.show(compared, lake=delivered.lake)))
    assert shown["movements"]["added"] == {"count": COUNT, "by_source": {MINOR: COUNT}}
    assert [one["code"] for one in shown["reasons"]] == ["regulator_request", "late_source"]
    assert [info.key for info in delivered.reports.list("")] == objects
    assert list(delivered.warehouse.fetch("regulatory/fingerprint_movimientos.sql", {"business_date": DAY})) == held

    (order,) = find(delivered)
    key = delivered.kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["KeyId"]
    manifest = publish(delivered, until_compared(delivered, order), signer=kms_signer(delivered.kms, key))
    assert (manifest["version"], manifest["outcome"], manifest["supersedes"]["version"]) == (2, "complete", 1)
    assert manifest["supersedes"]["codes"] == ["late_source"]
    notice = message(f"reports/{DAY}/v2/manifest.json", reports=delivered.reports)
    assert f"late_source ({MINOR} delivered" in notice.body
    found = changes(delivered, 2)
    before, after = found["totals"]["before"], found["totals"]["after"]
    assert after["movements"] - before["movements"] == COUNT == found["movements"]["added"]["count"]
    assert after["cents"] - before["cents"] == sum(line.cents for line in lines(MINOR, COUNT))
    assert {cell["source"] for cell in found["cells"] if cell["before"] != cell["after"]} == {MINOR}
    assert {(one["source"], one["before"]) for one in found["listed"]} == {(MINOR, None)}
    assert read(delivered.reports, f"reports/{DAY}/v1/manifest.json")[0]["version"] == 1, "version 1 stays"
    assert find(delivered) == [], "nothing is owed any more"
    audit.prove(
        f"reports/{DAY}/v2/manifest.json", lake=delivered.lake, reports=delivered.reports, platform=delivered.platform
    )
    a_stranger_proves_it_and_rejects_another_one(delivered, key, tmp_path)


def a_stranger_proves_it_and_rejects_another_one(world: World, key: str, scratch: Path) -> None:
    der = world.kms.get_public_key(KeyId=key)["PublicKey"]
    openssl = ["openssl", "pkey", "-pubin", "-inform", "DER", "-out", str(scratch / "key.pem")]
    subprocess.run(openssl, input=der, capture_output=True, check=True)
    folder = scratch / "v2"
    folder.mkdir()
    for info in world.reports.list(f"reports/{DAY}/v2/"):
        (folder / info.key.rpartition("/")[2]).write_bytes(world.reports.get(info.key))
    tool = str(include().parent / "tools/verify_report.py")
    command = [sys.executable, tool, str(folder), "--public-key", str(scratch / "key.pem")]
    proven = subprocess.run(command, capture_output=True, text=True, check=False)
    assert proven.returncode == 0, proven.stderr
    assert f"supersedes version 1: {COUNT} added, 0 removed, 0 changed movements" in proven.stdout
    (folder / "cambios.json").write_bytes((folder / "cambios.json").read_bytes().replace(b'"added"', b'"agg"'))
    assert subprocess.run(command, capture_output=True, check=False).returncode == 1


def test_a_source_that_delivers_again_is_named_movement_by_movement_with_both_values(delivered: World) -> None:
    run(delivered, arrived(FEW), sources=FEW)
    found = lines(MINOR, COUNT)
    deliver(delivered.lake, ALL.source(MINOR), found[:-2], control="control-2.json", name="datos-2")
    (order,) = find(delivered)
    overtaken = until_compared(delivered, order)
    changed = [replace(found[0], cents=found[0].cents + 1), *found[1:5], *found[6:], replace(found[5], id="CAJ-999999")]
    deliver(delivered.lake, ALL.source(MINOR), changed, control="control-3.json", name="datos-3")
    (order,) = find(delivered)
    publish(delivered, until_compared(delivered, order))
    told = changes(delivered, 2)
    assert [one["code"] for one in told["reasons"]] == ["corrected_source"]
    assert {name: told["movements"][name]["count"] for name in ("added", "removed", "changed")} == {
        "added": 1, "removed": 1, "changed": 1,
    }  # fmt: skip
    by_change = {one["change"]: one for one in told["listed"]}
    cents = [by_change["changed"][when]["cents"] for when in ("before", "after")]
    assert (by_change["changed"]["id_movimiento"], cents) == ("CAJ-000000", [found[0].cents, found[0].cents + 1])
    assert (by_change["added"]["id_movimiento"], by_change["removed"]["id_movimiento"]) == ("CAJ-999999", "CAJ-000005")
    with pytest.raises(DataFault, match="another version was published since"):
        publish(delivered, overtaken)
    assert find(delivered) == []


def test_what_gives_the_same_report_publishes_nothing_and_settles_the_record_until_it_comes_again(
    delivered: World,
) -> None:
    run(delivered, arrived(FEW), sources=FEW)
    version = newest(delivered.reports, DAY, rehearsal=False)
    assert version is not None
    told = {"now": {"rows": 1}, "certified_since": [], "certificates": [{"branches": ["001"]}]}
    proof = Ref(version.ref.key, version.ref.sha256)
    assert restatements.record(delivered.lake, DAY, version, told, found_by=proof) is not None
    deliver(delivered.lake, ALL.source(MINOR), lines(MINOR, COUNT), control="control-2.json", name="datos-2")
    (order,) = find(delivered)
    compared = until_compared(delivered, order)
    with pytest.raises(NotNeeded, match="already says"):
        publish(delivered, compared)
    restate.settle(compared, lake=delivered.lake, reports=delivered.reports)
    assert restatements.owed(delivered.lake, delivered.reports) == []
    assert find(delivered) == []
    later = Ref("later", "0" * 64)
    assert restatements.record(delivered.lake, DAY, version, told, found_by=later) is not None, "it came again"
    assert len(find(delivered)) == 1


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Request(DAY, None, Code.LATE_SOURCE),
        lambda: Request(DAY, DAY),
        lambda: Request(DAY, DAY - timedelta(days=1), Code.LATE_SOURCE),
        lambda: Request(DAY, DAY + timedelta(days=62), Code.LATE_SOURCE),
        lambda: Request(DAY, DAY, Code.OTHER, " "),
    ],
)
def test_a_form_that_does_not_fit_is_refused(wrong: Callable[[], Request]) -> None:
    with pytest.raises(ContractViolation, match="param"):
        wrong()
