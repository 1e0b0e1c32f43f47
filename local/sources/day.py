"""What was decided for one day, on record outside the platform's reach: its content, its night, and who delivered when.

`<state>/truth/sources/<date>.json`. The content is fixed by the first delivery of the date; everything the systems
hold can be generated again from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from local.branches.settings import locked, read_json, write_json
from local.sources.catalog import System, systems
from local.sources.movements import Clients

DEFAULT_SEED = 20261119
STRANGERS = 2
"""Movements of a complete night that name an unknown client."""


class DayConflict(RuntimeError):
    """The date already has other content, or a source that should be missing has already delivered."""


@dataclass(frozen=True)
class Content:
    """Everything the day's files are made of.

    Attributes:
        business_date: the Mexico City day.
        clients: branch number -> ids of its clients; movements name these.
        rows: movements per system; None takes each system's `expected_rows`.
        seed: another number gives other movements.
        configured: the systems, from the configuration unless a test has its own.
    """

    business_date: date
    clients: Clients
    rows: int | None = None
    seed: int = DEFAULT_SEED
    configured: tuple[System, ...] = field(default_factory=systems)

    def rows_of(self, system: System) -> int:
        """How many movements the system has."""
        return system.expected_rows if self.rows is None else self.rows

    def strangers_of(self, system: System) -> int:
        """How many of them name an unknown client: two in the last minor system that need not balance, else none."""
        minor = [one.id for one in self.configured if one.criticality == "minor" and not one.balanced]
        return STRANGERS if minor and system.id == minor[-1] else 0

    def to_json(self) -> dict[str, Any]:
        """For the record."""
        clients = {str(number): list(ids) for number, ids in sorted(self.clients.items())}
        return {"rows": self.rows, "seed": self.seed, "clients": clients}


@dataclass(frozen=True)
class NightClock:
    """The night that deliveries were timed by: its start (ISO 8601) and the length of its hours."""

    start: str
    seconds_per_hour: int


@dataclass(frozen=True)
class Record:
    """The record of one date. `delivered`: source id -> instant (ISO 8601) of its first control file."""

    content: Content
    night: NightClock | None
    delivered: Mapping[str, str]


def path_of(state: Path, business_date: date) -> Path:
    """Where the record of a date is."""
    return state / "truth" / "sources" / f"{business_date.isoformat()}.json"


def read(state: Path, business_date: date) -> Record | None:
    """The record of a date, if anything was ever delivered for it."""
    document = read_json(path_of(state, business_date))
    if document is None:
        return None
    content = document["content"]
    clients = {int(number): ids for number, ids in content["clients"].items()}
    night = NightClock(**document["night"]) if document["night"] else None
    return Record(Content(business_date, clients, content["rows"], content["seed"]), night, document["delivered"])


def open_day(state: Path, content: Content, night: NightClock | None) -> None:
    """Fix the content of the date and remember its latest night; without a night the earlier one stays.

    Raises:
        DayConflict: the date has other content already.
    """
    with _document(state, content.business_date) as document:
        wanted = content.to_json()
        if document.setdefault("content", wanted) != wanted:
            differing = [key for key, value in wanted.items() if document["content"][key] != value]
            raise DayConflict(
                f"{content.business_date} was delivered with other {', '.join(differing)}; use the same, another date, "
                f"or first `python -m local.sources forget --date {content.business_date}`"
            )
        latest = {"start": night.start, "seconds_per_hour": night.seconds_per_hour} if night else None
        document["night"] = latest or document.get("night")
        document.setdefault("delivered", {})


def note_delivery(state: Path, business_date: date, source_id: str, instant: datetime) -> None:
    """Remember the first time that a source's control file was written."""
    with _document(state, business_date) as document:
        document["delivered"].setdefault(source_id, instant.isoformat())


def forget(state: Path, business_date: date) -> None:
    """Remove the record."""
    path_of(state, business_date).unlink(missing_ok=True)


@contextmanager
def _document(state: Path, business_date: date) -> Iterator[dict[str, Any]]:
    """The record, held for a change and written back unless the change fails."""
    path = path_of(state, business_date)
    with locked(path):
        document = read_json(path) or {}
        yield document
        write_json(path, document)
