"""# Redshift gate

Holds every table of the warehouse to the rules once a week, and tells each owner what his tables lack.

## Schedule and why
Monday 08:00 Mexico City time: the files are held to the same rules before they are merged; this finds what was made by
hand.

## Inputs
- The live catalog: SVV_TABLES, SVV_COLUMNS, PG_TABLE_DEF, SVV_TABLE_INFO.
- Owners, sensitivity and waivers of `include/config/`.

## Outputs
- `warehouse/gate/<day>/`: the verdict.
- A notice per owner, with the line to add for each offence.

## Tasks
`judge`.

## Re-run safety
It reads. An owner is told once a day.

## Checks
It is one.

## Owner
data-platform

## Runbook
`docs/runbooks/redshift_gate.md`
"""  # noqa: D415 - the first line is the heading of the page in the UI

from datetime import timedelta

from airflow.sdk import dag

from podemos.orchestration import defaults, schedules, tags
from podemos.orchestration.stage import stage
from podemos.redshift import gate_live


@dag(
    schedule=schedules.weekly_on_monday,
    description="Every table of the warehouse held to keys, comments, encodings and sensitivity; owners are told",
    tags=[tags.Tier.TWO, tags.Concern.REDSHIFT],
    doc_md=__doc__,
    **defaults.scheduled(owner="data-platform", run_limit=timedelta(hours=1)),
)
def redshift_gate():
    """The pipeline."""
    stage(gate_live.judge, task_id="judge")()


redshift_gate()
