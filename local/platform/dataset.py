"""Which data the platform holds: remembered, so that the next command works on the same, or starts over knowingly."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import date
from pathlib import Path

from local.branches.settings import read_json, write_json
from local.sources.catalog import find, systems


@dataclass(frozen=True)
class Dataset:
    """What was generated for one business date, and the misfortunes of its last night.

    `withheld` names the sources that were made to miss it, beyond what the scenario says.
    """

    business_date: date
    branches: int
    rows: int
    movements: int
    scenario: str = "complete"
    withheld: tuple[str, ...] = ()

    def follows(self, held: Dataset) -> bool:
        """Whether a night of this data can be run over what `held` left.

        The same night can always be run again, and any night can be completed: what was missing arrives. Nothing that
        was delivered can be taken back.
        """
        same_data = replace(self, scenario="", withheld=()) == replace(held, scenario="", withheld=())
        less_missing = set(self.withheld) <= set(held.withheld)
        return same_data and less_missing and self.scenario in (held.scenario, "complete")


def read(state: Path) -> Dataset | None:
    """What the platform holds, None when it holds nothing."""
    document = read_json(_path(state))
    if document is None:
        return None
    business_date, withheld = date.fromisoformat(document["business_date"]), tuple(document["withheld"])
    return Dataset(**{**document, "business_date": business_date, "withheld": withheld})


def write(state: Path, dataset: Dataset) -> None:
    """Remember."""
    write_json(_path(state), {**asdict(dataset), "business_date": dataset.business_date.isoformat()})


def forget(state: Path) -> None:
    """The platform holds nothing any more."""
    _path(state).unlink(missing_ok=True)


def _path(state: Path) -> Path:
    return state / "dataset.json"


def withheld(state: Path) -> list[str]:
    """Sources that a person has withheld from the nights to come."""
    found: list[str] = read_json(_withheld_path(state)) or []
    return found


def withhold(state: Path, source_id: str) -> None:
    """Withhold one more.

    Raises:
        UnknownSource: no system of that id delivers files.
    """
    find(systems(), source_id)
    write_json(_withheld_path(state), sorted({*withheld(state), source_id}))


def release(state: Path, source_id: str | None) -> list[str]:
    """Let one, or all, deliver again; returns those that had been withheld."""
    held = withheld(state)
    released = [one for one in held if source_id in (None, one)]
    write_json(_withheld_path(state), [one for one in held if one not in released])
    return released


def _withheld_path(state: Path) -> Path:
    return state / "withheld.json"
