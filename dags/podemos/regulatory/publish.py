"""Publishes a build as a numbered version. The commit point is the create-once `manifest.json`, written last.

The same content as the newest version publishes nothing; other content becomes the next version and says what it
supersedes. Nothing is ever overwritten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from podemos.core.clock import Clock, iso
from podemos.core.errors import AlreadyExists, ContractViolation, DataFault
from podemos.core.manifest import ManifestConflict, Ref, canonical, commit, read_ref, sha256
from podemos.core.night import Night
from podemos.core.store import ObjectStore
from podemos.regulatory import keys
from podemos.regulatory.frozen import fetch, freeze
from podemos.regulatory.gate import Certificate, certified
from podemos.regulatory.lines import differing
from podemos.regulatory.proof import is_proof
from podemos.regulatory.render import write_csv
from podemos.regulatory.versions import MANIFEST, Version, newest

SCHEMA = "podemos/manifest/1"
SIGNATURE = "manifest.sig.json"
MOVEMENTS = "movimientos.csv"
MIME = {".csv": "text/csv; charset=utf-8", ".json": "application/json", ".html": "text/html; charset=utf-8"}
CHANGES = "cambios.json"
"""What a restatement changed; no part of the content, which two versions can have in common."""
_ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs a manifest's bytes: algorithm, digest and signature as text. Whose key it is stands in the manifest."""

    key: str
    sign: Callable[[bytes], Mapping[str, str]]


def publish(
    build_key: str, *, lake: ObjectStore, reports: ObjectStore, clock: Clock, night: Night, signer: Signer | None = None
) -> str:
    """Publishes the build and returns the key of the version's manifest in the reports bucket.

    Raises:
        NotCertified: the build's certificate does not stand up to its evidence.
        ContractViolation: the build belongs to another night.
        DataFault: a staged file was changed, or a restatement was compared with a version that is not the newest now.
    """
    build, ref = keys.read_stage(lake, build_key, "build")
    if build["business_date"] != night.business_date.isoformat() or build["rehearsal"] != night.rehearsal:
        raise ContractViolation(
            f"{lake.uri(build_key)} belongs to {build['business_date']} (rehearsal: "
            f"{build['rehearsal']}), this night is {night.business_date}; pass its own build"
        )
    certificate = certified(Ref(**build["certificate"]), lake=lake)
    content = content_hash(build["files"])
    for _ in range(_ATTEMPTS):
        latest = newest(reports, night.business_date, rehearsal=night.rehearsal)
        if latest is not None and latest.manifest["content_sha256"] == content:
            return _signed(latest.ref, reports, signer)
        if (told := build.get("restatement")) and (latest is None or latest.ref.to_dict() != told["supersedes"]):
            raise DataFault(f"{reports.uri(_folder(night))}: another version was published since; compare again")
        try:
            return _signed(
                _version(build, ref, certificate, content, latest, lake, reports, clock, night, signer), reports, signer
            )
        except (ManifestConflict, _Occupied):
            continue
    raise DataFault(f"{reports.uri(_folder(night))}: {_ATTEMPTS} version folders are occupied; look who writes there")


def content_hash(files: list[dict[str, Any]]) -> str:
    """One hash of what the report says: names and bytes of its files.

    Neither what a restatement changed nor the proof is part of it: the same bytes delivered again are another sealed
    version, and no other report.
    """
    kept = {f["name"]: f["sha256"] for f in files if f["name"] != CHANGES and not is_proof(f["name"])}
    return sha256(canonical({"files": kept}))


class _Occupied(Exception):
    """A folder holds files of another attempt that never committed; the next number is taken."""


def _folder(night: Night) -> str:
    return keys.reports_folder(night.business_date, rehearsal=night.rehearsal)


