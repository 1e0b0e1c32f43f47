"""Opens a night: says which sources to wait for and records that it began."""

from __future__ import annotations

from podemos.contracts.sources import Sources
from podemos.core.clock import Clock, iso
from podemos.core.manifest import commit_first
from podemos.core.night import DEADLINE, Night
from podemos.core.store import ObjectStore
from podemos.regulatory import restatements
from podemos.regulatory.inbox import newest_control
from podemos.regulatory.keys import night_folder, night_id
from podemos.regulatory.seal import ARRIVED, MISSING
from podemos.regulatory.versions import newest


def open_night(night: Night, *, lake: ObjectStore, reports: ObjectStore, clock: Clock, sources: Sources) -> list[str]:
    """Records the run (create-once: a retry changes nothing) and returns the ids of the sources to wait for.

    The record also lists the published days that were corrected since, for whoever restates them.
    """
    published = newest(reports, night.business_date, rehearsal=night.rehearsal)
    commit_first(
        lake,
        f"{night_folder(night)}run.json",
        {
            "stage": "run",
            "business_date": night.business_date.isoformat(),
            "night": night_id(night),
            "opened_at": iso(clock()),
            "deadline": iso(night.at(DEADLINE)),
            "sources": {source.id: iso(night.at(source.cutoff)) for source in sources.sources},
            "already_published": published.ref.to_dict() if published else None,
            "to_restate": [day.to_dict() for day in restatements.owed(lake, reports)],
        },
    )
    return [source.id for source in sources.sources]


def arrivals_now(night: Night, *, lake: ObjectStore, reports: ObjectStore, clock: Clock, sources: Sources) -> list[str]:
    """Opens a night that waits for nobody: what each source's sensor would say now."""
    return [
        f"{source_id}:{ARRIVED if newest_control(lake, sources.source(source_id), night.business_date) else MISSING}"
        for source_id in open_night(night, lake=lake, reports=reports, clock=clock, sources=sources)
    ]
