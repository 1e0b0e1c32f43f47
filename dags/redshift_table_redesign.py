"""# Redshift table redesign

Gives a table other keys and encodings while it is read and written, and takes them back if they do not pay.

## Schedule and why
20:00 Mexico City time: the branches have closed, the night is six hours away. A scheduled run goes on with the redesign
that is open, one window an evening; without one it is skipped. A redesign begins by hand, with the form; its dry run
writes nothing.

## Inputs
- The order: table, date column, amount, the load's mutex, critical reports, and the design that the advisor proposes.
- The catalog: comments, grants, policies, views, owner, constraints.

## Outputs
- The table in its new design under its old name; the old one under `<table>__antes` until `finish`.
- `warehouse/redesigns/<table>/<plan>/`: plan, months copied, verification, approval, attempts, what was
  measured afterwards.
- `ops.redesigns`, `ops.redesign_days`: what was committed, written in the same transactions.

## Tasks
`plan` → `route` → `build` → `approve` (a person) → `swap` → `watch`; or `rollback`; or `finish`.
- `build` creates, copies month by month, catches up and verifies; the next window goes on where one ended.
- `swap` waits for its locks for seconds, gives up and tries again: readers wait behind it no longer than that.
- `rollback` is a swap back, with everything that was written since.

## Re-run safety
Every transaction is repeatable or writes a row that a second one refuses; every manifest is created once. A task that
was killed is cleared and goes on.

## Checks
Rows, cents and fingerprint of every day, the reports' results on both tables, and the inventory before and after.

## Owner
data-platform

## Runbook
`docs/runbooks/redshift_table_redesign.md`
"""  # noqa: D415 - the first line is the heading of the page in the UI

from datetime import timedelta

from airflow.sdk import Param, dag

from podemos.orchestration import defaults, pools, schedules, tags
from podemos.orchestration.approve import approve
from podemos.orchestration.stage import choice, stage
from podemos.redshift import redesign_stages as stages


@dag(
    schedule=schedules.every_evening,
    description="A table in another design, copied, verified and swapped while it is read and written",
    params={
        "order": Param(
            None,
            type=["null", "object"],
            title="Order",
            description="table, date_column, amount, writer, reports, design {diststyle, distkey, sortkey, encodings}",
        ),
        "dry_run": Param(True, type="boolean", title="Dry run", description="Show inventory and DDL; write nothing"),
        "plan": Param(
            None, type=["null", "string"], title="Plan", description="Key of a plan to go on with, roll back or finish"
        ),
        "action": Param(
            "go_on", type="string", enum=["go_on", "rollback", "finish"], title="Action", description="With the plan"
        ),
        "window_minutes": Param(50, type="integer", minimum=5, maximum=50, title="Window in minutes"),
    },
    tags=[tags.Tier.TWO, tags.Concern.REDSHIFT],
    doc_md=__doc__,
    **defaults.scheduled(owner="data-platform", run_limit=timedelta(hours=20), task_limit=timedelta(minutes=60)),
)
def redshift_table_redesign():
    """The pipeline."""
    alone = {"pool": pools.REDSHIFT_MAINTENANCE}
    planned = stage(stages.plan, task_id="plan")()
    built = stage(stages.build, task_id="build", **alone)(planned)
    undone = stage(stages.rollback, task_id="rollback", **alone)(planned)
    finished = stage(stages.finish, task_id="finish", **alone)(planned)
    choice(stages.route, {"go_on": "build", "rollback": "rollback", "finish": "finish"}, task_id="route")(planned) >> [
        built,
        undone,
        finished,
    ]
    swapped = stage(stages.swap, task_id="swap", **alone)(approve(built))
    stage(stages.watch, task_id="watch")(swapped)


redshift_table_redesign()
