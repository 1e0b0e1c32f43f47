"""Opens missed business days as late publications: runs of `regulatory_report` that wait until tonight's is over."""

from __future__ import annotations

from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator

DOC = """Starts `regulatory_report` for each missed business day, once per day: a late run that failed is a person's.

One run of that DAG is active at a time, so they begin when tonight's report is over.
"""


def open_late(days: Any) -> Any:
    """A run per day.

    Args:
        days: XCom of `missed`: business dates, the oldest first.
    """
    return TriggerDagRunOperator.partial(
        task_id="open_late", trigger_dag_id="regulatory_report", skip_when_already_exists=True, doc_md=DOC
    ).expand_kwargs(days.map(of_day))


def of_day(day: str) -> dict[str, Any]:
    """What the run of a late day is started with."""
    return {"trigger_run_id": f"late__{day}", "conf": {"business_date": day}}
