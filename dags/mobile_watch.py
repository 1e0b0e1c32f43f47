"""# Mobile watch

Looks at what is missing: phones and towns that fell silent, and events that phones owe.

## Schedule and why
Every 30 minutes, day and night: that is the promise of the alerts. A phone is judged in half hours; a look that was
missed is made up by the next one. Apart from `mobile_event_compaction`, so that neither waits for the other.

## Inputs
- The table of heartbeats: when each phone was last heard, and up to which number it has captured.
- The newest `mobile/manifests/<revision>.json` and the files it brought; the inbox's keys for what is on its way.
- `include/config/holidays.yaml`, and the branches' towns and zones.

## Outputs
- `mobile/gaps/<phone>/`: a sequence-gap certificate whenever a phone's debt changes; `index/mobile/gaps.json`.
- `index/mobile/silence.json`, and an alert for each cause, once.
- The numbers of the phones' path as CloudWatch metrics `Podemos/Mobile`, from the log group `/podemos/mobile/watch`.

## Tasks
`look` and `certify` → `measure`.
- `look` judges the silence of each phone by its own hours of the week, and of a town by all its phones.
- `certify` says which numbers each phone owes, of which days, and tells when later ones came a day ago.
- `measure` writes the numbers; it runs whatever the others did.

## Re-run safety
Every task may run again at any time. Certificates are created once for each content; what was told lies beside it and
is not told again. A lost state of the watch costs two weeks of learning, a lost one of the certificates is read anew.

## Checks
A certificate is complete when no number lacks: seen, quarantined and missing numbers add up to the phone's own count.

## Owner
data-platform

## Runbook
`docs/runbooks/mobile_watch.md`
"""  # noqa: D415 - the first line is the heading of the page in the UI

from datetime import timedelta

from airflow.sdk import TriggerRule, dag

from podemos.mobile import gaps, measure, watch
from podemos.orchestration import defaults, schedules, tags
from podemos.orchestration.stage import stage


@dag(
    schedule=schedules.every_30_minutes,
    description="Phones and towns that fell silent, and the events that phones owe",
    tags=[tags.Tier.TWO, tags.Concern.MOBILE],
    doc_md=__doc__,
    **defaults.scheduled(owner="data-platform", run_limit=timedelta(minutes=60)),
)
def mobile_watch():
    """The pipeline."""
    looked = [stage(watch.look, task_id="look")(), stage(gaps.certify, task_id="certify")()]
    looked >> stage(measure.measure, trigger_rule=TriggerRule.ALL_DONE)()


mobile_watch()
