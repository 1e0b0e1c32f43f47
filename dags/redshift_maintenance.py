"""# Redshift maintenance

Vacuums and analyzes the tables where it saves most scan time for the time it takes, and leaves the others alone.

## Schedule and why
00:35 Mexico City time, for 50 minutes: the day's queries are over, the last pull is at 01:30, and at 02:00 the
warehouse belongs to the report. The load of 00:30 may run beside it: VACUUM lets others write, and BOOST is not used
on tables that are written to at this hour.

## Inputs
- The system views of the last seven days (STL or SYS, whichever the warehouse has), and its vacuum history.
- What earlier windows found out: tables that only their owner may vacuum.

## Outputs
- `warehouse/history/`: the query history, kept beyond the warehouse's seven days.
- `warehouse/maintenance-plans/`: what pays, and a reason for every table that is left alone.
- `warehouse/maintenance/`: what was done, predicted beside measured.

## Tasks
`diagnose` → `plan` → `run` (one at a time, by pool) → `verify`.
- `plan` ranks by scan time saved for each minute spent and packs the window; what found no room is carried over.
- `run` begins nothing that would not end in the window, cancels what still runs at its end, and plans again when there
  is time left over.
- `verify` fails when a VACUUM succeeded without effect, which is how Redshift refuses one.

## Re-run safety
Each attempt reads the state of the tables anew and has what is left of the window; VACUUM and ANALYZE change no row.

## Checks
Every statement is held to SYS_VACUUM_HISTORY or SYS_ANALYZE_HISTORY.

## Owner
data-platform

## Runbook
`docs/runbooks/redshift_maintenance.md`
"""  # noqa: D415 - the first line is the heading of the page in the UI

from datetime import timedelta

from airflow.sdk import Param, dag

from podemos.orchestration import defaults, pools, schedules, tags
from podemos.orchestration.stage import stage
from podemos.redshift import maintenance_window as window


@dag(
    schedule=schedules.nightly_after_midnight,
    description="VACUUM and ANALYZE where they save most scan time, within a window",
    params={
        "window_minutes": Param(
            50, type="integer", minimum=5, maximum=50, title="Window in minutes", description="Nothing runs beyond it"
        )
    },
    tags=[tags.Tier.TWO, tags.Concern.REDSHIFT],
    doc_md=__doc__,
    **defaults.scheduled(owner="data-platform", run_limit=timedelta(minutes=80)),
)
def redshift_maintenance():
    """The pipeline."""
    planned = stage(window.plan, task_id="plan")(stage(window.diagnose, task_id="diagnose")())
    ran = stage(window.run, task_id="run", pool=pools.REDSHIFT_MAINTENANCE, execution_timeout=timedelta(minutes=60))(
        planned
    )
    stage(window.verify, task_id="verify")(ran)


redshift_maintenance()
