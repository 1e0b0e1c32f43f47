"""The identities of a branch and day: source = winners = curated + quarantined, and curated = warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from podemos.core.fingerprint import Fingerprint
from podemos.core.money import format_pesos


class Standing(StrEnum):
    """What can be said of a branch and day."""

    CERTIFIED = "certified"
    DIFFERS = "differs"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Terms:
    """The five terms. `source` is None when the branch's server was not asked about that day.

    Rows that an operator corrected count twice beside them: as `original` with the branch's values, which `winners`
    has, and as `corrected` with the given ones, which `curated` has. A corrected date lets them lie on different days.
    """

    source: Fingerprint | None
    winners: Fingerprint
    curated: Fingerprint
    quarantined: Fingerprint
    warehouse: Fingerprint
    original: Fingerprint = field(default_factory=Fingerprint)
    corrected: Fingerprint = field(default_factory=Fingerprint)

    @property
    def landed(self) -> bool:
        """The lake holds what the branch's server has."""
        return self.source is None or self.source == self.winners

    @property
    def complete(self) -> bool:
        """Curation lost and doubled nothing: what nobody corrected is the same on both sides."""
        return self.winners - self.original == self.curated - self.corrected + self.quarantined

    @property
    def loaded(self) -> bool:
        """The warehouse holds what is curated."""
        return self.curated == self.warehouse

    @property
    def hold(self) -> bool:
        """All identities."""
        return self.landed and self.complete and self.loaded

    @property
    def standing(self) -> Standing:
        """What the certificate says. Where the branch's server was not asked nothing differs, and nothing is proven."""
        if not self.hold:
            return Standing.DIFFERS
        return Standing.MISSING if self.source is None else Standing.CERTIFIED

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "source": self.source.to_dict() if self.source else None,
            "winners": self.winners.to_dict(),
            "curated": self.curated.to_dict(),
            "quarantined": self.quarantined.to_dict(),
            "warehouse": self.warehouse.to_dict(),
            **self._corrections(),
        }

    def _corrections(self) -> dict[str, Any]:
        """The two terms of corrected rows, where there are any."""
        if not self.original.count and not self.corrected.count:
            return {}
        return {"original": self.original.to_dict(), "corrected": self.corrected.to_dict()}

    def faults(self, where: str) -> list[str]:
        """One line per identity that fails, without its rows."""
        found = []
        if self.source is not None and not self.landed:
            found.append(f"{where}: {_shown(self.source)} at the branch, {_shown(self.winners)} landed")
        if not self.complete:
            parts = f"{_shown(self.curated)} curated and {_shown(self.quarantined)} in quarantine"
            if self._corrections():
                parts += f", of them corrected {_shown(self.original)} to {_shown(self.corrected)}"
            found.append(f"{where}: {_shown(self.winners)} landed, {parts}")
        if not self.loaded:
            found.append(f"{where}: {_shown(self.curated)} curated, {_shown(self.warehouse)} in the warehouse")
        return found


def terms_of(source: Fingerprint | None, lake: Mapping[str, Any], warehouse: Fingerprint) -> Terms:
    """Terms from a day manifest's entry of one branch (empty: the lake has no row)."""

    def term(name: str) -> Fingerprint:
        return Fingerprint.from_dict(lake[name]) if name in lake else Fingerprint()

    names = ("winners", "curated", "quarantined", "original", "corrected")
    winners, curated, quarantined, original, corrected = (term(name) for name in names)
    return Terms(source, winners, curated, quarantined, warehouse, original, corrected)


def _shown(value: Fingerprint) -> str:
    return f"{value.count} rows, {format_pesos(value.cents)}"
