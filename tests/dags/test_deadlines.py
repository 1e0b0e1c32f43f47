"""Deadlines: when they are due, that Airflow records them, and that a missed one reaches a person."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, date, datetime, timedelta

import podemos_deadlines
import pytest

from podemos.core.night import OPENS, Night
from podemos.orchestration.deadlines import WARNINGS

DAG_ID = "regulatory_report"
TWO_AT_NIGHT = datetime(2026, 11, 20, 8, tzinfo=UTC)
REHEARSAL = {"rehearsal_seconds_per_hour": 60, "night_start": "2026-11-24T15:00:00Z"}


def due(clock: str, **changes):
    return podemos_deadlines.due(
        clock, **{"rehearsal": False, "run_type": "scheduled", "run_after": TWO_AT_NIGHT, "conf": None} | changes
    )


@pytest.mark.parametrize("clock", ["02:00", "05:30", "05:55", "06:00"])
def test_a_scheduled_run_has_the_deadline_of_its_night(clock):
    night = Night.scheduled(date(2026, 11, 19))
    assert due(clock) == night.at(clock)


@pytest.mark.parametrize("clock", ["05:30", "05:55"])
def test_a_rehearsal_has_it_in_compressed_time(clock):
    start = datetime(2026, 11, 24, 15, tzinfo=UTC)
    night = Night(date(2026, 11, 19), start, 60)
    assert due(clock, rehearsal=True, run_type="manual", conf=REHEARSAL) == night.at(clock)
    told_nothing = {"rehearsal_seconds_per_hour": 60, "night_start": None}
    assert due(clock, rehearsal=True, run_type="manual", run_after=start, conf=told_nothing) == night.at(clock)


@pytest.mark.parametrize(
    "changes",
    [
        {"run_type": "manual"},
        {"run_type": "backfill"},
        {"conf": REHEARSAL},
        {"rehearsal": True},
        {"rehearsal": True, "conf": {}},
        {"rehearsal": True, "conf": REHEARSAL | {"night_start": "soon"}},
    ],
)
def test_another_run_has_no_such_deadline(changes):
    assert due("05:30", **changes) is None


def test_the_plugin_counts_a_nights_minutes_from_the_same_hour():
    assert f"{podemos_deadlines.OPENS_MINUTES // 60:02d}:00" == OPENS


def test_a_reference_survives_airflows_store():
    written = podemos_deadlines.NightClock("05:55", True)
    read = podemos_deadlines.NightClock.deserialize_reference(written.serialize_reference())
    assert (read.clock, read.rehearsal) == ("05:55", True)


@pytest.fixture(scope="module")
def open_run(bag, database):
    """Creates a run as the scheduler or the REST API does; returns its deadlines: name, instant, topic."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import sync_bag_to_db
    from airflow.models.deadline import Deadline
    from airflow.models.serialized_dag import SerializedDagModel
    from airflow.sdk import DagRunState
    from airflow.utils.session import create_session
    from airflow.utils.types import DagRunTriggeredByType, DagRunType
    from sqlalchemy import select

    with create_session() as session:
        DagBundlesManager().sync_bundles_to_db(session=session)
    sync_bag_to_db(bag, "dags-folder", None)

    def opened(run_type: str, run_after: datetime, conf: dict | None = None):
        with create_session() as session:
            dag = SerializedDagModel.get(DAG_ID, session=session).dag
            run = dag.create_dagrun(
                run_id=f"{run_type}__{run_after.isoformat()}",
                run_after=run_after,
                run_type=DagRunType(run_type),
                triggered_by=DagRunTriggeredByType.TEST,
                state=DagRunState.RUNNING,
                conf=conf,
                session=session,
            )
            session.flush()
            rows = session.scalars(
                select(Deadline).where(Deadline.dagrun_id == run.id).order_by(Deadline.deadline_time)
            )
            return [
                (row.deadline_alert.name, row.deadline_time, row.callback.data["kwargs"]["target_arn"].split(":")[-1])
                for row in rows
            ]

    return opened


def test_airflow_records_a_scheduled_nights_deadlines_for_the_alerts_topic(open_run):
    assert open_run("scheduled", TWO_AT_NIGHT) == [
        ("05:30", datetime(2026, 11, 20, 11, 30, tzinfo=UTC), "podemos-alerts"),
        ("05:55", datetime(2026, 11, 20, 11, 55, tzinfo=UTC), "podemos-alerts"),
    ]


def test_airflow_records_a_rehearsals_deadlines_for_the_rehearsal_topic(open_run):
    start = datetime(2026, 11, 24, 15, tzinfo=UTC)
    assert open_run("manual", start, REHEARSAL) == [
        ("05:30 rehearsal", start + timedelta(seconds=210), "podemos-rehearsal"),
        ("05:55 rehearsal", start + timedelta(seconds=235), "podemos-rehearsal"),
    ]


def test_a_run_by_hand_has_no_deadline(open_run):
    assert open_run("manual", TWO_AT_NIGHT + timedelta(hours=9), {"business_date": "2026-10-31"}) == []


def test_a_missed_deadline_reaches_the_topic_through_scheduler_and_triggerer(open_run, topics, home):
    """Airflow's own scheduler finds it, its own triggerer sends it. The DAG is paused: no task runs."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=10)
    conf = {"rehearsal_seconds_per_hour": 60, "night_start": start.isoformat()}
    assert len(open_run("manual", start, conf)) == len(WARNINGS)
    topics("podemos-rehearsal")
    airflow = [sys.executable, "-m", "airflow"]
    environment = os.environ | {"AIRFLOW_HOME": str(home)}
    subprocess.run([*airflow, "scheduler", "--num-runs", "1"], env=environment, capture_output=True, check=True)
    with (home / "triggerer.log").open("wb") as log:
        triggerer = subprocess.Popen(
            [*airflow, "triggerer", "--skip-serve-logs"], env=environment, stdout=log, stderr=log
        )
    told, patience = set(), time.monotonic() + 60
    try:
        while len(told) < len(WARNINGS) and time.monotonic() < patience and triggerer.poll() is None:
            time.sleep(0.5)
            told |= {
                notice["Subject"]
                for notice in topics("podemos-rehearsal")
                if f"Run manual__{start.isoformat()} is running" in notice["Message"]
            }
    finally:
        triggerer.terminate()
        triggerer.wait(timeout=30)
    expected = {f"{DAG_ID} is not finished at {clock}; due at 06:00" for clock in WARNINGS}
    assert told == expected, (home / "triggerer.log").read_text()
