"""Versions: created once, never overwritten, whoever crashes or races."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from podemos.core.errors import AlreadyExists, ContractViolation, DataFault, NotCertified
from podemos.core.manifest import Ref, read, sha256
from podemos.core.night import Night
from podemos.core.store import MemoryStore
from podemos.regulatory import keys
from podemos.regulatory.gate import judge
from podemos.regulatory.notify import message
from podemos.regulatory.publish import Signer, publish
from tests.unit.regulatory.deliveries import DAY, NIGHT, clock, memory
from tests.unit.regulatory.evidence import FOLDER, HEAD, Crash, FragileStore, clean, reconciliation

FOLDER_OF_DAY = f"reports/{DAY}/"


@pytest.fixture(scope="module")
def evidence() -> dict[str, bytes]:
    """A certified night's objects; judged once, since Great Expectations takes its time."""
    lake = memory()
    certificate = judge(reconciliation(lake, clean()), lake=lake)
    found = {info.key: lake.get(info.key) for info in lake.list("")}
    return found | {"": certificate.encode()}


def build(lake: MemoryStore, evidence: dict[str, bytes], csv: bytes = b"a\n", **changed: Any) -> str:
    for key, data in evidence.items():
        if key and lake.head(key) is None:
            lake.put_new(key, data)
    files = []
    for name, data in (("movimientos.csv", csv), ("resumen.json", b"{}\n")):
        key = f"staged/{sha256(data)}/{name}"
        if lake.head(key) is None:
            lake.put_new(key, data)
        files.append({"name": name, "key": key, "sha256": sha256(data), "bytes": len(data)})
    certificate = evidence[""].decode()
    document = HEAD | {
        "stage": "build",
        "outcome": "complete",
        "renderer": 1,
        "engine": "redshift",
        "engine_reason": "",
        "answered": None,
        "decision": {"key": "d", "sha256": "0" * 64},
        "certificate": Ref(certificate, sha256(lake.get(certificate))).to_dict(),
        "files": files,
        "movements": len(csv),
        "cents": 5,
    }
    return keys.commit_stage(lake, FOLDER, "build", document | changed).key


def sent(lake: MemoryStore, reports: MemoryStore, build_key: str, **more: Any) -> str:
    return publish(build_key, lake=lake, reports=reports, clock=clock, night=more.pop("night", NIGHT), **more)


def test_the_same_content_is_published_once_and_other_content_supersedes_it(evidence: dict[str, bytes]) -> None:
    lake, reports = memory(), MemoryStore("reports")
    first = sent(lake, reports, build(lake, evidence))
    assert first == f"{FOLDER_OF_DAY}v1/manifest.json"
    before = {info.key: reports.get(info.key) for info in reports.list("")}
    assert sent(lake, reports, build(lake, evidence)) == first
    assert {info.key: reports.get(info.key) for info in reports.list("")} == before
    second = sent(lake, reports, build(lake, evidence, b"a\nb\n"))
    manifest = read(reports, second)[0]
    assert (manifest["version"], manifest["supersedes"]["movements_change"]) == (2, 2)
    assert manifest["supersedes"]["manifest"] == {"key": first, "sha256": sha256(reports.get(first))}
    assert {key: reports.get(key) for key in before} == before
    assert "Supersedes version 1 (+2 movements, 0.00)" in message(second, reports=reports).body


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, 5))
def test_a_crash_at_any_write_leaves_no_half_version_and_the_retry_completes_it(
    evidence: dict[str, bytes], at: int, after: bool
) -> None:
    lake, reports = memory(), FragileStore("reports", at, after=after)
    sign = {"signer": Signer("alias/prueba", lambda data: {"signature": sha256(data)})}
    key = build(lake, evidence)
    with pytest.raises(Crash):
        sent(lake, reports, key, **sign)
    committed = reports.head(f"{FOLDER_OF_DAY}v1/manifest.json") is not None
    assert committed is ((at, after) in ((3, True), (4, False), (4, True)))
    assert sent(lake, reports, key, **sign) == f"{FOLDER_OF_DAY}v1/manifest.json"
    assert [info.key.removeprefix(FOLDER_OF_DAY) for info in reports.list("")] == [
        "v1/manifest.json",
        "v1/manifest.sig.json",
        "v1/movimientos.csv",
        "v1/resumen.json",
    ]


