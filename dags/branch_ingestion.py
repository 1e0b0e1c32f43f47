"""# Branch ingestion

Pulls what changed in the 200 branch databases, to the cent, however late it arrives, and proves that the warehouse
has it.

## Schedule and why
Every 30 minutes from 06:00 to 23:30 Mexico City time, then at 00:30 and 01:30: links are best by day, the warehouse
stays fresh, and the last pull closes the business day before `regulatory_report` opens its night at 02:00.
One run at a time; a run that was missed is not repeated, because the next one pulls everything above the watermark.

## Inputs
- The databases of the branches in `include/config/branches.yaml`, through the connections `sucursal_NNN`.
- The contracts of the tables in `include/config/tables/`.
- Param `business_date`: the day to certify; empty means the day before the run, in Mexico City.

## Outputs
- `raw/<table>/sucursal=<NNN>/fecha=<day>/`, `curated/<table>/fecha=<day>/rev=<n>/` and their manifests in the lake.
- `core.clientes`, `core.prestamos`, `core.pagos_historicos` in the warehouse.
- A certificate per table and day, and the day's delivery in the report's inbox. Asset `sucursales`.
- Asset `certificados_corregidos`: one event for each day whose report is published and whose certificates changed
  since, with the old and new hashes; `regulatory_report` lists the day as one to restate.

## Tasks
`plan` → `pull` (a batch of branches each) → `collect` → `curate` → `publish` → `prepare` → `load_<table>` → `certify`
→ `tell`; `watch` fails the run when a batch failed.
- A branch that is offline is a state in its batch's manifest; `pull` stays green. A lost link is opened again behind
  the other branches; a branch that refuses or hangs is asked less often; one that was away for long lands its newest
  business days first, then the gap, a few minutes of it in each run.
- `tell` sends what a person should act on, once per business day, branch and cause, with its place in the runbook.
- A batch that fails technically does not stop the others: `collect` takes what landed, and `watch` turns the run red
  and alerts once.
- `prepare` creates the warehouse tables of a contract that is new.
- When nothing new has landed, `curate` is skipped: `publish` carries the days forward under the fresh snapshots' marks,
  and what no certification saw in the warehouse is loaded again, which heals a run that died in between.

## Re-run safety
Every task may run again at any time. Watermarks move by conditional write under a fenced lease, manifests are created
once, a retried `curate` finds its running job, and a load holds its table's mutex and skips what the table has.

## Checks
Counts, cents and fingerprints at every hop: branch snapshot = landing, landing = curated + quarantined,
curated = warehouse. `certify` writes what does not hold into the certificate, by branch. Where a branch's server has a
day otherwise than the lake (rows edited without their cursor, late commits, deletes), the next `pull` reads that day
whole: edits win, a row that is not in it is marked deleted in lake and warehouse, and the certification counts both.

## Owner
data-platform

## Runbook
`docs/runbooks/branch_ingestion.md`
"""  # noqa: D415 - the first line is the heading of the page in the UI

from datetime import timedelta

from airflow.sdk import Param, TriggerRule, dag

from podemos.branches import certify, collect, load, plan, prepare, publish, pull
from podemos.contracts.branches import branches
from podemos.orchestration import alerts, assets, defaults, notices, pools, schedules, tags
from podemos.orchestration.glue import CurateBranches
from podemos.orchestration.stage import stage
from podemos.orchestration.warehouse import LoadBatch


@dag(
    schedule=schedules.every_30_minutes_by_day,
    description="200 branch databases into the lake and the warehouse, certified to the cent",
    params={
        "business_date": Param(
            None, type=["null", "string"], format="date", title="Business date", description="Day to certify"
        )
    },
    tags=[tags.Tier.ONE, tags.Concern.BRANCHES],
    doc_md=__doc__,
    **defaults.scheduled(owner="data-platform", run_limit=timedelta(hours=2)),
)
def branch_ingestion():
    """The pipeline."""
    batches = stage(plan.due_batches)()
    pulled = stage(
        pull.pull_batch,
        pool=pools.BRANCH_LINKS,
        map_index_template="{{ task.op_kwargs['batch'][:3] }}-{{ task.op_kwargs['batch'][-3:] }}",
        execution_timeout=timedelta(minutes=45),
        on_failure_callback=None,
    ).expand(batch=batches)
    planned = stage(collect.plan_curation, trigger_rule=TriggerRule.ALL_DONE)(pulled)
    curated = CurateBranches(task_id="curate", plan_key=planned)
    revision = stage(publish.publish_revision, trigger_rule=TriggerRule.NONE_FAILED)(planned)
    curated >> revision
    prepared = stage(prepare.prepare_warehouse)(revision)
    certified = stage(certify.certify_days, outlets=[assets.SUCURSALES])(revision)
    stage(notices.certified, task_id="tell", outlets=[assets.CORRECCIONES])(certified)
    for table in branches().extraction.tables:
        (
            LoadBatch(
                task_id=f"load_{table}", batch=load.load_batch, arguments=[prepared, table], pool=pools.WAREHOUSE_LOADS
            )
            >> certified
        )
    [batches, pulled] >> stage(alerts.watch, trigger_rule=TriggerRule.ONE_FAILED, task_id="watch")()


branch_ingestion()
