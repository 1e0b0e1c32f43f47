"""# Regulatory rebuild

Proves every day on a sample that what was published can be made again, byte for byte, from its sealed inputs alone.

## Schedule and why
11:00 Mexico City time: far from the night, and somebody is there to act.

## Inputs
- The published versions of the last 365 days, and the seals and sealed files that they rest on.

## Outputs
- Nothing is written. A difference is an alert.

## Tasks
`sample` → `prove` (one per version, one at a time).
- `sample` draws five versions by the date; versions of a renderer that this code does not have are left out.
- `prove` does what `python -m podemos.regulatory rebuild` and `locks` do: it parses the sealed files anew, compares
  every byte, and sees to it that no object of the version can be deleted.

## Re-run safety
It only reads. A retry, or the same day again, proves the same sample.

## Checks
It is one.

## Owner
regulatory-reporting

## Runbook
`docs/runbooks/regulatory_rebuild.md`
"""  # noqa: D415 - the first line is the heading of the page in the UI

from datetime import timedelta

from airflow.sdk import dag

from podemos.orchestration import defaults, schedules, tags
from podemos.orchestration.stage import stage
from podemos.regulatory import audit


@dag(
    schedule=schedules.daily_at_eleven,
    description="A sample of published reports, made again from their sealed inputs and compared byte for byte",
    tags=[tags.Tier.TWO, tags.Concern.REGULATORY],
    doc_md=__doc__,
    **defaults.scheduled(owner="regulatory-reporting", run_limit=timedelta(hours=3), max_active_tis_per_dag=1),
)
def regulatory_rebuild():
    """The pipeline."""
    stage(audit.prove, task_id="prove").expand(report_key=stage(audit.sample, task_id="sample")())


regulatory_rebuild()
