"""The pages a person reads: `resumen.html`, and `notice.es.html` of a partial version, in Spanish.

A function of the report's own documents and of the night's evidence: no instant of the run, no locale, one fixed form
of numbers and dates. Templates lie in `include/templates/`; whatever a source wrote is escaped.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from podemos.contracts.sources import Sources
from podemos.core.money import format_pesos
from podemos.core.night import DEADLINE
from podemos.core.paths import include
from podemos.core.states import State
from podemos.regulatory.movement import ABONO, CARGO
from podemos.regulatory.render import RENDERER
from podemos.regulatory.results import Rule

_MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio",
    "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
)  # fmt: skip
_DAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
_CRITICALITIES = {"critical": "crítica", "important": "alta", "minor": "menor"}
REASONS = {
    "unreadable_row": "renglón ilegible",
    "unreadable_amount": "importe ilegible",
    "unreadable_instant": "fecha u hora ilegible",
    "unreadable_field": "campo ilegible",
    "missing_field": "falta un campo obligatorio",
    "unknown_type": "tipo desconocido",
    "wrong_day": "pertenecer a otro día",
    "duplicate_id": "identificador repetido",
    "too_long": "texto demasiado largo",
    "currency": "moneda distinta de MXN",
    "quarantined": "estar en cuarentena en el lago de sucursales",
    "unreadable_file": "estar en un archivo ilegible",
}
"""Of each reason in `exceptions.json`, as it reads after "por"."""


def summary_page(
    summary: Mapping[str, Any],
    exceptions: Mapping[str, Any] | None,
    reconciliation: Mapping[str, Any],
    policy: Mapping[str, Any],
) -> bytes:
    """`resumen.html`.

    Args:
        summary: `resumen.json`.
        exceptions: `exceptions.json`, or None when nothing is excepted.
        reconciliation: the night's results, for what the two engines said.
        policy: the policy in force, as the decision keeps it.
    """
    completeness, sources = summary["completeness"], summary["sources"]
    amounts = [abs(found["cents"]) for source in sources for found in source["published"].values()]
    return page(
        "resumen.html",
        summary=summary,
        exceptions=exceptions,
        policy=policy,
        institution=policy["notice"]["institution"],
        names={source["id"]: source["name"] for source in sources},
        incomplete=completeness["sources_incomplete"],
        incomplete_ids={one["source"] for one in completeness["sources_incomplete"]},
        branches=completeness["branches_not_certified"],
        by_type={
            tipo: {name: sum(s["published"][tipo][name] for s in sources) for name in ("movements", "cents")}
            for tipo in (CARGO, ABONO)
        },
        scale=max(amounts, default=0),
        reasons=_by_reason(exceptions),
        second=_second(reconciliation),
        delivered=sum(source["state"] != State.MISSING for source in sources),
        warehouse_compared=not reconciliation["engine_reason"],
    )


def notice_page(
    summary: Mapping[str, Any],
    exceptions: Mapping[str, Any],
    policy: Mapping[str, Any],
    sources: Sources,
    renderer: int = RENDERER,
) -> bytes:
    """`notice.es.html`: to the regulator, what is missing from a partial version and what that does to the totals.

    Args:
        summary: `resumen.json`.
        exceptions: `exceptions.json`.
        policy: the policy in force, whose `notice` says to whom, by whom and until when.
        sources: for names and cut-offs.
        renderer: the one whose words are wanted. Until 2 a delivery that was refused was said not to have come.
    """
    incomplete = {one["source"] for one in summary["completeness"]["sources_incomplete"]}
    return page(
        "notice.es.html",
        summary=summary,
        policy=policy,
        notice=policy["notice"],
        gaps=[one for one in exceptions["sources"] if one["source"] in incomplete],
        branches=summary["completeness"]["branches_not_certified"],
        names={source["id"]: source["name"] for source in summary["sources"]},
        cutoffs={source.id: source.cutoff for source in sources.sources},
        deadline=DEADLINE,
        renderer=renderer,
    )


def page(template: str, **values: Any) -> bytes:
    """The bytes of a template of `include/templates/` with these values."""
    return _templates().get_template(template).render(values).encode()


@cache
def _templates() -> Environment:
    """Escapes everything; an undefined name is an error, not an empty place."""
    found = Environment(
        loader=FileSystemLoader(include() / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    found.filters |= {
        "money": money,
        "count": lambda number: f"{number:,}",
        "long_date": long_date,
        "permille": lambda cents, whole: 1000 * max(cents, 0) // whole if whole else 0,
        "criticality": _CRITICALITIES.__getitem__,
        "reason": REASONS.__getitem__,
    }
    return found


def money(cents: int) -> str:
    """``$1,234,567.89``, or ``-$0.01``."""
    return f"{'-' if cents < 0 else ''}${format_pesos(abs(cents))}"


def long_date(day: str) -> str:
    """``jueves 19 de noviembre de 2026``, whatever the locale."""
    found = date.fromisoformat(day)
    return f"{_DAYS[found.weekday()]} {found.day} de {_MONTHS[found.month - 1]} de {found.year}"


def _by_reason(exceptions: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """Excepted movements by source and reason, in that order."""
    counts: Counter[tuple[str, str]] = Counter()
    for movement in exceptions["movements"] if exceptions else ():
        counts[movement["source"], movement["reason"]] += movement["rows"]
    return [{"source": source, "reason": reason, "rows": rows} for (source, reason), rows in sorted(counts.items())]


def _second(reconciliation: Mapping[str, Any]) -> dict[str, Any]:
    """What the second engine read, and whether all of it equals what was normalised."""
    rows = [row for row in reconciliation["results"] if row["rule"] == Rule.SECOND]
    sides = ("rows", "cents", "digest")
    return {
        "movements": sum(row["actual_rows"] for row in rows),
        "cents": sum(row["actual_cents"] for row in rows),
        "equal": all(row[f"expected_{side}"] == row[f"actual_{side}"] for row in rows for side in sides),
    }
