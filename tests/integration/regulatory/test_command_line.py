"""The report without Airflow: published by the contingency runner, made again byte for byte."""

from __future__ import annotations

import hashlib
import itertools
import json
from datetime import datetime, timedelta

import pytest

from podemos.contracts import sources as contracts
from podemos.core.night import Night
from podemos.regulatory import __main__ as command_line
from podemos.regulatory import contingency, rebuild
from podemos.regulatory.kms import kms_signer
from tests.integration.regulatory.nights import BALANCED, COUNT, FEW, MINOR, arrived, conforms, run
from tests.integration.regulatory.world import World
from tests.unit.regulatory.deliveries import DAY, deliver_all, lines, only

_moments = itertools.count(1)


def half_past_five() -> datetime:
    return Night.scheduled(DAY).at("05:30") + timedelta(microseconds=next(_moments))


def outside_airflow(world: World, **changed: object) -> tuple[contingency.Ended, list[tuple[str, str]]]:
    key = world.kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["KeyId"]
    told: list[tuple[str, str]] = []
    ended = contingency.run(
        DAY,
        lake=world.lake,
        reports=world.reports,
        platform=world.platform,
        **{"sources": FEW, "policy": contracts.policy(), "signer": kms_signer(world.kms, key)} | changed,
        clock=half_past_five,
        send=lambda subject, body, attributes: told.append((subject, body)),
        say=lambda line: None,
    )
    return ended, told


def test_the_runner_publishes_what_airflow_would_have_published(delivered: World) -> None:
    ended, told = outside_airflow(delivered)
    assert (ended.outcome, ended.manifest) == ("complete", f"reports/{DAY}/v1/manifest.json")
    manifest = json.loads(delivered.reports.get(ended.manifest))
    conforms(manifest, "manifest")
    assert manifest["engine"] == "duckdb"
    assert delivered.reports.head(f"reports/{DAY}/v1/manifest.sig.json") is not None
    assert told[0][0] == f"Report {DAY} complete v1"
    assert "without Airflow" in told[0][1]
    with_airflow = run(delivered, arrived(FEW), sources=FEW)
    assert with_airflow.manifest is not None
    assert with_airflow.manifest["files"][0] == manifest["files"][0]
    assert outside_airflow(delivered)[0].outcome == "published", "it never publishes over a version"


def test_the_runner_of_a_rehearsal_publishes_a_rehearsal_and_beats_on_its_clock(delivered: World) -> None:
    rehearsal, heard = Night(DAY, half_past_five(), 30), list[tuple[int, str]]()
    ended, _ = outside_airflow(
        delivered,
        night=rehearsal,
        signer=None,
        beat=lambda night, stage: heard.append((night.seconds_per_hour, stage)),
    )
    assert ended.manifest == f"reports/rehearsal/{DAY}/v1/manifest.json"
    assert heard == [(30, stage) for stage in ("plan", "seal", "second", "decide", "complete")]


def test_the_runner_holds_the_report_or_publishes_a_partial_one_as_the_policy_says(world: World) -> None:
    held, told = outside_airflow(world)
    assert (held.outcome, held.manifest) == ("hold", None)
    assert told[0][0].startswith(f"HELD: report {DAY}: sucursales is critical and missing")
    deliver_all(world.lake, COUNT, only(*(source.id for source in FEW.sources if source.id != MINOR)))
    ended, _ = outside_airflow(world)
    assert ended.outcome == "partial"
    listed = json.loads(world.reports.get(f"reports/{DAY}/v1/exceptions.json"))
    assert [gap["source"] for gap in listed["sources"]] == [MINOR]


