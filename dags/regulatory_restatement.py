"""# Regulatory restatement

Makes version n+1 of a published report when what it rests on was corrected, with its reasons and the difference cell by
cell. Version n stays as it is.

## Schedule and why
When `branch_ingestion` announces corrected certificates of a published day, and at 10:00 Mexico City time for what
sources delivered after the seal; by hand with a form. Nothing of it is due before 06:00.

## Inputs
- Asset `certificados_corregidos` and the records behind it (`regulatory/corrections/`).
- Control files in the inbox that are newer than the seal of the newest version, of the last 14 days.
- Params: `first_day`, `last_day`, `reason`, `explanation`, `dry_run` (only for a run by hand; others always publish).

## Outputs
- `reports/<day>/v<n+1>/`: the report, and `cambios.json`: totals per source and type before and after, the movements
  added, removed and changed with both values (1,000 by name, the rest counted), and the reason codes. Asset
  `reporte_regulatorio`, and a notice over SNS.
- `regulatory/settlements/` when what is there now gives the same report: nothing is published, nothing is owed any
  more.
- A dry run: the difference in the log of `show`, whole in the lake under the key that it returns.

## Tasks
`find` gives an order per day; for each, in the group `day`: `deliver` → `seal` → `normalise` → `load` → `reconcile` →
`gate` → `decide` → `hold` → `build` → `compare` → `publish` → `notify`, or `settle`, or `show`; beside `normalise` and
`load`, `second`. One day at a time in each task; what does not apply is skipped.
- The stages between `seal` and `build` are those of `regulatory_report`, and so are the gate and the policy.
- `deliver` has the branches certify the day anew: each night delivers only its own day to the report.
- A dry run skips `load` and rests on the second engine, so the warehouse keeps the rows of the published version.
- `hold` lets a decision to publish pass; otherwise it sends the reasons and fails that day, and version n stands.

## Re-run safety
An order is a night of its own, with its own create-once seal; every task after it is a function of the order. The same
content is never published twice, and `publish` refuses if another version came after `compare`.

## Checks
Those of the report. What changed is computed from the published bytes; `tools/verify_report.py` proves that it adds up.

## Owner
regulatory-reporting

## Runbook
`docs/runbooks/regulatory_restatement.md`
"""  # noqa: D415 - the first line is the heading of the page in the UI

from datetime import timedelta

from airflow.sdk import Param, dag, task_group

from podemos.orchestration import assets, defaults, notices, restating, schedules, tags
from podemos.orchestration.proving import prove
from podemos.orchestration.stage import stage
from podemos.regulatory import build, keys, normalise, orders, restate, second


@task_group(group_id="day")
def restate_day(order):
    """One published day, sealed anew. No branch: Airflow 3.3.1 skips nothing after one in a mapped group.

    (Its NotPreviouslySkippedDep asks for the branch's answer without the map index.) So the ends skip themselves.
    """
    delivered = stage(restating.deliver_again, task_id="deliver")(order)
    sealed = stage(restate.seal_again, task_id="seal")(delivered)
    normalised = stage(normalise.normalise)(sealed)
    seconded = stage(second.second)(sealed)
    certificate = prove(normalised, seconded, restate.load_batch)
    decision = stage(restate.decide_again, task_id="decide")(certificate)
    built = stage(build.build)(stage(restating.hold_or_go_on, task_id="hold")(decision))
    compared = stage(restate.compare, task_id="compare")(built)
    stage(restate.show, task_id="show")(compared)
    stage(restate.settle, task_id="settle")(compared)
    published = stage(
        restate.publish_again, day_of=keys.report_day, task_id="publish", outlets=[assets.REPORTE_REGULATORIO]
    )(compared)
    stage(notices.published, task_id="notify")(published)


@dag(
    schedule=schedules.on_corrections_and_daily_at_ten,
    description="Version n+1 of a published report whose inputs were corrected, with what changed cell by cell",
    params={
        "first_day": Param(
            None,
            type=["null", "string"],
            format="date",
            title="First day",
            description="First business day to restate; empty with the last one: the days that are owed",
        ),
        "last_day": Param(
            None, type=["null", "string"], format="date", title="Last day", description="Last business day, included"
        ),
        "reason": Param(
            None,
            type=["null", "string"],
            enum=[None, *(code.value for code in orders.Code)],
            title="Reason",
            description="Reason code; a range of days needs one",
        ),
        "explanation": Param(
            None,
            type=["null", "string"],
            maxLength=500,
            title="Explanation",
            description="In your words; it stands in the published version. The reason `other` needs it",
        ),
        "dry_run": Param(
            True, type="boolean", title="Dry run", description="Only show what would change; nothing is published"
        ),
    },
    tags=[tags.Tier.TWO, tags.Concern.REGULATORY],
    doc_md=__doc__,
    **defaults.scheduled(owner="regulatory-reporting", run_limit=timedelta(hours=8), max_active_tis_per_dag=1),
)
def regulatory_restatement():
    """The pipeline."""
    restate_day.expand(order=stage(orders.find, task_id="find")())


regulatory_restatement()
