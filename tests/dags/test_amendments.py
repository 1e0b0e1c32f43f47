"""A certificate that changed under a published report: one event for each such day and content, and none otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from podemos.branches import keys as lake_keys
from podemos.branches.day_totals import NAMES
from podemos.contracts.branches import branches
from podemos.core import manifest
from podemos.core.clock import system_clock
from podemos.core.fingerprint import Fingerprint
from podemos.core.store import MemoryStore
from podemos.orchestration import amendments, notices
from podemos.regulatory import keys, restatements

DAY = "2026-11-17"
NONE = Fingerprint().to_dict()


class Lake:
    """Certificates, deliveries and a published version, written as the concerns write them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lake, self.reports, self.number = MemoryStore("lake"), MemoryStore("reports"), 0
        self.events: list[dict[str, Any]] = []
        self.totals = dict(zip(NAMES, (3, 300, "7", 0, 0), strict=True))
        monkeypatch.setattr(amendments, "day_totals", lambda *_: self.totals)

    def certify(self, rows: int, business_date: str = "2026-11-19", day: str = DAY, state: str = "certified") -> str:
        """A certification by a new revision that looked at one local day; returns its key."""
        self.number += 1
        revision = manifest.commit(self.lake, lake_keys.revision(self.number), {"revision": self.number})
        term = Fingerprint(rows, rows * 100, 7).to_dict()
        said = dict.fromkeys(("source", "winners", "curated", "warehouse"), term) | {
            "quarantined": NONE,
            "state": state,
        }
        certificate = manifest.commit(
            self.lake, lake_keys.certificate("pagos", day, self.number), {"branches": {"001": said}, "n": self.number}
        )
        document = {
            "certificates": [certificate.to_dict()],
            "revision": revision.to_dict(),
            "business_date": business_date,
            "certified": "2026-11-20T07:40:00.000000Z",
            "branches": [{"id": "001", "state": state, "as_of": "2026-11-20T07:30:00.000000Z"}],
            "alerts": [],
        }
        return manifest.commit(self.lake, lake_keys.certification(self.number, "c" * 64), document).key

    def publish(self, certification: str, version: int = 1) -> None:
        """The report of the day, resting on what the certification delivered."""
        found, _ = manifest.read(self.lake, certification)
        control = dict(self.totals) | {"certificates": found["certificates"], "branches": found["branches"]}
        delivered = manifest.commit(self.lake, f"control-{version}.json", control)
        folder = f"{keys.INBOX}/nights/{version}/"
        seal = {"sources": [{"source": "sucursales", "control": delivered.to_dict()}]}
        manifest.commit(self.lake, f"{folder}seal.json", seal)
        manifest.commit(
            self.reports, f"reports/{DAY}/v{version}/manifest.json", {"build": {"key": f"{folder}build-1.json"}}
        )

    def announce(self, certification: str) -> list[dict[str, Any]]:
        """Events of one run of the task."""
        before = len(self.events)
        amendments.announce_amendments(
            certification, lake=self.lake, reports=self.reports, config=branches(), announce=self.events.append
        )
        return self.events[before:]


@pytest.fixture
def lake(monkeypatch: pytest.MonkeyPatch) -> Lake:
    return Lake(monkeypatch)


def test_a_change_of_a_day_that_is_not_published_is_no_event(lake):
    lake.certify(3)
    lake.totals |= {"rows": 4}
    assert lake.announce(lake.certify(4)) == []


def test_a_late_row_of_a_published_day_is_one_event_with_both_hashes(lake):
    first = lake.certify(3)
    lake.publish(first)
    lake.totals |= {"rows": 4, "cents": 400}
    (event,) = lake.announce(second := lake.certify(4))
    (change,) = event["certificates"]
    old, new = (manifest.read(lake.lake, key)[0]["certificates"][0] for key in (first, second))
    assert (event["business_date"], event["version"]) == (DAY, 1)
    assert change == {"day": DAY, "old": old, "new": new, "branches": ["001"]}
    assert manifest.read(lake.lake, event["manifest"])[0]["now"]["rows"] == 4


def test_a_repeated_task_announces_the_same_again_and_a_later_run_does_not(lake):
    lake.publish(lake.certify(3))
    lake.totals |= {"rows": 4}
    key = lake.certify(4)
    assert lake.announce(key) == lake.announce(key) != []
    assert lake.announce(lake.certify(4)) == [], "another certificate, the same day"
    lake.totals |= {"rows": 5}
    assert len(lake.announce(lake.certify(5))) == 1


def test_the_same_terms_certified_again_are_no_event(lake):
    lake.publish(lake.certify(3))
    assert lake.announce(lake.certify(3)) == []


def test_a_certificate_that_changes_by_rows_of_another_business_day_is_no_event(lake):
    """The last half hour of a western branch's local day belongs to the next report."""
    lake.publish(lake.certify(3))
    assert lake.announce(lake.certify(4)) == []


def test_a_branch_that_was_missing_and_is_certified_now_is_an_event(lake):
    lake.publish(lake.certify(3, state="missing"))
    assert len(lake.announce(lake.certify(3, business_date=DAY))) == 1


def test_a_published_day_is_to_be_restated_until_its_next_version(lake):
    lake.publish(lake.certify(3))
    assert restatements.owed(lake.lake, lake.reports) == []
    lake.totals |= {"rows": 4}
    (event,) = lake.announce(key := lake.certify(4))
    (owed,) = restatements.owed(lake.lake, lake.reports)
    assert (owed.business_date.isoformat(), owed.version, owed.records) == (DAY, 1, (event["manifest"],))
    lake.publish(key, version=2)
    assert restatements.owed(lake.lake, lake.reports) == []
    assert lake.announce(lake.certify(4)) == []


def test_a_nights_plan_lists_what_is_to_be_restated(lake):
    from podemos.contracts.sources import sources
    from podemos.core.night import Night
    from podemos.regulatory import plan

    lake.publish(lake.certify(3))
    lake.totals |= {"rows": 4}
    lake.announce(lake.certify(4))
    night = Night.scheduled(system_clock().date())
    plan.open_night(night, lake=lake.lake, reports=lake.reports, clock=system_clock, sources=sources())
    (run,) = (info.key for info in lake.lake.list(keys.night_folder(night)))
    (owed,) = manifest.read(lake.lake, run)[0]["to_restate"]
    assert owed["business_date"] == DAY


def test_the_notice_and_the_event_come_from_one_task(lake):
    sent: list[tuple[Any, ...]] = []
    lake.publish(lake.certify(3))
    lake.totals |= {"rows": 4}
    key = lake.certify(4)
    document, _ = manifest.read(lake.lake, key)
    alert = {"branch": "001", "alert": "no PROCESS privilege: transactions are not seen; grant it or set lag"}
    told = manifest.commit(lake.lake, key + "-2", document | {"alerts": [alert]}).key
    for _ in range(2):
        notices.certified(
            told, lake=lake.lake, reports=lake.reports, config=branches(), send=lambda *notice: sent.append(notice),
            announce=lake.events.append,
        )  # fmt: skip
    ((subject, body, attributes),) = sent
    assert subject == "2026-11-19: 1 branches need somebody"
    assert body.endswith("docs/runbooks/branch_ingestion.md#no-process-privilege")
    assert attributes["severity"] == "warning"
    assert len(lake.events) == 2, "both attempts, and Airflow keeps the one that succeeds"