def test_a_version_is_made_again_byte_for_byte_also_a_partial_one(delivered: World) -> None:
    said = [f"{s.id}:{'missing' if s.id == MINOR else 'arrived'}" for s in FEW.sources]
    run(delivered, said, sources=FEW)
    found = rebuild.rebuild(DAY, 1, lake=delivered.lake, reports=delivered.reports)
    assert [file.name for file in found.files[:6]] == [
        "movimientos.csv", "resumen.json", "resumen.html", "exceptions.json", "notice.es.html", "prueba.html",
    ]  # fmt: skip
    assert found.identical
    key = f"reports/{DAY}/v1/movimientos.csv"
    delivered.reports.replace(key, delivered.reports.get(key).replace(b",10.16,", b",10.17,", 1))
    found = rebuild.rebuild(DAY, 1, lake=delivered.lake, reports=delivered.reports)
    assert [file.name for file in found.files if not file.identical] == ["movimientos.csv"]
    assert [line.partition(": ")[2] for line in found.differences] == [f"10.16, but 10.17 in {key}"]


def test_a_version_of_renderer_2_is_made_again_without_the_proof_that_it_never_had(
    delivered: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("podemos.regulatory.build.RENDERER", 2)
    monkeypatch.setattr("podemos.regulatory.build.PROOF_SINCE", 99)
    run(delivered, arrived(FEW), sources=FEW)
    monkeypatch.undo()
    found = rebuild.rebuild(DAY, 1, lake=delivered.lake, reports=delivered.reports)
    assert [file.name for file in found.files] == ["movimientos.csv", "resumen.json", "resumen.html"]
    assert found.identical


def test_a_rebuild_uses_the_sources_as_they_were_configured_that_night(delivered: World) -> None:
    renamed = FEW.source(BALANCED).model_copy(update={"nombre": "Otro nombre"})
    then = FEW.model_copy(update={"sources": tuple(renamed if s.id == BALANCED else s for s in FEW.sources)})
    run(delivered, arrived(FEW), sources=then)
    assert rebuild.rebuild(DAY, 1, lake=delivered.lake, reports=delivered.reports).identical


def test_a_published_byte_that_the_sealed_inputs_do_not_give_is_found(
    delivered: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(delivered, arrived(FEW), sources=FEW)
    monkeypatch.setattr("podemos.regulatory.render._quote", lambda text: f"'{text}'")
    found = rebuild.rebuild(DAY, 1, lake=delivered.lake, reports=delivered.reports)
    assert [file.name for file in found.files if not file.identical] == ["movimientos.csv"]


def test_the_command_line_says_what_is_wrong_with_its_remedy(
    aws: str, delivered: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in (("AWS_ACCESS_KEY_ID", "local"), ("AWS_SECRET_ACCESS_KEY", "local")):
        monkeypatch.setenv(name, value)
    names = {"lake_bucket": delivered.lake.bucket, "reports_bucket": delivered.reports.bucket}
    monkeypatch.setenv("PODEMOS_PLATFORM", json.dumps(names))
    arguments = ["rebuild", "--endpoint", aws, "--date", DAY.isoformat(), "--version", "1"]
    assert command_line.main(arguments) == 2
    assert f"reports/{DAY}/v1/manifest.json does not exist" in capsys.readouterr().err
    run(delivered, arrived(FEW), sources=FEW)
    assert command_line.main(arguments) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["identical"] is True
    traced = ["trace", "--endpoint", aws, "--date", DAY.isoformat(), "--cell", f"{MINOR}/CARGO"]
    assert command_line.main(traced) == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    charges = [line for line in lines(MINOR, COUNT) if line.tipo == "CARGO"]
    assert (found["movements"], found["cents"]) == (len(charges), sum(line.cents for line in charges))
    assert [line["id_movimiento"] for line in found["lines"]] == [line.id for line in charges[:5]]
    assert command_line.main([*traced, "--movement", "CAJ-000004"]) == 0
    (line,) = json.loads(capsys.readouterr().out.splitlines()[-1])["lines"]
    key, version = line["file"]["key"], line["file"]["version"]
    sealed = delivered.lake.get(key, version)
    assert (key, line["file"]["row"]) == (f"regulatory/inbox/{MINOR}/{DAY}/datos-1", 5)
    assert hashlib.sha256(sealed).hexdigest() == line["file"]["sha256"] == found["files"][0]["sha256"]
    assert command_line.main([*traced, "--movement", "CAJ-000005"]) == 2, "that one is an ABONO"
    assert "movement CAJ-000005" in capsys.readouterr().err
