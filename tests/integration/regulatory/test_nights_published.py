"""Whole nights on the local AWS: complete, partial, held, repeated, restated, signed."""

from __future__ import annotations

import base64
import hashlib
import json

from podemos.core.night import Night
from podemos.regulatory.kms import kms_signer
from podemos.regulatory.notify import hold_message, message
from tests.integration.regulatory.nights import BALANCED, COUNT, FEW, LATER, MINOR, arrived, run
from tests.integration.regulatory.world import World
from tests.unit.regulatory.deliveries import (
    ALL,
    DAY,
    NIGHT,
    deliver,
    deliver_all,
    lines,
    payments,
)


def test_fifteen_clean_sources_are_published_complete_to_the_cent(world: World) -> None:
    world.load_history(COUNT)
    ended = run(world, deliver_all(world.lake, COUNT))
    assert ended.outcome == "complete"
    assert ended.manifest is not None
    expected = sum(line.cents for source in ALL.sources[1:] for line in lines(source.id, COUNT))
    expected += sum(p.cents or 0 for p in payments(COUNT) if p.status == "PAGADO" and not p.deleted and p.day == DAY)
    assert (ended.manifest["movements"], ended.manifest["cents"]) == (14 * COUNT + COUNT - 3, expected)
    names = [file["name"] for file in ended.manifest["files"]]
    assert names[:4] == ["movimientos.csv", "resumen.json", "resumen.html", "prueba.html"]
    assert sorted(names[4:]) == sorted(f"prueba-{source.id}{at}.html" for source in ALL.sources for at in ("", "-1-1"))
    told = message(ended.keys["publish"], reports=world.reports)
    assert told.subject == "Report 2026-11-19 complete v1"
    assert "597 movements" in told.body


def test_the_same_night_twice_publishes_nothing_new(delivered: World) -> None:
    first = run(delivered, arrived(FEW), sources=FEW)
    objects = [info.key for info in delivered.reports.list("")]
    again = run(delivered, arrived(FEW), sources=FEW, night=LATER)
    assert again.keys["publish"] == first.keys["publish"]
    assert [info.key for info in delivered.reports.list("")] == objects


def test_the_same_bytes_delivered_again_are_no_other_report_although_the_proof_names_other_versions(
    delivered: World,
) -> None:
    first = run(delivered, arrived(FEW), sources=FEW)
    folder = f"regulatory/inbox/{MINOR}/{DAY}/"
    delivered.lake.replace(f"{folder}datos-1", delivered.lake.get(f"{folder}datos-1"))
    again = run(delivered, arrived(FEW), sources=FEW, night=LATER)
    assert again.keys["seal"] != first.keys["seal"]
    assert again.keys["publish"] == first.keys["publish"]


def test_a_missing_minor_source_gives_a_partial_report_whose_exceptions_name_it(delivered: World) -> None:
    said = [f"{s.id}:{'missing' if s.id == MINOR else 'arrived'}" for s in FEW.sources]
    ended = run(delivered, said, sources=FEW)
    assert ended.outcome == "partial"
    listed = json.loads(delivered.reports.get(f"reports/{DAY}/v1/exceptions.json"))
    (gap,) = listed["sources"]
    assert (gap["source"], gap["state"], gap["expected"]) == (MINOR, "missing", None)
    assert gap["effect"] == "Faltan retiros en cajero"
    assert MINOR not in delivered.reports.get(f"reports/{DAY}/v1/movimientos.csv").decode()
    # it arrives after the seal: the next night restates, and the version says what it supersedes
    later = run(delivered, arrived(FEW), sources=FEW, night=LATER)
    assert later.outcome == "complete"
    assert later.manifest is not None
    assert later.manifest["version"] == 2
    assert later.manifest["supersedes"]["movements_change"] == COUNT
    assert "partial report restated as complete" in message(later.keys["publish"], reports=delivered.reports).body


def test_a_missing_critical_source_holds_and_the_notice_says_what_it_means(delivered: World) -> None:
    said = [f"{s.id}:{'missing' if s.id == BALANCED else 'arrived'}" for s in FEW.sources]
    ended = run(delivered, said, sources=FEW)
    assert ended.outcome == "hold"
    assert list(delivered.reports.list("")) == []
    told = hold_message(ended.keys["decide"], lake=delivered.lake)
    assert told.body.startswith("nucleo_credito is critical and missing: no control file before the cut-off at 03:45")
    assert "nothing is published; 115 minutes of the night are left until 06:00." in told.body
    assert told.attributes["severity"] == "critical"
    assert run(delivered, arrived(FEW), sources=FEW, night=LATER).outcome == "complete"


def test_a_row_removed_from_the_sealed_input_disappears_from_the_warehouse(delivered: World) -> None:
    run(delivered, arrived(FEW), sources=FEW)
    found = [line for line in lines(MINOR, COUNT) if line.id != "CAJ-000003"]
    deliver(delivered.lake, ALL.source(MINOR), found, control="control-2.json", name="datos-2")
    ended = run(delivered, arrived(FEW), sources=FEW, night=LATER)
    assert ended.manifest is not None
    assert (ended.manifest["version"], ended.manifest["supersedes"]["movements_change"]) == (2, -1)


def test_a_rehearsal_publishes_apart_and_is_chained_to_the_rehearsal_before(delivered: World) -> None:
    rehearsal = Night(DAY, NIGHT.start, 60)
    ended = run(delivered, arrived(FEW), sources=FEW, night=rehearsal)
    assert ended.keys["publish"] == f"reports/rehearsal/{DAY}/v1/manifest.json"


def test_a_published_manifest_is_signed_and_the_signature_verifies(delivered: World) -> None:

    key = delivered.kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["KeyId"]
    ended = run(delivered, arrived(FEW), sources=FEW, signer=kms_signer(delivered.kms, key))

    signed = json.loads(delivered.reports.get(f"reports/{DAY}/v1/manifest.sig.json"))
    data = delivered.reports.get(ended.keys["publish"])
    assert signed["manifest_sha256"] == hashlib.sha256(data).hexdigest()
    assert delivered.kms.verify(
        KeyId=key,
        Message=data,
        MessageType="RAW",
        SigningAlgorithm=signed["algorithm"],
        Signature=base64.b64decode(signed["signature"]),
    )["SignatureValid"]
