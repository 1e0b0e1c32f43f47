"""Waiting that ends at an instant of the night, not after a while: whichever attempt it is."""

# mypy: disallow-subclassing-any=False
from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from airflow.providers.amazon.aws.sensors.s3 import S3KeySensor
from airflow.providers.standard.triggers.temporal import DateTimeTrigger
from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowSensorTimeout

from podemos.core.states import State
from podemos.orchestration.defaults import POLL_SECONDS
from podemos.orchestration.errors import translated
from podemos.orchestration.heartbeat import beat
from podemos.orchestration.night import has_night
from podemos.orchestration.ports import AWS, Ports
from podemos.regulatory import usual
from podemos.regulatory.inbox import control_pattern

DOC = """Waits for a source's control file until its cut-off on the night's clock.

The result is `<source>:arrived` or `<source>:missing`. A source that does not deliver is a state, not a
failure: what it means is decided by the policy, later.
"""


class WaitForSource(S3KeySensor):
    """Waits for a source's control file until its cut-off; returns `<source>:arrived` or `<source>:missing`.

    Missing is a state, so a timeout does not fail. The provider counts a timeout from each attempt; here every attempt
    computes what is left until the cut-off, so that a late retry ends when the first attempt would have.

    Args:
        source: the source's id.
    """

    template_fields = (*S3KeySensor.template_fields, "source")

    def __init__(self, *, source: str, **settings: Any) -> None:
        super().__init__(
            bucket_key="",
            wildcard_match=True,
            aws_conn_id=AWS,
            deferrable=True,
            poke_interval=POLL_SECONDS,
            **settings,
        )
        self.source = source

    def execute(self, context: Any) -> str:
        """Looks once, then defers for the time that is left."""
        if self._look(context):
            return self._arrival(context, State.ARRIVED)
        ports = Ports(context)
        cutoff = ports.night.at(ports.sources.source(self.source).cutoff)
        self.timeout = (cutoff - ports.clock()).total_seconds()
        if self.timeout > 0:
            self._defer()
        return self._arrival(context, State.MISSING)

    def execute_complete(self, context: Any, event: dict[str, Any]) -> str:
        """The control file is there.

        Raises:
            AirflowException: the trigger met a technical error; the next attempt ends at the same cut-off.
        """
        super().execute_complete(context, event)
        return self._arrival(context, State.ARRIVED)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Any) -> Any:
        """As the sensor's own, but a timeout is a state. A last look finds what came between two polls."""
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except AirflowSensorTimeout:
            return self._arrival(context, State.ARRIVED if self._look(context) else State.MISSING)

    def _look(self, context: Any) -> bool:
        ports = Ports(context)
        with translated():
            source, day = ports.sources.source(self.source), ports.night.business_date
            self.bucket_name, self.region_name = ports.platform.lake_bucket, ports.platform.region
            self.bucket_key = control_pattern(source, day)
        return bool(self.poke(context))

    def _arrival(self, context: Any, state: State) -> str:
        self.log.info("%s: %s", self.source, state)
        ports = Ports(context)
        beat(context, ports, f"wait.{self.source}.{state}", ports.clock())
        if state is State.ARRIVED and has_night(context):
            try:
                ports.call(usual.compare, self.source)
            except Exception:
                self.log.warning("the volume of %s could not be compared", self.source, exc_info=True)
        return f"{self.source}:{state}"


class AtClock(BaseOperator):
    """Calls a function of the library when the night's clock shows an instant; at once when it has passed.

    Deferred until then, so it holds no slot. Nothing waits for it.

    Args:
        clock: ``HH:MM`` of the night.
        function: of the library; needs ports only.
    """

    def __init__(self, *, clock: str, function: Callable[..., Any], **settings: Any) -> None:
        super().__init__(**settings)
        self.clock, self.function = clock, function

    def execute(self, context: Any) -> None:
        """Waits, or calls at once."""
        ports = Ports(context)
        with translated():
            moment = ports.night.at(self.clock)
        if ports.clock() < moment:
            self.defer(trigger=DateTimeTrigger(moment=moment), method_name="resume")
        self.resume(context)

    def resume(self, context: Any, event: Any = None) -> None:
        """It is time."""
        with translated():
            Ports(context).call(self.function)


def at_clock(clock: str, function: Callable[..., Any]) -> Any:
    """A task named after the function's module, that calls it at `clock` of the night."""
    return AtClock(
        task_id=function.__module__.rpartition(".")[2], clock=clock, function=function, doc_md=inspect.getdoc(function)
    )


def wait_for(source_ids: Any) -> Any:
    """One waiting task per source id; returns their arrivals."""
    return (
        WaitForSource.partial(task_id="wait", doc_md=DOC, map_index_template="{{ task.source }}")
        .expand(source=source_ids)
        .output
    )
