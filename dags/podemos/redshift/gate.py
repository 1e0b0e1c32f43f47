"""The gate: no table without keys, comments, encodings and a sensitivity class, in files and in the live catalog."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from podemos.contracts.governance import warehouse_tables
from podemos.contracts.register import cards
from podemos.redshift import waivers
from podemos.redshift.facts import Table
from podemos.redshift.live import live_tables
from podemos.redshift.rules import Offence, judge
from podemos.warehouse.port import Warehouse


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate found.

    Attributes:
        notes: what was not judged, and why.
    """

    tables: int
    offences: tuple[Offence, ...]
    notes: tuple[str, ...] = ()

    @property
    def critical(self) -> tuple[Offence, ...]:
        """Those that fail a check."""
        return tuple(o for o in self.offences if o.severity == "critical")

    def by_owner(self) -> dict[str, list[Offence]]:
        """Whom to tell what."""
        found: dict[str, list[Offence]] = {}
        for offence in self.offences:
            found.setdefault(offence.owner, []).append(offence)
        return dict(sorted(found.items()))

    def last_line(self) -> str:
        """`gate: 15 tables, 0 offences, 0 warnings`."""
        critical = len(self.critical)
        return f"gate: {self.tables} tables, {critical} offences, {len(self.offences) - critical} warnings"


def over_tables(tables: Sequence[Table], today: date, notes: tuple[str, ...] = ()) -> Verdict:
    """Judges tables under the register and the waivers of the configuration."""
    register = warehouse_tables()
    found = judge(tables, cards(), register.unlisted_owner)
    left = waivers.apply(found, register.waivers, {table.title for table in tables}, today)
    return Verdict(len(tables), tuple(left), notes)


def over_live(warehouse: Warehouse, today: date) -> Verdict:
    """Judges every table of the live catalog; what it does not show is a note or a warning, never taken for well.

    Raises:
        DataFault: the warehouse refused a query.
        SourceUnavailable: it did not answer in time.
    """
    found = live_tables(warehouse)
    return over_tables(found.tables, today, found.notes)


def over_files(folders: list[Path], today: date) -> Verdict:
    """Judges the tables that SQL files declare.

    Raises:
        ContractViolation: a folder has no SQL, or a statement cannot be read.
    """
    from podemos.redshift.ddl_reader import read

    declared = read(folders)
    notes = tuple(f"{folder} is not Redshift's; not judged" for folder in declared.skipped)
    return over_tables(list(declared.tables.values()), today, notes)
