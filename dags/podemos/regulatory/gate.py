"""The gate: Great Expectations judges the reconciliation; nothing is published without its certificate.

`Certificate` can only be had from `certified`, which computes the verdict again from the evidence. The verdict is also
derived without Great Expectations, by the same predicate (every red pair equal), and the two must agree.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from podemos.core.errors import AlreadyExists, NotCertified
from podemos.core.manifest import Ref, read_ref, sha256
from podemos.core.states import State
from podemos.core.store import ObjectStore
from podemos.regulatory import keys
from podemos.regulatory.datadocs import page
from podemos.regulatory.results import Level, Result, Severity, blocking
from podemos.regulatory.suites import NAMES, judge_frame

PASS, FAIL = "pass", "fail"
_GATE = object()


@dataclass(frozen=True)
class Certificate:
    """Proof that a night's evidence holds. Only this module makes one.

    Attributes:
        ref: the certificate's manifest.
        reconciliation: the results it rests on.
    """

    ref: Ref
    reconciliation: Ref
    made_by: object

    def __post_init__(self) -> None:
        if self.made_by is not _GATE:
            raise NotCertified("a certificate comes from gate.certified, which examines the evidence")


def judge(reconciliation_key: str, *, lake: ObjectStore) -> str:
    """Judges a reconciliation and returns the key of the certificate, whose verdict is `pass` or `fail`.

    The page (Data Docs) and Great Expectations' own JSON are written beside it. Red differences fail; yellow ones are
    counted.

    Raises:
        NotCertified: Great Expectations and the predicate disagree: the gate itself is broken.
    """
    reconciliation, ref = keys.read_stage(lake, reconciliation_key, "reconciliation")
    results = [Result.from_dict(row) for row in reconciliation["results"]]
    present = _present(reconciliation, lake)
    verdicts: dict[str, dict[str, Any]] = {}
    for level in Level:
        for severity in Severity:
            rows = [r for r in results if r.level is level and r.severity is severity]
            needed = present if severity is Severity.RED else []
            if rows or needed:
                verdicts[f"{NAMES[level]}_{severity}"] = judge_frame(rows, level, severity, needed)
    red = [name for name in verdicts if name.endswith(f"_{Severity.RED}")]
    verdict = PASS if all(verdicts[name]["success"] for name in red) else FAIL
    if verdict != verdict_of(results, present):
        raise NotCertified(
            f"{lake.uri(reconciliation_key)}: Great Expectations says {verdict}, the predicate says otherwise; "
            "the suites and podemos.regulatory.gate have drifted apart"
        )
    docs = _write_docs(reconciliation, results, verdicts, verdict, ref, lake)
    document = {
        "stage": "certificate",
        "business_date": reconciliation["business_date"],
        "night": reconciliation["night"],
        "rehearsal": reconciliation["rehearsal"],
        "verdict": verdict,
        "reconciliation": ref.to_dict(),
        "compared": len(results),
        "red": [result.to_dict() for result in blocking(results)],
        "yellow": sum(1 for r in results if r.severity is Severity.YELLOW and not r.equal),
        "suites": {name: bool(found["success"]) for name, found in verdicts.items()},
        "docs": docs,
    }
    return keys.commit_stage(lake, keys.folder_of(reconciliation_key), "certificate", document).key


def verdict_of(results: Sequence[Result], present: Sequence[str]) -> str:
    """The gate's predicate: every red pair is equal and every present source has red results at each level."""
    for level in Level:
        judged = {r.source for r in results if r.level is level and r.severity is Severity.RED}
        if not set(present) <= judged:
            return FAIL
    return FAIL if blocking(results) else PASS


def certified(ref: Ref, *, lake: ObjectStore) -> Certificate:
    """The certificate of that reference, after examining the evidence again.

    Raises:
        NotCertified: its verdict is not `pass`, or the evidence does not give that verdict.
        DataFault: the certificate or its evidence was changed.
    """
    document = read_ref(lake, ref)
    if document.get("stage") != "certificate" or document.get("verdict") != PASS:
        raise NotCertified(f"{lake.uri(ref.key)}: verdict {document.get('verdict')!r}; only `{PASS}` may be published")
    evidence = document["reconciliation"]
    reconciliation = read_ref(lake, evidence)
    results = [Result.from_dict(row) for row in reconciliation["results"]]
    if verdict_of(results, _present(reconciliation, lake)) != PASS:
        raise NotCertified(f"{lake.uri(ref.key)}: says `{PASS}`, but {lake.uri(evidence['key'])} does not bear it out")
    return Certificate(ref, Ref(evidence["key"], evidence["sha256"]), _GATE)


def _present(reconciliation: dict[str, Any], lake: ObjectStore) -> list[str]:
    """The sources that delivered: each must have been judged at every level."""
    normalised = read_ref(lake, reconciliation["normalised"])
    return [entry["source"] for entry in normalised["sources"] if entry["state"] != State.MISSING]


def _write_docs(
    reconciliation: dict[str, Any],
    results: Sequence[Result],
    verdicts: dict[str, dict[str, Any]],
    verdict: str,
    ref: Ref,
    lake: ObjectStore,
) -> dict[str, str]:
    """One self-contained page and Great Expectations' JSON; returns the key of each.

    The page is a function of the results, so a retry writes the same; the JSON holds the run's times, the first stays.
    """
    day, night = reconciliation["business_date"], reconciliation["night"]
    html = page(day, night, results, verdict, {name: bool(found["success"]) for name, found in verdicts.items()})
    folder = f"regulatory/datadocs/{day}/{night}/{ref.sha256[:16]}/"
    written = {}
    raw = json.dumps(verdicts, sort_keys=True, indent=1).encode()
    for name, kind, data, mime in (
        ("index.html", "page", html.encode(), "text/html; charset=utf-8"),
        ("great_expectations.json", "great_expectations", raw, "application/json"),
    ):
        written[kind] = f"{folder}{name}"
        with suppress(AlreadyExists):
            lake.put_new(written[kind], data, mime)
    return written | {"page_sha256": sha256(html.encode())}
