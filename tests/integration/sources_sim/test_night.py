"""The judge on what the platform really publishes: its own stages, fed by the simulated systems."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from local.branches.truth import ExpectedMovement
from local.judge.expected import Truth, assemble
from local.judge.verdict import judge
from local.sources import truth as source_truth
from local.sources.day import Content
from local.sources.deliver import Inbox, deliver
from local.sources.scenarios import Tamper, scenario
from tests.integration.regulatory import nights
from tests.integration.regulatory.world import World
from tests.integration.sources_sim.sample import DAY, Clock
from tests.unit.regulatory.deliveries import NIGHT, deliver_lake, payments

COUNT, ROWS = 60, 30
CLIENTS = {branch: list(range(1, 51)) for branch in range(1, 11)}
REPORT = "s3://{}/reports/2026-11-19/v1/"


@pytest.fixture
def inbox(world: World, tmp_path: Path) -> Inbox:
    """The lake after the branches have delivered; one orphan was set aside."""
    world.load_history(COUNT)
    orphan = {"id_sucursal": 3, "id_pago": 99_001, "reason": "orphan", "cents": 4_200}
    deliver_lake(world.lake, payments(COUNT), excepted=[orphan], excepted_rows=1, excepted_cents=4_200)
    return Inbox(world.s3, world.lake.bucket, tmp_path)


def night_of(inbox: Inbox, world: World, name: str, **more: Any) -> nights.Ended:
    """Every system delivers as the scenario says, in no time; then every stage runs."""
    content, clock = Content(DAY, CLIENTS, rows=ROWS), Clock()
    chosen = scenario(name, content, **more)
    list(deliver(inbox, content, chosen, NIGHT, clock=clock, sleep=clock.sleep))
    absent = chosen.withheld | chosen.late
    arrivals = [f"{one.id}:{'missing' if one.id in absent else 'arrived'}" for one in content.configured]
    return nights.run(world, ["sucursales:arrived", *arrivals])


def truth_of(inbox: Inbox) -> Truth:
    """The payments of the lake as the branches would know them, and the record of the systems."""
    paid = [
        ExpectedMovement(one.branch, one.id, one.cents or 0, one.day, one.status, ())
        for one in payments(COUNT)
        if one.day == DAY and not one.deleted
    ]
    orphan = ExpectedMovement(3, 99_001, 4_200, DAY, "PAGADO", ("prestamos",))
    return assemble(source_truth.record_of(inbox.state, DAY), [*paid, orphan], ())


def test_a_complete_night_is_verified(inbox: Inbox, world: World) -> None:
    ended = night_of(inbox, world, "complete")
    found = judge(REPORT.format(world.reports.bucket), DAY, client=world.s3, truth=truth_of(inbox))
    assert (ended.outcome, found.differences, found.verified) == ("complete", (), True)
    assert (found.movements, found.excepted) == (14 * ROWS + COUNT - 3, 1)


def test_a_partial_night_is_verified_and_names_who_is_missing(inbox: Inbox, world: World) -> None:
    night_of(inbox, world, "partial")
    found = judge(REPORT.format(world.reports.bucket), DAY, client=world.s3, truth=truth_of(inbox))
    assert (found.status, found.differences, found.verified) == ("partial", (), True)
    assert found.missing_sources == ("cajeros", "movil")


def test_a_tampered_night_is_held_and_names_the_file_or_the_row(inbox: Inbox, world: World) -> None:
    hashed, plain = Tamper("tesoreria", 7), Tamper("movil", 9)
    ended = night_of(inbox, world, "tampered", tampers=[hashed, plain])
    assert (ended.outcome, ended.manifest) == ("hold", None)
    (of_plain,) = [reason for reason in ended.reasons if reason.startswith("movil, file movil_20261119_")]
    (of_hashed,) = [reason for reason in ended.reasons if reason.startswith("tesoreria, file tesoreria_20261119_")]
    assert "changed after its control file was written" in of_plain
    assert "row 7 (" in of_hashed
    assert "row 9 (" not in of_plain