def test_a_folder_that_another_attempt_left_is_not_mixed_with_ours(evidence: dict[str, bytes]) -> None:
    lake, reports = memory(), MemoryStore("reports")
    reports.put_new(f"{FOLDER_OF_DAY}v1/movimientos.csv", b"another attempt's\n")
    key = sent(lake, reports, build(lake, evidence))
    assert key == f"{FOLDER_OF_DAY}v2/manifest.json"
    assert read(reports, key)[0]["supersedes"] is None


class Rival(MemoryStore):
    """Another publisher commits its version just before ours."""

    def __init__(self, manifest: bytes) -> None:
        super().__init__("reports")
        self._manifest: bytes | None = manifest

    def put_new(self, key: str, data: bytes, content_type: str = "") -> None:
        if key.endswith("v1/manifest.json") and self._manifest is not None:
            theirs, self._manifest = self._manifest, None
            super().put_new(key, theirs, content_type)
        super().put_new(key, data, content_type)


def test_of_two_publishers_one_gets_the_number_and_the_other_the_next(evidence: dict[str, bytes]) -> None:
    lake, alone = memory(), MemoryStore("reports")
    theirs = sent(lake, alone, build(lake, evidence, b"other\n"))
    reports = Rival(alone.get(theirs))
    ours = sent(lake, reports, build(lake, evidence))
    assert ours == f"{FOLDER_OF_DAY}v2/manifest.json"
    assert reports.get(f"{FOLDER_OF_DAY}v1/manifest.json") == alone.get(theirs)


def test_a_day_is_chained_to_the_day_before(evidence: dict[str, bytes]) -> None:
    lake, reports = memory(), MemoryStore("reports")
    before = f"reports/{DAY - timedelta(days=1)}/v3/manifest.json"
    reports.put_new(before, json.dumps({"content_sha256": ""}).encode())
    manifest = read(reports, sent(lake, reports, build(lake, evidence)))[0]
    assert manifest["previous_day"] == {"key": before, "sha256": sha256(reports.get(before))}


def test_a_staged_file_that_was_changed_is_not_published(evidence: dict[str, bytes]) -> None:
    lake, reports = memory(), MemoryStore("reports")
    key = build(lake, evidence)
    lake.replace(read(lake, key)[0]["files"][0]["key"], b"tampered")
    with pytest.raises(DataFault, match="changed after it was sealed"):
        sent(lake, reports, key)
    assert list(reports.list("")) == []


def test_a_build_of_another_night_or_without_a_certificate_is_refused(evidence: dict[str, bytes]) -> None:
    lake, reports = memory(), MemoryStore("reports")
    with pytest.raises(ContractViolation, match="belongs to 2026-11-19"):
        sent(lake, reports, build(lake, evidence), night=Night(DAY + timedelta(days=1), NIGHT.start))
    with pytest.raises(ContractViolation, match="rehearsal"):
        sent(lake, reports, build(lake, evidence), night=replace(NIGHT, seconds_per_hour=60))
    held = judge(reconciliation(lake, clean()[5:]), lake=lake)
    refused = build(lake, evidence, certificate=Ref(held, sha256(lake.get(held))).to_dict())
    with pytest.raises(NotCertified, match="verdict 'fail'"):
        sent(lake, reports, refused)


def test_the_reports_bucket_never_sees_a_second_write_of_a_key(evidence: dict[str, bytes], tmp_path: Path) -> None:
    lake, reports = memory(), MemoryStore("reports")
    sent(lake, reports, build(lake, evidence))
    (tmp_path / "x").write_bytes(b"x")
    with pytest.raises(AlreadyExists):
        reports.put_file(f"{FOLDER_OF_DAY}v1/movimientos.csv", tmp_path / "x")
