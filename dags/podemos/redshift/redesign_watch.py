"""What the new design does for those it was made for: the reports' times, skew and order, day after day."""

from __future__ import annotations

from typing import Any

from podemos.core.clock import from_iso, iso
from podemos.core.errors import DataFault
from podemos.redshift.redesign_build import timed
from podemos.redshift.redesign_ledger import Redesign

SLOWER = 1.5
"""A report that takes longer than predicted by this factor is told of; so is one slower than under the old design."""
SKEW = 4.0
"""Most rows on a slice by fewest, as AWS's own review tells of it."""


def watch(redesign: Redesign) -> str:
    """Measures the reports on the table that has the name, and keeps it; returns the manifest's key.

    Raises:
        DataFault: a report is slower than before or than predicted, or the rows lie unevenly; the day's measurement is
            kept all the same.
    """
    order, verified = redesign.order, redesign.kept("verified") or {"reports": {}}
    measured: dict[str, dict[str, Any]] = {}
    said = []
    for report in order.reports:
        took = timed(redesign, report, order.name)
        before = verified["reports"].get(report, {}).get("before")
        predicted = order.predicted.get(report)
        measured[report] = {"measured_ms": took, "before_ms": before, "predicted_ms": predicted and predicted * 1000}
        if predicted and took > SLOWER * predicted * 1000:
            said.append(f"{report}: {took / 1000:.0f} s, predicted were {predicted} s")
        elif before and took > SLOWER * before:
            said.append(f"{report}: {took / 1000:.0f} s, before the redesign {before / 1000:.0f} s")
    names = {"schema_name": order.schema, "table_name": order.name}
    (shape,) = list(redesign.warehouse.fetch("redshift/catalog/select_shape.sql", names))[:1] or [{}]
    if float(shape.get("skew_rows") or 0) >= SKEW:
        said.append(f"skew_rows {shape['skew_rows']}: some slices hold {shape['skew_rows']} times the rows of others")
    now = iso(redesign.clock())
    key = redesign.keep(
        f"watch/{now[:10]}",
        {"at": now, "reports": measured, "shape": {k: str(v) for k, v in shape.items()}, "said": said},
    )
    if said:
        raise DataFault(f"{redesign.key}: {'; '.join(said)}; see docs/runbooks/redshift_table_redesign.md")
    return key


def status(redesign: Redesign) -> list[str]:
    """Where it stands, for a person."""
    steps = redesign.steps() if redesign.kept("created") else set()
    copied, months = redesign.names("copied"), redesign.planned["months"]
    lines = [f"{redesign.order.table}: {redesign.key}", f"months copied: {len(copied)} of {len(months)}"]
    for name in ("created", "verified", "approval", "swap-done", "swap-settled", "rollback-settled", "finished"):
        if kept := redesign.kept(name):
            by = f" by {kept['by']}" if "by" in kept else ""
            lines.append(f"{name}{by}: {kept['at']}")
    lines += [f"watched {day}: {'; '.join(w['said']) or 'as predicted'}" for day, w in _watched(redesign)]
    if done := redesign.kept("swap-done"):
        lines.append(f"days since the swap: {(redesign.clock() - from_iso(done['at'])).days}")
    return [*lines, f"committed in the warehouse: {', '.join(sorted(steps)) or 'nothing'}"]


def _watched(redesign: Redesign) -> list[tuple[str, dict[str, Any]]]:
    return [(day, redesign.kept(f"watch/{day}") or {"said": []}) for day in redesign.names("watch")]
