"""From normalised movements to the certificate: the part that a report and its restatement share, task by task."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from airflow.sdk import TriggerRule

from podemos.orchestration import defaults, pools
from podemos.orchestration.stage import stage
from podemos.orchestration.warehouse import LoadBatch
from podemos.regulatory import gate, reconcile
from podemos.warehouse.statements import Batch


def prove(normalised: Any, seconded: Any, batch: Callable[..., Batch]) -> Any:
    """`load` → `reconcile` → `gate`; returns the certificate's key.

    The load gives up within 35 minutes. `reconcile` goes on without it, by the second engine if the policy allows it.

    Args:
        normalised: key of stage `normalised`.
        seconded: key of stage `second`.
        batch: of the library: renders the load.
    """
    loaded = LoadBatch(
        task_id="load",
        batch=batch,
        arguments=[normalised],
        pool=pools.WAREHOUSE_LOADS,
        retries=2,
        execution_timeout=timedelta(minutes=10),
    ).output
    reconciled = stage(reconcile.reconcile, trigger_rule=TriggerRule.ALL_DONE, **defaults.PATIENT)(
        normalised, seconded, loaded
    )
    return stage(gate.judge)(reconciled)
