"""# Mobile event compaction

Turns the small uploads of the phones into compacted tables in which each event stands exactly once, however often, in
whatever order and however late it was sent, and takes the payments to the warehouse.

## Schedule and why
Every 15 minutes, and at once when a run had to leave objects behind (asset `atraso_movil`): a payment in the field can
be queried within half an hour. One run at a time; a missed run is not repeated, since the next one takes all there is.

## Inputs
- `mobile/inbox/<received day>/<region>/<device>/`: one object per upload, written once by the function `ingest`.
- The newest `mobile/manifests/<revision>.json`, and the index that it names.

## Outputs
- `mobile/events/<type>/<day>/`, `mobile/index/<bucket>/`, `mobile/quarantine/<day>/`, and one manifest that makes them
  the state. Nothing in these folders counts that the newest manifest does not name.
- `core.pagos_moviles` in the warehouse, one row per payment event, with the differences to the branch's own payments.
- `mobile/verified/<revision>.json`: what the revision brought was read back; only then may lifecycle take its uploads.

## Tasks
`list` → `plan` → `compact` or `compact_glue` → `publish` → `verify` → `prepare` → `load` → `reconcile`, and `chase`.
- `list` is a set difference by key and ETag against the manifest, never a watermark.
- `plan` bounds the revision, chooses the engine by bytes, and takes up days that are sealed since.
- `compact` reads lines in bounded memory, compares each id with its index bucket, and writes parquet by type and day.
- `publish` creates the manifest. The loser of two compactors is discarded; its uploads are listed again.
- `load` copies the payments of every revision that the warehouse has not seen.
- `reconcile` lists the receipts that phones and branches have otherwise, in cents; `chase` the payments that lack their
  photo, their position or a settled receipt.

## Re-run safety
Every task may run again at any time, also beside itself. Files lie under their content's hash, plans and results are
created once, and before the manifest nothing has changed for a reader. A load takes the table's mutex and inserts only
events that the table lacks.

## Checks
Lines read = events + repeated + quarantined, with the cents of payments; each file's rows and hash are read back before
the warehouse is loaded. An id with two contents is in quarantine with both and their senders.

## Owner
data-platform

## Runbook
`docs/runbooks/mobile_event_compaction.md`
"""  # noqa: D415 - the first line is the heading of the page in the UI

from datetime import timedelta

from airflow.sdk import TriggerRule, dag

from podemos.mobile import arrivals, chase, compact, load, plan, prepare, publish, reconcile, verify
from podemos.orchestration import assets, defaults, pools, schedules, tags
from podemos.orchestration.glue import CompactMobile
from podemos.orchestration.stage import stage
from podemos.orchestration.warehouse import LoadBatch


@dag(
    schedule=schedules.every_15_minutes_and_on_backlog,
    description="Uploads of the phones into compacted tables, each event exactly once, payments into the warehouse",
    tags=[tags.Tier.TWO, tags.Concern.MOBILE],
    doc_md=__doc__,
    **defaults.scheduled(owner="data-platform", run_limit=timedelta(hours=2)),
)
def mobile_event_compaction():
    """The pipeline."""
    listing = stage(arrivals.list_arrivals, task_id="list")()
    planned = stage(plan.plan_compaction)(listing)
    small = stage(compact.compact_in_worker, pool=pools.MOBILE_COMPACTION)(planned)
    big = CompactMobile(task_id="compact_glue", plan_key=planned, pool=pools.MOBILE_COMPACTION)
    revision = stage(publish.publish_revision, trigger_rule=TriggerRule.NONE_FAILED, outlets=[assets.ATRASO])(planned)
    [small, big] >> revision
    verified = stage(verify.verify_revision)(revision)
    stage(chase.chase_payments)(verified)
    prepared = stage(prepare.prepare_warehouse)(verified)
    loaded = LoadBatch(task_id="load", batch=load.load_batch, arguments=[prepared], pool=pools.WAREHOUSE_LOADS)
    stage(reconcile.reconcile_receipts)(loaded.output)


mobile_event_compaction()
