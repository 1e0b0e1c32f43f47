"""The end of a night, and of an ingestion: what is told, to whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from podemos.branches import alarms, outcomes
from podemos.contracts.branches import Branches
from podemos.core import manifest
from podemos.core.alert import tell
from podemos.core.store import ObjectStore
from podemos.orchestration.alerts import Held
from podemos.orchestration.amendments import announce_amendments
from podemos.regulatory import keys
from podemos.regulatory.notify import hold_message, message


def hold(decision_key: str, *, lake: ObjectStore, send: Callable[..., None]) -> None:
    """Tells a person that the report is held, and why; then fails, so that the run shows it.

    Raises:
        Held: always, with the first reason in one line.
    """
    notice = hold_message(decision_key, lake=lake)
    tell(notice, keys.folder_of(decision_key), lake=lake, send=send)
    raise Held(notice.body.partition("\n")[0])


def published(report_key: str, *, lake: ObjectStore, reports: ObjectStore, send: Callable[..., None]) -> str:
    """Tells that the report is published, complete or partial, and where it is; once, also when it is repeated."""
    build = manifest.read(reports, report_key)[0]["build"]["key"]
    tell(message(report_key, reports=reports), keys.folder_of(build), lake=lake, send=send)
    return report_key


def certified(
    certification_key: str,
    *,
    lake: ObjectStore,
    reports: ObjectStore,
    config: Branches,
    send: Callable[..., None],
    announce: Callable[[dict[str, Any]], None],
) -> str:
    """Tells what a person should act on, once per business day, branch and cause; announces corrected published days.

    Args:
        certification_key: of the branches.
        lake: manifests, and what was told already.
        reports: the published versions.
        config: the branches.
        send: sends a notice.
        announce: emits an asset event.
    """
    certification, _ = manifest.read(lake, certification_key)
    day = certification["business_date"]
    fresh = alarms.untold(lake, day, alarms.found(certification, outcomes.latest(lake)))
    if fresh:
        branches = len({alarm.branch for alarm in fresh})
        lines = [alarm.line() for alarm in fresh]
        send(f"{day}: {branches} branches need somebody", "\n".join(lines), {"severity": "warning", "day": day})
        alarms.remember(lake, day, fresh)
    announce_amendments(certification_key, lake=lake, reports=reports, config=config, announce=announce)
    return certification_key
