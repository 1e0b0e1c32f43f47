"""Builds the report twice, by the warehouse and by the second engine: the bytes must be the same.

If the warehouse cannot be asked, the second engine's report stands alone, as the policy allows: its rows were compared
with the normalised ones in reconcile, and the manifest says why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from podemos.contracts.platform import Platform
from podemos.contracts.sources import Sources
from podemos.core.errors import AlreadyExists, DataFault, NotCertified, SourceUnavailable
from podemos.core.fingerprint import Fingerprint
from podemos.core.manifest import Ref, canonical, read_ref, sha256
from podemos.core.states import State
from podemos.core.store import ObjectStore
from podemos.regulatory import keys
from podemos.regulatory.decide import Outcome
from podemos.regulatory.exceptions_file import exceptions
from podemos.regulatory.frozen import fetch, freeze
from podemos.regulatory.gate import certified
from podemos.regulatory.lines import differing
from podemos.regulatory.pages import notice_page, summary_page
from podemos.regulatory.proof import PROOF_SINCE, proof_pages
from podemos.regulatory.render import RENDERER, Totals, sum_of, write_csv
from podemos.regulatory.second import ENGINE
from podemos.regulatory.summary import summary
from podemos.warehouse.literals import IamRoleArn, Literal, S3Uri
from podemos.warehouse.port import Warehouse
from podemos.warehouse.statements import bind

MOVEMENTS, SUMMARY, EXCEPTIONS = "movimientos.csv", "resumen.json", "exceptions.json"
SUMMARY_PAGE, NOTICE_PAGE = "resumen.html", "notice.es.html"
FOLDER = "regulatory/builds"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a report's files say besides its rows: the manifests of three stages."""

    decision: Mapping[str, Any]
    normalised: Mapping[str, Any]
    reconciliation: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class File:
    """A file of the report, rendered."""

    name: str
    path: Path
    sha256: str


def build(decision_key: str, *, lake: ObjectStore, warehouse: Warehouse, platform: Platform, sources: Sources) -> str:
    """Builds the files of the report, staged in the lake by content, and returns the key of the build.

    Raises:
        NotCertified: the decision is to hold, or its certificate does not stand up to its evidence.
        DataFault: the two engines differ, or their rows do not make the totals that were reconciled.
        SourceUnavailable: the warehouse does not answer, and the policy wants it.
    """
    decision, ref = keys.read_stage(lake, decision_key, "decision")
    if decision["outcome"] == Outcome.HOLD:
        raise NotCertified(f"{lake.uri(decision_key)}: the report is held: {'; '.join(decision['reasons'])}")
    certificate = certified(Ref(**decision["certificate"]), lake=lake)
    reconciliation = read_ref(lake, certificate.reconciliation)
    normalised = read_ref(lake, reconciliation["normalised"])
    day = date.fromisoformat(decision["business_date"])
    staged = f"{FOLDER}/{day.isoformat()}/"
    with TemporaryDirectory(prefix="build-") as scratch:
        fetch(lake, read_ref(lake, reconciliation["second"])["data"], rows := Path(scratch) / "second.parquet")
        evidence = Evidence(decision, normalised, reconciliation)
        rendered, totals = render(evidence, rows, lake=lake, sources=sources, scratch=Path(scratch))
        reason = reconciliation["engine_reason"]
        if not reason:
            try:
                parts = _unload(day, f"{staged}unload-{ref.sha256[:16]}/", lake, warehouse, platform, Path(scratch))
                _same_bytes(rendered[0], parts, Path(scratch) / "warehouse.csv")
            except SourceUnavailable as error:
                if not decision["policy"]["second_engine_alone"]:
                    raise
                reason = f"the warehouse failed after it was reconciled: {error}"
        files = [_stage(lake, staged, file) for file in rendered]
    total = sum_of(totals)
    document = {
        "stage": "build",
        "business_date": day.isoformat(),
        "night": decision["night"],
        "rehearsal": decision["rehearsal"],
        "outcome": decision["outcome"],
        "renderer": RENDERER,
        "engine": ENGINE if reason else "redshift",
        "engine_reason": reason,
        "decision": ref.to_dict(),
        "answered": decision["answered"],
        "certificate": certificate.ref.to_dict(),
        "files": files,
        "movements": total.count,
        "cents": total.cents,
    }
    return keys.commit_stage(lake, keys.folder_of(decision_key), "build", document).key


