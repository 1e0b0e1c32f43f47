"""One set of names: what is written, what the dashboard shows, what the functions call theirs."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from podemos.contracts.platform import platform
from podemos.mobile import dashboard, measure
from podemos.mobile.heartbeat import MemoryHeartbeats
from podemos.mobile.metrics import Measured, Metric, emf, latest
from podemos.mobile.upload import Upload
from tests.unit.mobile import events
from tests.unit.mobile.compacting import World

ROOT = Path(__file__).resolve().parents[3]
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_a_line_is_what_cloudwatch_takes_as_embedded_metrics() -> None:
    [whole, one] = [
        json.loads(line)
        for line in emf(
            [Measured(Metric.SUCCESS, 99.5), Measured(Metric.RECORDS, 7), Measured(Metric.QUARANTINED, 2, "too_long")],
            NOW,
        )
    ]
    assert whole["_aws"]["CloudWatchMetrics"][0]["Metrics"] == [
        {"Name": "SuccessRate", "Unit": "Percent"},
        {"Name": "RecordsProcessed", "Unit": "Count"},
    ]
    assert one["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["reason"], []]
    assert (one["reason"], one["RecordsQuarantined"], whole["RecordsProcessed"]) == ("too_long", 2, 7)
    assert latest([whole, one])["RecordsQuarantined{reason=too_long}"] == (2, NOW)


def test_a_value_without_its_dimension_is_refused() -> None:
    with pytest.raises(ValueError, match="split by reason"):
        Measured(Metric.QUARANTINED, 1)


def test_the_dashboard_file_is_fresh_and_shows_every_metric() -> None:
    text = (ROOT / "infra/dashboards/mobile.json").read_text(encoding="utf-8")
    assert text == dashboard.text(platform()), "run python -m podemos.mobile dashboard > infra/dashboards/mobile.json"
    assert [metric.title for metric in Metric if metric.title not in text] == []


def test_the_functions_metrics_are_of_the_set() -> None:
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "include/functions").rglob("handler.py")]
    named = set(re.findall(r'metrics\.add_metric\(\s*"(\w+)"', "".join(sources)))
    named |= {
        name for pair in re.findall(r'add_metric\("(\w+)" if \w+ else "(\w+)"', "".join(sources)) for name in pair
    }
    assert len(named) > 5
    assert named == {metric.title for metric in Metric if metric.dimension == "service"}


def test_a_look_measures_a_revision_once_and_what_waits_every_time() -> None:
    world, phones, lines = World(), MemoryHeartbeats(), list[str]()
    stream = list(events.events(1, 8))
    world.put(stream, lines=[b"{no json}\n"])
    phones.heard(Upload(events.device(1), "i", "norte", events.branch(1), world.now, world.now, head=8), 8)

    def values() -> dict[str, float]:
        lines.clear()
        measure.measure(uploads=world.lake, heartbeats=phones, queues={"q": lambda: 3}, clock=world.clock,
                        metrics=lines.append)  # fmt: skip
        return {name: value for name, (value, _) in latest(map(json.loads, lines)).items()}

    before = values()
    assert (before["BacklogObjects"], before["OldestUpload"]) == (1, 0)
    world.now += timedelta(minutes=10)
    world.run()
    found = values()
    assert (found["RecordsProcessed"], found["RecordsQuarantined{reason=invalid_json}"], found["BytesRewritten"]) == (
        8,
        1,
        0,
    )
    assert found["SuccessRate"] == pytest.approx(100 * 8 / 9, abs=0.001)
    assert found["IngestLatencyP50"] == pytest.approx((world.now - stream[4].capturado_en).total_seconds(), abs=61)
    assert (found["QueueDepth{queue=q}"], found["Phones"], found["BacklogObjects"]) == (3, 1, 0)
    assert found[f"FilesPerBranch{{branch={events.branch(1):03d}}}"] == 1
    assert "RecordsProcessed" not in values()
