"""What a person may decide about an incomplete report, and what is decided if nobody answers in time.

A report that is proven but incomplete may be published or held: the policy decides, and a person may decide otherwise
until `ANSWER_BY`. A report whose evidence does not hold is never asked about: nobody may publish it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from podemos.contracts.sources import Sources
from podemos.core.clock import Clock, iso
from podemos.core.errors import ContractViolation
from podemos.core.money import format_pesos
from podemos.core.night import ANSWER_BY, DEADLINE, Night
from podemos.core.store import ObjectStore
from podemos.regulatory import keys
from podemos.regulatory.decide import Outcome
from podemos.regulatory.forecast import forecast

PUBLISH, HOLD = "publicar", "retener"
OPTIONS = (PUBLISH, HOLD)


@dataclass(frozen=True, slots=True)
class Question:
    """A question in Spanish (the body in Markdown), and the option that is taken when nobody answers."""

    subject: str
    body: str
    default: str


def question(decision_key: str, *, lake: ObjectStore, clock: Clock, night: Night, sources: Sources) -> Question | None:
    """What is to be asked about a decision; None when there is nothing to decide."""
    decision, _ = keys.read_stage(lake, decision_key, "decision")
    if decision["outcome"] == Outcome.COMPLETE or not decision["proven"]:
        return None
    normalised = keys.read_stage(lake, decision["normalised"]["key"], "normalised")[0]
    default = PUBLISH if decision["outcome"] == Outcome.PARTIAL else HOLD
    day, left = decision["business_date"], int((night.at(DEADLINE) - clock()).total_seconds())
    minutes = max(0, left * 60 // night.seconds_per_hour)
    lines = [
        f"El reporte del {day} está incompleto y lo que contiene está comprobado al centavo. "
        f"Faltan **{minutes} minutos** para las {DEADLINE}.",
        "",
        *(f"- La política dice retener: {reason}" for reason in decision["reasons"]),
        *(_gap(gap) for gap in decision["incomplete"]),
        "",
        _published(normalised),
        "",
        _forecast(night, clock(), lake, sources),
        "",
        f"Sin respuesta a las {ANSWER_BY} se decide **{default}** (política versión {decision['policy']['version']}).",
    ]
    return Question(f"Reporte {day} incompleto: ¿publicar o retener?", "\n".join(lines), default)


def answer(decision_key: str, chosen: str, by: str | None, note: str, at: datetime, *, lake: ObjectStore) -> str:
    """Commits what was decided and by whom; returns the key of the decision that counts.

    Args:
        decision_key: the policy's decision, that was asked about.
        chosen: one of `OPTIONS`.
        by: who answered; None when nobody did.
        note: the person's reason.
        at: when.
        lake: the bucket of the evidence.

    Raises:
        ContractViolation: no such option, or the report may not be published by anybody.
    """
    decision, ref = keys.read_stage(lake, decision_key, "decision")
    if chosen not in OPTIONS:
        raise ContractViolation(f"answer {chosen!r}: choose one of {', '.join(OPTIONS)}")
    if not decision["proven"] and chosen == PUBLISH:
        raise ContractViolation(f"{lake.uri(decision_key)}: its evidence does not hold; nobody may publish it")
    document = decision | {
        "outcome": _outcome(decision, chosen).value,
        "reasons": _reasons(decision, chosen, by, note),
        "answered": {"chosen": chosen, "by": by, "note": note, "at": iso(at), "asked": ref.to_dict()},
    }
    return keys.commit_stage(lake, keys.folder_of(decision_key), "decision", document).key


def _outcome(decision: Mapping[str, Any], chosen: str) -> Outcome:
    if chosen == HOLD:
        return Outcome.HOLD
    return Outcome.PARTIAL if decision["incomplete"] else Outcome.COMPLETE


def _reasons(decision: Mapping[str, Any], chosen: str, by: str | None, note: str) -> list[str]:
    if chosen == PUBLISH:
        return []
    return list(decision["reasons"]) or [f"held by {by or 'default'}{f': {note}' if note else ''}"]


def _gap(gap: Mapping[str, str]) -> str:
    told = f"- {gap['source']} ({gap['criticality']}): {gap['reason']}. Efecto: {gap['effect']}."
    return f"{told} Contacto: {gap['contact']}"


def _forecast(night: Night, now: datetime, lake: ObjectStore, sources: Sources) -> str:
    soon = forecast(night, now, lake=lake, sources=sources, asked_until=now)
    late = forecast(night, now, lake=lake, sources=sources, asked_until=night.at(ANSWER_BY))
    basis = f"según {late.nights} noches anteriores" if late.nights else "con duraciones supuestas, a falta de historia"
    return (
        f"Pronóstico para las {DEADLINE}: si se publica ahora, entregado a las {night.clock(soon.finish)}; "
        f"sin respuesta, a las {night.clock(late.finish)} (a tiempo: {late.percent} %, {basis})."
    )


def _published(normalised: Mapping[str, Any]) -> str:
    totals = [entry["totals"] for entry in normalised["sources"] if "totals" in entry]
    rows, cents = sum(total["count"] for total in totals), sum(total["cents"] for total in totals)
    return f"Se publicarían {rows:,} movimientos por ${format_pesos(cents)} MXN de {len(totals)} fuentes."
