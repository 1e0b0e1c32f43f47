"""Turns a library function into a task, so that a DAG file reads as the pipeline.

The task is named after the function's module (one stage, one module). Parameters named like a port are filled inside
the task; the others are the task's arguments: strings that stages hand on. Errors become Airflow's, the docstring
becomes the task's page, its end leaves a mark, and an asset of its outlets gets the business date and the manifest.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any

from airflow.sdk import get_current_context, task

from podemos.core import paths
from podemos.orchestration.errors import translated
from podemos.orchestration.heartbeat import beat_with_forecast
from podemos.orchestration.lineage import tell
from podemos.orchestration.night import has_night
from podemos.orchestration.ports import Ports, stage_parameters
from podemos.regulatory import keys, release


def stage(function: Callable[..., Any], *, day_of: Callable[[Any], date] | None = None, **settings: Any) -> Any:
    """A TaskFlow task that calls `function`; to be called or expanded with the function's own arguments.

    Args:
        function: of the library; returns one manifest key, or a list of ids to map over.
        day_of: the business day of a result, where a run works on several; else it is the run's.
        settings: of the task, e.g. `pool` or `trigger_rule`.

    Raises:
        TypeError: the function wants a port that does not exist.
    """
    settings = {"task_id": name_of(function), "doc_md": inspect.getdoc(function)} | settings
    return task(**settings)(_runner(function, partial(_run, day_of=day_of)))


def choice(function: Callable[..., str], routes: Mapping[str, str], **settings: Any) -> Any:
    """A branch: the function's result names, through `routes`, the task that follows.

    Args:
        function: of the library.
        routes: task id by result.
        settings: of the task.
    """

    def run(function: Callable[..., str], arguments: dict[str, Any]) -> str:
        return routes[_run(function, arguments)]

    doc = "\n".join([inspect.getdoc(function) or "", "", *(f"- `{k}` → **{v}**" for k, v in routes.items())])
    return task.branch(**{"doc_md": doc} | settings)(_runner(function, run))


def name_of(function: Callable[..., Any]) -> str:
    """The task id: the last part of the module's name."""
    return function.__module__.rpartition(".")[2]


def _runner(function: Callable[..., Any], run: Callable[..., Any]) -> Callable[..., Any]:
    names = stage_parameters(function)
    signature = inspect.Signature([inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in names])

    def call(*given: Any, **named: Any) -> Any:
        bound = signature.bind(*given, **named)
        return run(function, {name: _plain(value) for name, value in bound.arguments.items()})

    call.__name__, call.__doc__ = function.__name__, function.__doc__
    call.__signature__ = signature  # type: ignore[attr-defined]  # TaskFlow checks a call's arguments against it
    return call


def _run(function: Callable[..., Any], arguments: dict[str, Any], day_of: Callable[[Any], date] | None = None) -> Any:
    context = get_current_context()
    ports = Ports(context)
    began = ports.clock()
    with translated():
        if (commit := paths.commit()) and has_night(context):
            release.hold(ports.lake, keys.night_folder(ports.night), context["ti"].task_id, commit)
        result = ports.call(function, **arguments)
        tell(context["task"], ports.platform, arguments.values(), result)
        for asset in context["task"].outlets:
            context["outlet_events"][asset].extra = {
                "business_date": (day_of(result) if day_of else ports.business_date).isoformat(),
                "manifest": result,
            }
    beat_with_forecast(context, ports, context["ti"].task_id, began, result=result if isinstance(result, str) else None)
    return result


def _plain(value: Any) -> Any:
    """What mapped tasks returned arrives as a lazy sequence; the library gets a list."""
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
