"""The end of a night: what is told, to whom."""

from __future__ import annotations

from collections.abc import Callable

from podemos.core.store import ObjectStore
from podemos.orchestration.alerts import Held
from podemos.regulatory.notify import hold_message, message


def hold(decision_key: str, *, lake: ObjectStore, send: Callable[..., None]) -> None:
    """Tells a person that the report is held, and why; then fails, so that the run shows it.

    Raises:
        Held: always, with the first reason in one line.
    """
    notice = hold_message(decision_key, lake=lake)
    send(notice.subject, notice.body, notice.attributes)
    raise Held(notice.body.partition("\n")[0])


def published(report_key: str, *, reports: ObjectStore, send: Callable[..., None]) -> str:
    """Tells that the report is published, complete or partial, and where it is."""
    notice = message(report_key, reports=reports)
    send(notice.subject, notice.body, notice.attributes)
    return report_key