def _version(
    build: Mapping[str, Any],
    ref: Ref,
    certificate: Certificate,
    content: str,
    latest: Version | None,
    lake: ObjectStore,
    reports: ObjectStore,
    clock: Clock,
    night: Night,
    signer: Signer | None,
) -> Ref:
    """Writes the files of the next free version, then its manifest."""
    number = _next_number(latest, build["files"], reports, night)
    folder = f"{_folder(night)}v{number}/"
    with TemporaryDirectory(prefix="publish-") as scratch:
        for file in build["files"]:
            path = Path(scratch) / file["name"]
            _staged(file, path, build, lake)
            try:
                reports.put_file(folder + file["name"], path, MIME[path.suffix])
            except AlreadyExists:
                if freeze(reports, folder + file["name"])["sha256"] != file["sha256"]:
                    raise _Occupied from None
    before = newest(reports, night.business_date - timedelta(days=1), rehearsal=night.rehearsal)
    return commit(
        reports,
        folder + MANIFEST,
        {
            "schema": SCHEMA,
            "business_date": build["business_date"],
            "version": number,
            "rehearsal": night.rehearsal,
            "outcome": build["outcome"],
            "files": [{name: file[name] for name in ("name", "sha256", "bytes")} for file in build["files"]],
            "content_sha256": content,
            "movements": build["movements"],
            "cents": build["cents"],
            "renderer": build["renderer"],
            "engine": build["engine"],
            "engine_reason": build["engine_reason"],
            "published_at": iso(clock()),
            "signing_key": signer.key if signer else None,
            "build": ref.to_dict(),
            "decision": build["decision"],
            "answered": build["answered"],
            "certificate": certificate.ref.to_dict(),
            "reconciliation": certificate.reconciliation.to_dict(),
            "previous_day": before.ref.to_dict() if before else None,
            "supersedes": _supersedes(latest, build) if latest else None,
        },
    )


def _staged(file: Mapping[str, Any], path: Path, build: Mapping[str, Any], lake: ObjectStore) -> None:
    """Fetches a staged file.

    Raises:
        DataFault: it was changed; of the movements, those that differ are named by rendering them again.
    """
    try:
        fetch(lake, file, path)
    except DataFault as fault:
        raise DataFault("; ".join([str(fault), *_edited(file, path, build, lake)])) from None


def _edited(file: Mapping[str, Any], path: Path, build: Mapping[str, Any], lake: ObjectStore) -> list[str]:
    """The movements of a changed file that are not those of the second engine; evidence of old nights has none."""
    reconciliation = read_ref(lake, certified(Ref(**build["certificate"]), lake=lake).reconciliation)
    if file["name"] != MOVEMENTS or "second" not in reconciliation:
        return []
    rows, again = path.with_name("second.parquet"), path.with_name("again.csv")
    try:
        fetch(lake, read_ref(lake, reconciliation["second"])["data"], rows)
        write_csv([rows], again)
    except DataFault as fault:
        return [str(fault)]
    return differing(again, path, "the staged file")


def _next_number(latest: Version | None, files: list[dict[str, Any]], reports: ObjectStore, night: Night) -> int:
    """The next version whose folder is empty or holds exactly these files (an attempt of ours that was cut)."""
    number = latest.number + 1 if latest else 1
    while True:
        folder = f"{_folder(night)}v{number}/"
        wanted = {folder + file["name"]: file["sha256"] for file in files}
        held = [info.key for info in reports.list(folder)]
        if all(key in wanted and freeze(reports, key)["sha256"] == wanted[key] for key in held):
            return number
        number += 1


def _supersedes(latest: Version, build: Mapping[str, Any]) -> dict[str, Any]:
    before = latest.manifest
    changed = build["movements"] - before["movements"], build["cents"] - before["cents"]
    inputs = f"{before['outcome']} report restated as {build['outcome']}: inputs sealed later differ"
    reasons = build.get("restatement", {}).get("reasons", [])
    return {
        "manifest": latest.ref.to_dict(),
        "version": latest.number,
        "movements_change": changed[0],
        "cents_change": changed[1],
        "reason": "; ".join([inputs, *(f"{one['code']} ({one['detail']})" for one in reasons)]),
        "codes": list(dict.fromkeys(one["code"] for one in reasons)),
    }


def _signed(ref: Ref, reports: ObjectStore, signer: Signer | None) -> str:
    """Sees to the signature of a committed manifest; a version whose signing was cut is signed by the next attempt."""
    key = ref.key.removesuffix(MANIFEST) + SIGNATURE
    if signer is not None and reports.head(key) is None:
        try:
            reports.put_new(key, canonical(dict(signer.sign(reports.get(ref.key)))), MIME[".json"])
        except AlreadyExists:
            return ref.key
    return ref.key