def render(
    evidence: Evidence, rows: Path, *, lake: ObjectStore, sources: Sources, scratch: Path, renderer: int = RENDERER
) -> tuple[list[File], Totals]:
    """The report's files, `movimientos.csv` first: a function of the rows and of the evidence.

    Args:
        evidence: of the night.
        rows: the movements in the report's order, as parquet.
        lake: for the list of what was excepted.
        sources: as they were configured that night.
        scratch: where the files go.
        renderer: the one whose files are wanted, of `RENDERERS`.

    Raises:
        DataFault: the rows do not make the totals that were reconciled, or are out of order.
    """
    digest, totals = write_csv([rows], scratch / MOVEMENTS)
    _prove(totals, evidence.normalised, "the second engine")
    files = [File(MOVEMENTS, scratch / MOVEMENTS, digest)]
    found = summary(evidence.decision, evidence.normalised, evidence.reconciliation, totals, sources)
    listed = exceptions(evidence.decision, evidence.normalised, lake, sources)
    policy = evidence.decision["policy"]
    contents = {
        SUMMARY: canonical(found),
        SUMMARY_PAGE: summary_page(found, listed, evidence.reconciliation, policy),
    }
    if listed is not None:
        contents[EXCEPTIONS] = canonical(listed)
        if evidence.decision["outcome"] == Outcome.PARTIAL:
            contents[NOTICE_PAGE] = notice_page(found, listed, policy, sources, renderer)
    proof: Iterator[tuple[str, bytes]] = iter(())
    if renderer >= PROOF_SINCE:
        seal = read_ref(lake, evidence.normalised["seal"])
        named = {"Sello de las fuentes": evidence.normalised["seal"], "Certificado": evidence.decision["certificate"]}
        proof = proof_pages(rows, found, listed, seal, named, policy["notice"]["institution"])
    for name, data in chain(contents.items(), proof):
        (scratch / name).write_bytes(data)
        files.append(File(name, scratch / name, sha256(data)))
    return files, totals


def _unload(
    day: date, prefix: str, lake: ObjectStore, warehouse: Warehouse, platform: Platform, scratch: Path
) -> list[Path]:
    """The day's movements as local parquet files, in the report's order."""
    query = bind("regulatory/select_report.sql", literals={"business_date": Literal(day.isoformat())}).statements[0]
    warehouse.execute(
        "regulatory/unload_report.sql",
        literals={
            "query": Literal(query),
            "target": S3Uri(lake.uri(prefix)),
            "role": IamRoleArn(platform.warehouse.copy_role_arn),
        },
    )
    parts = []
    for info in lake.list(prefix):
        path = scratch / info.key.rpartition("/")[2]
        fetch(lake, freeze(lake, info.key), path)
        parts.append(path)
    return parts


def _prove(totals: Totals, normalised: Mapping[str, Any], holder: str) -> None:
    """The report's totals per system and type are those of the normalised files."""
    expected = {
        entry["source"]: {tipo: Fingerprint.from_dict(found) for tipo, found in entry["by_type"].items()}
        for entry in normalised["sources"]
        if entry["state"] != State.MISSING
    }
    for system in sorted(expected.keys() | totals.keys()):
        for tipo in sorted(expected.get(system, {}).keys() | totals.get(system, {}).keys()):
            wanted = expected.get(system, {}).get(tipo, Fingerprint())
            found = totals.get(system, {}).get(tipo, Fingerprint())
            if (wanted.count, wanted.cents) != (found.count, found.cents):
                raise DataFault(
                    f"report: {system} {tipo}: {found.count} movements, {found.cents} cents in {holder} now; "
                    f"{wanted.count} and {wanted.cents} were reconciled: changed meanwhile; load and reconcile again"
                )


def _same_bytes(rendered: File, parts: list[Path], path: Path) -> None:
    """The warehouse's report is, byte for byte, the second engine's.

    What differs now was changed since reconcile compared every row; it is named.
    """
    try:
        found, _ = write_csv(parts, path)
    except DataFault as fault:  # a movement that stands twice: the fault names it
        raise DataFault(f"{fault}: core.movimientos was changed meanwhile; load and reconcile again") from None
    if found != rendered.sha256:
        rows = differing(rendered.path, path, "the warehouse now")
        raise DataFault(f"report: {'; '.join(rows)}: core.movimientos was changed meanwhile; load and reconcile again")


def _stage(lake: ObjectStore, folder: str, file: File) -> dict[str, Any]:
    """Puts a file of the report under its content's name, once."""
    key = f"{folder}{file.sha256}/{file.name}"
    try:
        lake.put_file(key, file.path)
    except AlreadyExists:
        if freeze(lake, key)["sha256"] != file.sha256:
            raise DataFault(f"{lake.uri(key)} was changed; restore its first version and build again") from None
    return {"name": file.name, "key": key, "sha256": file.sha256, "bytes": file.path.stat().st_size}
