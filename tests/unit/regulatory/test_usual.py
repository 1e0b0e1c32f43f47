"""An unusual volume is told when the source arrives, and blocks nothing; a missed night is found by the next."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest

from podemos.contracts.platform import platform
from podemos.contracts.sources import Volume
from podemos.core.manifest import commit
from podemos.core.night import Night
from podemos.core.store import MemoryStore
from podemos.regulatory import keys, marks
from podemos.regulatory.missed import missed
from podemos.regulatory.usual import PAYDAY, compare, days_like, fences, kind_of
from tests.unit.regulatory.deliveries import ALL, DAY, NIGHT, clock, deliver, lines, memory, only

SOURCE = "spei"


def sealed(lake: MemoryStore, day: date, rows: int, cents: int) -> None:
    entry = {"source": SOURCE, "state": "sealed", "declared": {"rows": rows, "cents": cents}}
    lake.put_new(keys.seal(Night.scheduled(day)), json.dumps({"sources": [entry]}).encode())


def told(lake: MemoryStore, sources: Any = ALL, night: Night = NIGHT) -> list[tuple[str, str, Any]]:
    sent: list[tuple[str, str, Any]] = []
    compare(SOURCE, night=night, lake=lake, sources=sources, send=lambda *notice: sent.append(notice))
    return sent


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        (date(2026, 11, 19), "thursday"),
        (date(2026, 10, 15), PAYDAY),
        (date(2026, 11, 13), PAYDAY),  # the 15th is a Sunday
        (date(2026, 11, 15), "sunday"),
        (date(2026, 2, 27), PAYDAY),  # the 28th is a Saturday
        (date(2026, 12, 31), PAYDAY),
    ],
)
def test_wages_are_paid_on_the_fifteenth_and_the_last_or_the_friday_before(day: date, kind: str) -> None:
    assert kind_of(day) == kind


def test_a_source_is_compared_with_its_own_days_of_that_kind() -> None:
    lake = memory()
    deliver(lake, ALL.source(SOURCE), lines(SOURCE, 40))
    cents = sum(line.cents for line in lines(SOURCE, 40))
    for n, day in enumerate(days_like(DAY)):
        sealed(lake, day, 38 + n % 5, cents + 1000 * n)
    for n in range(1, 20):  # paydays and other weekdays say nothing of a Thursday
        if kind_of(DAY - timedelta(days=n)) != "thursday":
            sealed(lake, DAY - timedelta(days=n), 4000, 1)
    assert told(lake) == []
    lake = memory()
    deliver(lake, ALL.source(SOURCE), lines(SOURCE, 40))
    for n, day in enumerate(days_like(DAY)):
        sealed(lake, day, 100 + n % 3, cents)
    ((subject, body, attributes),) = told(lake)
    assert subject == f"Report {DAY}: spei delivered an unusual volume"
    assert "40 movements, usual are 91 to 111 (of 12 thursdays)" in body
    assert (attributes["severity"], attributes["repeat"]) == ("warning", "false")
    assert told(lake) == [], "the repeat of a warning is quiet"


def test_one_more_cent_than_the_fence_is_outside() -> None:
    band = fences([1000] * 10, "")
    assert [band.holds(value) for value in (899, 900, 1100, 1101)] == [False, True, True, False]


def test_a_short_history_leaves_the_configured_volume() -> None:
    lake = memory()
    deliver(lake, ALL.source(SOURCE), lines(SOURCE, 40))
    assert "usual are 666 to 6,000 (configured for a thursday)" in told(lake)[0][1]
    thursdays = ALL.source(SOURCE).model_copy(update={"volume": Volume(thursday=45)})
    expected = ALL.model_copy(update={"sources": (thursdays,)})
    lake = memory()
    deliver(lake, ALL.source(SOURCE), lines(SOURCE, 40))
    assert told(lake, expected) == []
    assert told(lake, ALL, Night(DAY, NIGHT.start, 30)) == [], "a rehearsal's data are invented"


def test_a_delivery_that_cannot_be_read_is_the_seals_to_tell() -> None:
    lake = memory()
    lake.put_new(f"{keys.inbox(SOURCE, DAY)}control.json", b"no JSON")
    assert told(lake) == []
    assert told(memory()) == []


def test_days_without_a_version_are_found_told_and_opened_as_late() -> None:
    lake, reports, sent = memory(), MemoryStore("reports"), list[Any]()
    names = platform(json.dumps({"go_live": "2026-11-15"}))

    def look(night: Night) -> list[str]:
        return missed(night, lake=lake, reports=reports, clock=clock, platform=names, send=lambda *n: sent.append(n))

    reports.put_new("reports/2026-11-16/v1/manifest.json", b"{}")
    reports.put_new("reports/2026-11-17/v1/resumen.json", b"{}")
    reports.put_new("reports/rehearsal/2026-11-18/v1/manifest.json", b"{}")
    dead = Night.scheduled(date(2026, 11, 18))
    marks.leave(lake, dead, "seal", dead.at("04:00"), dead.at("04:02"))
    assert look(NIGHT) == ["2026-11-15", "2026-11-17", "2026-11-18"]
    assert json.loads(lake.get("regulatory/late/2026-11-18.json"))["reason"] == "the night ended after seal"
    assert json.loads(lake.get("regulatory/late/2026-11-15.json"))["reason"] == "no night ran"
    assert sent[0][0] == "3 business days have no published report, the last is 2026-11-18"
    assert "3 are opened as late publications, after tonight's report: 2026-11-15, 2026" in sent[0][1]
    assert look(Night(DAY, NIGHT.start, 30)) == [], "a rehearsal is no report"
    assert look(Night.scheduled(date(2026, 11, 18))) == [], "a late day does not open the others again"
    for day in ("2026-11-15", "2026-11-17", "2026-11-18"):
        reports.put_new(f"reports/{day}/v2/manifest.json", b"{}")
    assert (look(NIGHT), len(sent)) == ([], 1)


def test_a_held_day_is_told_but_not_opened_and_a_night_opens_ten() -> None:
    lake, reports, sent = memory(), MemoryStore("reports"), list[Any]()
    names = platform(json.dumps({"go_live": "2026-11-01"}))
    decision = {"stage": "decision", "outcome": "hold", "reasons": ["a cent"], "decided_at": "2026-11-03T10:00:00Z"}
    commit(lake, "regulatory/nights/2026-11-02/x/decision-1.json", decision)
    opened = missed(NIGHT, lake=lake, reports=reports, clock=clock, platform=names, send=lambda *n: sent.append(n))
    assert opened == ["2026-11-01", *(f"2026-11-{day:02d}" for day in range(3, 12))]
    assert json.loads(lake.get("regulatory/late/2026-11-02.json"))["reason"] == "held: a cent"
    assert "For the others, correct what holds them" in sent[0][1]


def test_the_sources_have_only_kinds_of_day_that_exist() -> None:
    kinds = {kind_of(DAY + timedelta(days=n)) for n in range(60)}
    assert kinds == set(Volume.model_fields)
    assert only(SOURCE).sources[0].expected_on(PAYDAY) > 0
