"""Where a redesign stands: create-once manifests in the lake, and in the warehouse a row per committed transaction.

The warehouse's rows are written in the transactions they speak of, so they are what counts after a crash; the manifests
say what was found and how long it took.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from podemos.core import manifest
from podemos.core.clock import Clock
from podemos.core.errors import ContractViolation, DataFault, NotFound
from podemos.core.fingerprint import Fingerprint
from podemos.core.store import ObjectStore
from podemos.redshift.redesign_target import Move, Order, backward, forward
from podemos.warehouse.port import Warehouse

PREFIX = "warehouse/redesigns"
Days = dict[date, Fingerprint]
"""Rows, cents and fingerprint by day."""


@dataclass(frozen=True)
class Redesign:
    """One redesign and the ports it works with.

    Attributes:
        id: what the warehouse's ledger calls it.
        folder: of its manifests, with a final slash.
        planned: the plan's document.
        sleep: waits between two attempts to swap.
    """

    id: str
    folder: str
    order: Order
    planned: Mapping[str, Any]
    warehouse: Warehouse
    lake: ObjectStore
    clock: Clock
    sleep: Callable[[float], None]

    @classmethod
    def open(
        cls, key: str, *, warehouse: Warehouse, lake: ObjectStore, clock: Clock, sleep: Callable[[float], None]
    ) -> Redesign:
        """The redesign of a plan's key.

        Raises:
            NotFound: there is no such plan.
        """
        planned, _ = manifest.read(lake, key)
        order = Order.from_dict(planned["order"])
        return cls(planned["id"], key.removesuffix("plan.json"), order, planned, warehouse, lake, clock, sleep)

    @property
    def key(self) -> str:
        """The plan's."""
        return f"{self.folder}plan.json"

    def steps(self) -> set[str]:
        """The steps that the warehouse has committed."""
        rows = self.warehouse.fetch("redesign/select_steps.sql", {"plan": self.id})
        return {row["paso"] for row in rows}

    def stands(self) -> Move:
        """The move that was committed last, or the one that is to be made.

        Raises:
            ContractViolation: it is finished.
        """
        steps = self.steps()
        if "finish" in steps:
            raise ContractViolation(f"{self.key}: this redesign is finished")
        return backward(self.order) if "rollback" in steps else forward(self.order)

    def keep(self, name: str, document: Mapping[str, Any]) -> str:
        """Writes a manifest, or leaves the one that was there first; returns its key."""
        ref, _, _ = manifest.commit_first(self.lake, f"{self.folder}{name}.json", document)
        return ref.key

    def kept(self, name: str) -> dict[str, Any] | None:
        """A manifest, if it is there."""
        try:
            return manifest.read(self.lake, f"{self.folder}{name}.json")[0]
        except NotFound:
            return None

    def names(self, folder: str) -> list[str]:
        """Names of the manifests in a folder, in order."""
        prefix = f"{self.folder}{folder}/"
        return [info.key.removeprefix(prefix).removesuffix(".json") for info in self.lake.list(prefix)]


def open_plans(lake: ObjectStore, table: str) -> list[str]:
    """Keys of the table's redesigns that were begun and are not finished."""
    found: dict[str, set[str]] = {}
    for info in lake.list(f"{PREFIX}/{table}/"):
        folder, _, name = info.key.removeprefix(f"{PREFIX}/{table}/").partition("/")
        found.setdefault(folder, set()).add(name)
    return [
        f"{PREFIX}/{table}/{folder}/plan.json"
        for folder, names in sorted(found.items())
        if "created.json" in names and "finished.json" not in names
    ]


def days(rows: Iterable[Mapping[str, Any]]) -> Days:
    """Totals by day, as the statements of `Rows` give them."""
    return {
        date.fromisoformat(row["dia"]): Fingerprint(int(row["renglones"]), int(row["centavos"]), int(row["huella"]))
        for row in rows
    }


def differing(one: Days, other: Days) -> list[date]:
    """Days that are not equal."""
    return sorted(day for day in one.keys() | other.keys() if one.get(day) != other.get(day))


def rows_of(these: Iterable[date], one: Days, other: Days) -> int:
    """Rows that would have to be moved to make the days equal."""
    return sum(max(side.get(day, Fingerprint()).count for side in (one, other)) for day in these)


def months_of(totals: Days) -> dict[str, dict[str, Any]]:
    """Totals by month, JSON-ready."""
    found: dict[str, Fingerprint] = {}
    for day, total in sorted(totals.items()):
        month = f"{day:%Y-%m}"
        found[month] = found.get(month, Fingerprint()) + total
    return {month: total.to_dict() for month, total in found.items()}


def refused_because(error: DataFault) -> str:
    """Why the warehouse undid a batch, in the words of the redesign."""
    text = str(error)
    if "statement timeout" in text:
        return "locks: somebody held the table for longer than we let others wait"
    if "NULL value" in text:
        return "unequal: the tables differed, or more rows than allowed would have been moved under the lock"
    return text
