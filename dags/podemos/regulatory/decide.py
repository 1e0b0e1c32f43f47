"""Decides by the agreed policy: complete, partial or hold, with every reason.

`complete` and `partial` speak of sources: partial means that one is missing or could not be read. Single movements that
were excepted and branches that are not certified are listed with the report in either case; beyond the policy's limits
they hold it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from podemos.contracts.sources import Policy, Sources
from podemos.core.clock import Clock, iso
from podemos.core.manifest import read, read_ref
from podemos.core.night import DEADLINE, Night
from podemos.core.states import State
from podemos.core.store import ObjectStore
from podemos.regulatory import keys
from podemos.regulatory.gate import PASS
from podemos.regulatory.results import Rule

_SUMS = {Rule.TOTALS.value, Rule.BALANCE.value}
"""Rules that compare sums only: a file, a row or a certificate that differs says more."""


class Outcome(StrEnum):
    """What happens to the report."""

    COMPLETE = "complete"
    PARTIAL = "partial"
    HOLD = "hold"


def decide(
    certificate_key: str, *, lake: ObjectStore, policy: Policy, sources: Sources, clock: Clock, night: Night
) -> str:
    """Applies the policy to a judged night and returns the key of the decision."""
    certificate, ref = keys.read_stage(lake, certificate_key, "certificate")
    reconciliation = read_ref(lake, certificate["reconciliation"])
    normalised = read_ref(lake, reconciliation["normalised"])
    incomplete = _incomplete(normalised, sources)
    excepted = sum(e["excepted"]["rows"] for e in normalised["sources"] if e["state"] != State.MISSING)
    branches = uncertified_branches(normalised)
    reasons = _reasons(certificate, incomplete, excepted, len(branches), policy)
    outcome = Outcome.HOLD if reasons else Outcome.PARTIAL if incomplete else Outcome.COMPLETE
    decided = clock()
    document = {
        "stage": "decision",
        "business_date": certificate["business_date"],
        "night": certificate["night"],
        "rehearsal": certificate["rehearsal"],
        "outcome": outcome.value,
        "proven": certificate["verdict"] == PASS,
        "reasons": reasons,
        "answered": None,
        "incomplete": incomplete,
        "excepted_movements": excepted,
        "branches_not_certified": branches,
        "policy": policy.model_dump(mode="json"),
        "certificate": ref.to_dict(),
        "normalised": reconciliation["normalised"],
        "decided_at": iso(decided),
        "minutes_before_deadline": int((night.at(DEADLINE) - decided).total_seconds() * 60 // night.seconds_per_hour),
    }
    return keys.commit_stage(lake, keys.folder_of(certificate_key), "decision", document).key


def outcome(decision_key: str, lake: ObjectStore) -> str:
    """What was decided: `complete`, `partial` or `hold`."""
    return Outcome(read(lake, decision_key)[0]["outcome"]).value


def uncertified_branches(normalised: dict[str, Any]) -> list[dict[str, Any]]:
    """The branches whose day is not certified, as the lake's control file states them."""
    listed = [b for e in normalised["sources"] if e["state"] != State.MISSING for b in e["branches"]]
    return [
        {"id": branch["id"], "state": branch["state"], "as_of": branch.get("as_of")}
        for branch in listed
        if branch["state"] != State.CERTIFIED
    ]


def _incomplete(normalised: dict[str, Any], sources: Sources) -> list[dict[str, str]]:
    """Sources that are missing, and those with a file that their own system wrote unreadable."""
    found = []
    for entry in normalised["sources"]:
        source = sources.source(entry["source"])
        faults = [file["fault"] for file in entry.get("files", ()) if file["fault"]]
        if entry["state"] == State.MISSING or faults:
            state = State.EXCEPTED if faults else State.MISSING
            reason = "; ".join(faults) or entry["reason"]
            found.append(
                {
                    "source": source.id,
                    "criticality": source.criticality.value,
                    "state": state.value,
                    "reason": reason,
                    "effect": source.absence,
                    "contact": source.contact,
                }
            )
    return found


def _reasons(
    certificate: dict[str, Any], incomplete: list[dict[str, str]], excepted: int, branches: int, policy: Policy
) -> list[str]:
    """Why the report is held; empty if it may be published. The first is the one to tell first."""
    reasons = [row["detail"] for row in certificate["red"] if not _follows(row, certificate["red"])]
    if certificate["verdict"] != PASS and not reasons:
        reasons.append("the reconciliation lacks results for a source that delivered; run reconcile again")
    held = {criticality.value for criticality in policy.hold_if_missing}
    reasons += [
        f"{one['source']} is {one['criticality']} and {one['state']}: {one['reason']} ({one['effect']}); "
        f"call {one['contact']}"
        for one in incomplete
        if one["criticality"] in held
    ]
    for count, limit, what in (
        (len(incomplete), policy.max_missing, "sources are missing"),
        (excepted, policy.max_excepted_movements, "movements are excepted"),
        (branches, policy.max_branches_missing, "branches are not certified"),
    ):
        if count > limit:
            reasons.append(f"{count} {what}; policy version {policy.version} allows {limit}")
    return list(dict.fromkeys(reasons))


def _follows(row: dict[str, Any], red: list[dict[str, Any]]) -> bool:
    """Whether a difference only repeats what another one of its source says more exactly."""
    others = {other["rule"] for other in red if other["source"] == row["source"]} - {row["rule"]}
    return bool(row["rule"] in _SUMS and others - _SUMS)
