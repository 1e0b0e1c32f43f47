"""The source systems of a night, delivering in the background at their simulated times."""

from __future__ import annotations

import threading

from local.platform.dataset import Dataset
from local.platform.show import Show
from local.platform.stack import Stack
from local.sources import clients
from local.sources.day import Content
from local.sources.deliver import Inbox, deliver
from local.sources.scenarios import scenario
from podemos.contracts.platform import platform as platform_names
from podemos.core.night import Night


class Deliveries(threading.Thread):
    """Delivers what the dataset's scenario lets arrive; `failure` holds what went wrong, if anything."""

    def __init__(self, stack: Stack, show: Show, data: Dataset, night: Night) -> None:
        super().__init__(name="deliveries", daemon=True)
        self._show, self._night = show, night
        content = Content(data.business_date, clients.of_branches(stack.settings.state), data.movements)
        self._inbox = Inbox(stack.clients("s3"), platform_names().lake_bucket, stack.settings.state)
        self._content = content
        self._scenario = scenario(data.scenario, content, withheld=data.withheld)
        self.failure: Exception | None = None

    def run(self) -> None:
        """Deliver until the last system has."""
        try:
            for outcome in deliver(self._inbox, self._content, self._scenario, self._night):
                what = f"{outcome.rows:,} movements" if outcome.written else "had delivered before"
                self._show.line(f"[{outcome.clock} of the night] {outcome.source_id}: {what}")
        except Exception as failure:
            self.failure = failure
