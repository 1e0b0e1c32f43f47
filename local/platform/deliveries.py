"""The source systems of a night, delivering in the background at their simulated times."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

from local.platform.dataset import Dataset
from local.platform.show import Show
from local.platform.stack import Stack
from local.sources import clients, day
from local.sources.day import Content
from local.sources.deliver import Inbox, Outcome, deliver
from local.sources.scenarios import scenario
from podemos.contracts.platform import platform as platform_names
from podemos.core.night import Night


class Deliveries(threading.Thread):
    """Delivers what the dataset's scenario lets arrive, `late` ones late; `failure` holds what went wrong."""

    def __init__(
        self, stack: Stack, show: Show, data: Dataset, night: Night, late: frozenset[str] = frozenset()
    ) -> None:
        super().__init__(name="deliveries", daemon=True)
        self._stack, self._show, self._data, self._night, self._late = stack, show, data, night, late
        self.failure: Exception | None = None

    def run(self) -> None:
        """Deliver until the last system has."""
        try:
            for outcome in _deliver(self._stack, self._data, self._night, self._late):
                if outcome.written:
                    self._show.line(f"[{outcome.clock} of the night] {outcome.source_id}: {outcome.rows:,} movements")
        except Exception as failure:
            self.failure = failure
            self._show.line(f"the source systems can not deliver: {failure}")


def correct(stack: Stack, show: Show, data: Dataset) -> None:
    """Before a night is run again, the systems deliver at once what was missing, and again what had been changed.

    Before the first night of a date nothing happens: they deliver at their times.
    """
    if day.read(stack.settings.state, data.business_date) is None:
        return
    for outcome in _deliver(stack, data, None):
        if outcome.written:
            show.line(f"{outcome.source_id} delivers what it owed: {outcome.rows:,} movements")


def of(stack: Stack, data: Dataset) -> tuple[Inbox, Content]:
    """Where the systems deliver to, and what they hold."""
    content = Content(data.business_date, clients.of_branches(stack.settings.state), data.movements)
    return Inbox(stack.clients("s3"), platform_names().lake_bucket, stack.settings.state), content


def _deliver(stack: Stack, data: Dataset, night: Night | None, late: frozenset[str] = frozenset()) -> Iterator[Outcome]:
    inbox, content = of(stack, data)
    planned = scenario(data.scenario, content, withheld=data.withheld)
    return deliver(inbox, content, replace(planned, late=planned.late | late), night)
