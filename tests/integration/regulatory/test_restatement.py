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
from podemos.regulatory import orders, rebuild, restate, restatements
from podemos.regulatory.build import build
from podemos.regulatory.gate import judge
from podemos.regulatory.kms import kms_signer
from podemos.regulatory.normalise import normalise
from podemos.regulatory.notify import message
from podemos.regulatory.orders import Code, Request
from podemos.regulatory.reconcile import reconcile
from podemos.regulatory.second import second
from podemos.regulatory.versions import newest
from tests.integration.regulatory.nights import BALANCED, COUNT, FEW, MINOR, PLAIN, arrived, conforms, run, send
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


@pytest.fixture
def partial(delivered: World) -> World:
    """The day is published without a minor source, which delivered after the seal."""
    run(delivered, [f"{s.id}:{'missing' if s.id == MINOR else 'arrived'}" for s in FEW.sources], sources=FEW)
    return delivered


def test_a_late_source_gives_the_next_version_with_its_reason_and_the_difference(partial: World) -> None:
    (order,) = find(partial)
    manifest = publish(partial, until_compared(partial, order))
    assert (manifest["version"], manifest["outcome"], manifest["supersedes"]["version"]) == (2, "complete", 1)
    assert manifest["supersedes"]["codes"] == ["late_source"]
    assert f"late_source ({MINOR} delivered" in message(f"reports/{DAY}/v2/manifest.json", reports=partial.reports).body
    found = changes(partial, 2)
    before, after = found["totals"]["before"], found["totals"]["after"]
    assert after["movements"] - before["movements"] == COUNT == found["movements"]["added"]["count"]
    assert after["cents"] - before["cents"] == sum(line.cents for line in lines(MINOR, COUNT))
    assert {cell["source"] for cell in found["cells"] if cell["before"] != cell["after"]} == {MINOR}
    assert {(one["source"], one["before"]) for one in found["listed"]} == {(MINOR, None)}
    assert newest(partial.reports, DAY, rehearsal=False).number == 2  # type: ignore[union-attr]
    assert read(partial.reports, f"reports/{DAY}/v1/manifest.json")[0]["version"] == 1, "version 1 stays"
    assert find(partial) == [], "nothing is owed any more"
    assert rebuild.rebuild(DAY, 2, lake=partial.lake, reports=partial.reports).identical


def test_a_source_that_delivers_again_is_named_movement_by_movement_with_both_values(delivered: World) -> None:
    run(delivered, arrived(FEW), sources=FEW)
    found = lines(MINOR, COUNT)
    changed = [replace(found[0], cents=found[0].cents + 1), *found[1:5], *found[6:], replace(found[5], id="CAJ-999999")]
    deliver(delivered.lake, ALL.source(MINOR), changed, control="control-2.json", name="datos-2")
    (order,) = find(delivered)
    publish(delivered, until_compared(delivered, order))
    told = changes(delivered, 2)
    assert told["reasons"][0]["code"] == "corrected_source"
    assert {name: told["movements"][name]["count"] for name in ("added", "removed", "changed")} == {
        "added": 1, "removed": 1, "changed": 1,
    }  # fmt: skip
    by_change = {one["change"]: one for one in told["listed"]}
    cents = [by_change["changed"][when]["cents"] for when in ("before", "after")]
    assert (by_change["changed"]["id_movimiento"], cents) == ("CAJ-000000", [found[0].cents, found[0].cents + 1])
    assert (by_change["added"]["id_movimiento"], by_change["removed"]["id_movimiento"]) == ("CAJ-999999", "CAJ-000005")
    assert find(delivered) == []


def test_a_dry_run_shows_the_difference_and_touches_neither_report_nor_warehouse(partial: World) -> None:
    objects = [info.key for info in partial.reports.list("")]
    held = list(partial.warehouse.fetch("regulatory/fingerprint_movimientos.sql", {"business_date": DAY}))
    (order,) = find(partial, Request(DAY, DAY, Code.REGULATOR_REQUEST, "Oficio 12/2026", dry_run=True))
    compared = until_compared(partial, order)
    with pytest.raises(NotNeeded):
        publish(partial, compared)
    shown = json.loads(partial.lake.get(restate.show(compared, lake=partial.lake)))
    assert shown["movements"]["added"] == {"count": COUNT, "by_source": {MINOR: COUNT}}
    assert [one["code"] for one in shown["reasons"]] == ["regulator_request", "late_source"]
    assert [info.key for info in partial.reports.list("")] == objects
    assert list(partial.warehouse.fetch("regulatory/fingerprint_movimientos.sql", {"business_date": DAY})) == held
    assert len(find(partial)) == 1, "it is still owed"


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


def test_a_version_published_since_the_comparison_is_not_superseded_unseen(partial: World) -> None:
    first, other = (*find(partial), *find(partial))
    compared = until_compared(partial, first)
    found = lines(PLAIN, COUNT)[:-2]
    deliver(partial.lake, ALL.source(PLAIN), found, control="control-2.json", name="datos-2")
    publish(partial, until_compared(partial, other))
    with pytest.raises(DataFault, match="another version was published since"):
        publish(partial, compared)


def test_an_order_is_the_same_at_every_attempt_and_another_one_in_every_run(partial: World) -> None:
    assert find(partial, owner="one") == find(partial, owner="one") != find(partial, owner="two")


def test_days_without_a_published_version_are_left_to_the_report(partial: World) -> None:
    days = Request(DAY - timedelta(days=2), DAY, Code.OTHER, "todo noviembre", dry_run=True)
    (order,) = find(partial, days)
    assert read(partial.lake, order)[0]["business_date"] == DAY.isoformat()


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


def test_a_stranger_proves_the_difference_and_rejects_another_one(partial: World, tmp_path: Path) -> None:
    key = partial.kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["KeyId"]
    (order,) = find(partial)
    publish(partial, until_compared(partial, order), signer=kms_signer(partial.kms, key))
    der = partial.kms.get_public_key(KeyId=key)["PublicKey"]
    pem = subprocess.run(
        ["openssl", "pkey", "-pubin", "-inform", "DER"], input=der, capture_output=True, check=True
    ).stdout
    (tmp_path / "key.pem").write_bytes(pem)
    folder = tmp_path / "v2"
    folder.mkdir()
    for info in partial.reports.list(f"reports/{DAY}/v2/"):
        (folder / info.key.rpartition("/")[2]).write_bytes(partial.reports.get(info.key))
    command = [sys.executable, str(include().parent / "tools/verify_report.py"), str(folder), "--public-key"]
    proven = subprocess.run([*command, str(tmp_path / "key.pem")], capture_output=True, text=True, check=False)
    assert proven.returncode == 0, proven.stderr
    assert f"supersedes version 1: {COUNT} added, 0 removed, 0 changed movements" in proven.stdout
    (folder / "cambios.json").write_bytes((folder / "cambios.json").read_bytes().replace(b'"added"', b'"agg"'))
    assert subprocess.run([*command, str(tmp_path / "key.pem")], capture_output=True, check=False).returncode == 1


def test_a_restatement_may_end_with_a_hold_and_version_n_stands(delivered: World) -> None:
    run(delivered, arrived(FEW), sources=FEW)
    found = lines(BALANCED, COUNT)
    deliver(delivered.lake, ALL.source(BALANCED), found[:-1], control="control-2.json", name="datos-2")
    (order,) = find(delivered)
    with pytest.raises(Exception, match="held"):
        until_compared(delivered, order)
    assert len(find(delivered)) == 1
