"""# Regulatory report

One report of all movements of the business day before, from 15 systems, published before 06:00, to the cent.

## Schedule and why
02:00 Mexico City time: the business day is closed in every zone of the country. Sources deliver until their cut-offs,
the last at 04:00; two hours remain for proof and publication. The night's clock is one object: with the param
`rehearsal_seconds_per_hour` the same night runs in compressed time, into `reports/rehearsal/`.

## Inputs
- `regulatory/inbox/<source>/<day>/` in the lake: a source's files and, last, its control file.
- `include/config/sources.yaml` (formats, cut-offs, criticality) and `policy.yaml` (when a partial report is allowed).
- Params: `business_date`, `rehearsal_seconds_per_hour`, `night_start`.

## Outputs
- `reports/<day>/v<n>/` in the reports bucket: `movimientos.csv`, `resumen.json`, `resumen.html` to read or
  print, `prueba.html` and what it leads to (each total down to its rows), `exceptions.json` when anything is excepted,
  `notice.es.html` for the regulator when partial, and `manifest.json`, which commits the version. Asset
  `reporte_regulatorio`.
- `reports/<day>/receipts/v<n>-<channel>.json`: what each channel of `delivery.yaml` answered, the proof of delivery.
- The evidence in the lake: seal, normalised files, reconciliation, certificate with its Data Docs, decision.
- A notice over SNS.

## Tasks
`plan` → `wait` (one per source, until its cut-off) → `seal` → `normalise` → `load` → `reconcile` → `gate` → `decide` →
`ask` → `choose` → `hold`, or `build` → `publish` → `deliver` → `notify`; beside `normalise` and `load`, `second`.
- `second` is DuckDB: it parses the sealed files itself. Both engines must give the same bytes. If the warehouse is down
  or slow, `load` gives up within 35 minutes, `reconcile` goes on by the second engine, and the manifest says why.
- A source that is late is the state `missing`; no sensor fails for it.
- `ask` lets a person publish or hold an incomplete report until 05:45; the policy decides when nobody answers. What is
  not proven cannot be published by anybody.
- `forecast` looks at 04:30, and alerts only if 06:00 will probably be missed. `missed` finds business days without a
  report, and `open_late` has this DAG publish them when tonight's run is over. Nothing waits for these. Each stage
  leaves a mark, which the watchdog outside Airflow hears.
- `hold` sends the reasons and fails the run: nothing is published, and a person decides.

## Re-run safety
The inputs are sealed once; every later task is a function of the seal and may run again. A version is created once;
the same content is never published twice. To use what came after the seal, a restatement is made: never an overwrite.

## Checks
Three levels in integer cents (source = landing, landing = warehouse, business rules); Great Expectations judges the
result, and only its certificate opens `build`. Deadline Alerts at 05:30 and 05:55 on the night's clock.

## Owner
regulatory-reporting

## Runbook
`docs/runbooks/regulatory_report.md`
"""  # noqa: D415 - the first line is the heading of the page in the UI

from datetime import timedelta

from airflow.sdk import Param, TriggerRule, dag

from podemos.orchestration import assets, deadlines, defaults, notices, schedules, tags
from podemos.orchestration.ask import ask_about
from podemos.orchestration.late import open_late
from podemos.orchestration.proving import prove
from podemos.orchestration.stage import choice, stage
from podemos.orchestration.until import at_clock, wait_for
from podemos.regulatory import build, decide, deliver, forecast, load, missed, normalise, plan, publish, seal, second


@dag(
    schedule=schedules.nightly_at_two,
    description="The report of all movements of the day before, published before 06:00",
    params={
        "business_date": Param(
            None, type=["null", "string"], format="date", title="Business date", description="Day to report"
        ),
        "rehearsal_seconds_per_hour": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            maximum=3599,
            title="Rehearsal: seconds per hour",
            description="Empty is the real night; a rehearsal compresses each hour into so many seconds",
        ),
        "night_start": Param(
            None,
            type=["null", "string"],
            format="date-time",
            title="Rehearsal: start",
            description="The instant that counts as 02:00; empty is when the run is due",
        ),
    },
    tags=[tags.Tier.ONE, tags.Concern.REGULATORY],
    doc_md=__doc__,
    deadline=deadlines.before_six("docs/runbooks/regulatory_report.md"),
    **defaults.scheduled(owner="regulatory-reporting", run_limit=timedelta(hours=8)),
)
def regulatory_report():
    """The pipeline."""
    arrivals = wait_for(stage(plan.open_night)())
    sealed = stage(seal.seal, trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS)(arrivals)
    normalised = stage(normalise.normalise)(sealed)
    seconded = stage(second.second)(sealed)
    certificate = prove(normalised, seconded, load.load_batch)
    decision = ask_about(stage(decide.decide)(certificate))
    routes = {"complete": "build", "partial": "build", "hold": "hold"}
    held, built = stage(notices.hold, task_id="hold")(decision), stage(build.build)(decision)
    choice(decide.outcome, routes, task_id="choose")(decision) >> [held, built]
    published = stage(publish.publish, outlets=[assets.REPORTE_REGULATORIO])(built)
    delivered = stage(deliver.deliver)(published)
    stage(notices.published, task_id="notify")(delivered)
    open_late(stage(missed.missed)())
    at_clock("04:30", forecast.warn)


regulatory_report()
