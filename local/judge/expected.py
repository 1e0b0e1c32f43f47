"""What the day's report must account for, to the cent, from the simulators' own knowledge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from local.branches import truth as branch_truth
from local.branches.settings import Settings
from local.branches.truth import ExpectedMovement
from local.sources import truth as source_truth
from local.sources.catalog import branch_lake
from local.sources.day import Record
from local.sources.deliver import night_of

PAID = "PAGADO"

Key = tuple[str, str]
"""(id_sistema, id_movimiento)."""


@dataclass(frozen=True, slots=True)
class Expected:
    """One movement as its owner knows it. What is None is not compared, except `concepto`, where None is empty.

    `flaw` says why the movement may (systems) or must (branches) be set aside instead of published; empty: it must not.
    """

    cents: int
    tipo: str
    id_sucursal: int
    id_cliente: int | None = None
    instant: datetime | None = None
    concepto: str | None = None
    flaw: str = ""


@dataclass(frozen=True)
class Truth:
    """Everything the judge knows about a day.

    Attributes:
        business_date: the day.
        movements: what systems and branches hold, by key.
        lake: id of the branch lake among the sources.
        offline: ids of the branches that cannot be read now.
        in_time: the systems that delivered before their cut-off of the recorded night.
    """

    business_date: date
    movements: Mapping[Key, Expected]
    lake: str
    offline: frozenset[str]
    in_time: frozenset[str]


def gather(state: Path, business_date: date) -> Truth:
    """The truth of the running simulators.

    Raises:
        NothingKnown: no source has delivered for the date.
        ServerFailed: MariaDB does not run.
    """
    settings = Settings.load(state)
    payments = branch_truth.expected_movements(settings, business_date)
    return assemble(source_truth.record_of(state, business_date), payments, branch_truth.offline_branches(settings))


def assemble(record: Record, payments: Iterable[ExpectedMovement], offline: Iterable[str]) -> Truth:
    """The truth from the record of the sources, the branches' payments of the day and the branches that are off."""
    content = record.content
    lake = branch_lake()
    lake_id = lake.id if lake else "sucursales"
    movements: dict[Key, Expected] = {
        (lake_id, f"{payment.id_sucursal:03d}-{payment.id_pago}"): Expected(
            payment.cents, "ABONO", payment.id_sucursal, flaw=" and ".join(payment.missing)
        )
        for payment in payments
        if payment.status_pago == PAID
    }
    for source_id, one in source_truth.held_by_sources(content):
        flaw = "unknown client" if one.id_cliente not in content.clients[one.id_sucursal] else ""
        movements[source_id, one.id_movimiento] = Expected(
            one.cents, one.tipo, one.id_sucursal, one.id_cliente, one.instant, one.concepto, flaw
        )
    return Truth(content.business_date, movements, lake_id, frozenset(offline), _in_time(record))


def _in_time(record: Record) -> frozenset[str]:
    """Without a recorded night, whoever delivered was in time."""
    content = record.content
    if record.night is None:
        return frozenset(record.delivered)
    night = night_of(content.business_date, record.night.start, record.night.seconds_per_hour)
    cutoffs = {system.id: night.at(system.cutoff) for system in content.configured}
    return frozenset(
        source_id
        for source_id, instant in record.delivered.items()
        if source_id in cutoffs and datetime.fromisoformat(instant) <= cutoffs[source_id]
    )
