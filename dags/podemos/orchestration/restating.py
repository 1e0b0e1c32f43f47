"""What a restatement needs of Airflow, and of both concerns: the form, the branches' day certified anew, the notice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from podemos.branches import revisions
from podemos.branches.certify import certify_days
from podemos.contracts.branches import Branches
from podemos.core.clock import Clock
from podemos.core.errors import ContractViolation
from podemos.core.manifest import read
from podemos.core.store import ObjectStore
from podemos.orchestration.alerts import Held
from podemos.regulatory import orders
from podemos.regulatory.decide import Outcome
from podemos.regulatory.orders import Code, Request
from podemos.regulatory.restatements import control
from podemos.regulatory.versions import newest
from podemos.warehouse.port import Warehouse

SOURCE = "sucursales"


def request_of(context: Mapping[str, Any]) -> Request:
    """What the run was asked for: the form's answers; a run that nobody started looks for what is owed and publishes.

    Raises:
        ContractViolation: an answer does not fit.
    """
    if context["dag_run"].run_type != "manual":
        return Request(dry_run=False)
    params = context["params"]
    code = params.get("reason")
    return Request(
        first=_date(params, "first_day"),
        last=_date(params, "last_day"),
        code=Code(code) if code else None,
        text=params.get("explanation") or "",
        dry_run=bool(params.get("dry_run", True)),
    )


def deliver_again(
    order_key: str,
    *,
    lake: ObjectStore,
    reports: ObjectStore,
    warehouse: Warehouse,
    clock: Clock,
    config: Branches,
    pilot: int | None,
) -> str:
    """Has the branches certify the day as it is now, which delivers it to the report's inbox if it changed.

    The nightly certification delivers its own day only. A version without a delivery of the branches waits for one of
    theirs; a dry run looks at what is owed, and delivers nothing beside it. Returns the order's key.
    """
    order, night = orders.of(lake, order_key)
    version = newest(reports, night.business_date, rehearsal=False)
    rests = version is not None and control(lake, night.business_date, version, SOURCE) is not None
    asked = order["records"] or (rests and not order["dry_run"])
    if asked and (revision := revisions.latest(lake)) is not None:
        certify_days(
            revision.ref.key,
            night.business_date,
            lake=lake,
            warehouse=warehouse,
            clock=clock,
            config=config,
            pilot=pilot,
        )
    return order_key


def hold_or_go_on(decision_key: str, *, lake: ObjectStore, send: Callable[..., None]) -> str:
    """Hands the decision on; a restatement that is held is told of, and fails. The published version stands.

    Raises:
        Held: the decision is to hold; with the first reason in one line.
    """
    decision, _ = read(lake, decision_key)
    if decision["outcome"] != Outcome.HOLD:
        return decision_key
    day, reasons = decision["business_date"], decision["reasons"]
    order, _ = orders.of(lake, decision_key)
    lines = [
        *reasons[:10],
        f"Version {order['version']} of {day} stands. Why it was to be restated:",
        *map(orders.told, order["reasons"]),
        "Correct it at the source, then trigger regulatory_restatement for that day.",
        "Runbook: docs/runbooks/regulatory_restatement.md",
    ]
    send(f"Restatement of {day} held: {reasons[0]}", "\n".join(lines) + "\n", {"severity": "warning", "day": day})
    raise Held(reasons[0])


def _date(params: Mapping[str, Any], name: str) -> date | None:
    given = params.get(name)
    try:
        return date.fromisoformat(given) if given else None
    except ValueError:
        raise ContractViolation(f"param {name}: {given!r} is not a date; write YYYY-MM-DD") from None
