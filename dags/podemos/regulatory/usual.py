"""Whether what a source delivered is as much as it usually delivers on such a day: told at once, decided by nobody.

A day is a payday, or a weekday; a source is compared with its own days of that kind, as they were sealed: rows and
cents outside Tukey's fences are unusual. Where the history is short, `sources.yaml` says what to expect, in rows.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from podemos.contracts.sources import Sources
from podemos.core.alert import Alert, Level, Send, tell
from podemos.core.errors import DataFault, NotFound
from podemos.core.manifest import read
from podemos.core.money import format_pesos
from podemos.core.night import Night
from podemos.core.states import State
from podemos.core.store import ObjectStore
from podemos.regulatory import keys
from podemos.regulatory.earlier import quantile
from podemos.regulatory.inbox import newest_control, read_control
from podemos.regulatory.seal import declared

ENOUGH, LOOK_BACK = 8, 12
"""Days of the kind that are worth more than the configured volume, and how many are looked at."""
LEAST_SHARE = 10
"""The fences are at least a tenth of the median away from it: a source that hardly varies is not told of one row."""
ROUGHLY = 3
"""Of a configured volume, a third to three times as much is usual."""
PAYDAY = "payday"
RUNBOOK = "docs/runbooks/regulatory_report.md#an-unusual-volume"


@dataclass(frozen=True, slots=True)
class Band:
    """What is usual, both ends included, and what that rests on."""

    low: int
    high: int
    basis: str

    def holds(self, value: int) -> bool:
        """Whether the value is usual."""
        return self.low <= value <= self.high


def kind_of(day: date) -> str:
    """`payday`, or the weekday's English name in lower case.

    Wages are paid on the 15th and on the last day of the month; if that is a Saturday or Sunday, on the Friday before.
    """
    last = calendar.monthrange(day.year, day.month)[1]
    for pay in (date(day.year, day.month, 15), date(day.year, day.month, last)):
        if day == pay - timedelta(days=max(0, pay.weekday() - 4)):
            return PAYDAY
    return calendar.day_name[day.weekday()].lower()


def days_like(day: date, count: int = LOOK_BACK) -> list[date]:
    """The newest earlier days of the same kind, the newest first."""
    kind, found, candidate = kind_of(day), list[date](), day
    while len(found) < count:
        candidate -= timedelta(days=1)
        if kind_of(candidate) == kind:
            found.append(candidate)
    return found


def fences(values: list[int], basis: str) -> Band:
    """Tukey's: one and a half times the distance of the quartiles beyond them. Integer arithmetic."""
    ordered = sorted(values)
    first, middle, third = (quantile(ordered, percent) for percent in (25, 50, 75))
    reach = 3 * (third - first) // 2
    least = abs(middle) // LEAST_SHARE
    return Band(min(first - reach, middle - least), max(third + reach, middle + least), basis)


def compare(source_id: str, *, night: Night, lake: ObjectStore, sources: Sources, send: Send) -> None:
    """Tells when the delivery of a source that has arrived is unusual. Blocks nothing, whatever it finds.

    Args:
        source_id: the source.
        night: the night. A rehearsal's data are invented, so it has no configured volume to be compared with.
        lake: the inbox, and the seals of earlier nights.
        sources: the configured sources.
        send: sends a notice.
    """
    source, day = sources.source(source_id), night.business_date
    key = newest_control(lake, source, day)
    if key is None:
        return
    try:
        stated = declared(read_control(lake.get(key), lake.uri(key), source, day))
    except (DataFault, NotFound):
        return  # the seal says what is wrong with it
    kind = kind_of(day)
    past = list(_sealed(source_id, day, lake))
    bands: dict[str, Band] = {}
    if len(past) >= ENOUGH:
        basis = f"of {len(past)} {kind}s"
        bands = {name: fences([one[name] for one in past], basis) for name in ("rows", "cents")}
    elif not night.rehearsal:
        rows = source.expected_on(kind)
        bands = {"rows": Band(rows // ROUGHLY, rows * ROUGHLY, f"configured for a {kind}")}
    unusual = [_line(name, stated[name], band) for name, band in bands.items() if not band.holds(stated[name])]
    if unusual:
        alert = Alert(
            condition=f"volume-{source_id}",
            subject=f"Report {day}: {source_id} delivered an unusual volume",
            text=f"{source_id} of {day}: {'; '.join(unusual)}.\nAsk {source.contact} whether it is all.",
            level=Level.WARNING,
            owner=source.owner,
            meaning=f"nothing by itself; it is reported as delivered. If rows lack, {source.absence[:1].lower()}"
            f"{source.absence[1:]}, and a corrected delivery counts until {source.cutoff}.",
            runbook=RUNBOOK,
            facts={"business_date": day.isoformat(), "source": source_id},
        )
        tell(alert, keys.night_folder(night), lake=lake, send=send)


def _sealed(source_id: str, day: date, lake: ObjectStore) -> Iterator[dict[str, int]]:
    """What the source declared on such days, as the scheduled nights sealed it."""
    for earlier in days_like(day):
        try:
            seal = read(lake, keys.seal(Night.scheduled(earlier)))[0]
        except NotFound:
            continue
        for entry in seal["sources"]:
            if entry["source"] == source_id and entry["state"] == State.SEALED:
                yield entry["declared"]


def _line(name: str, value: int, band: Band) -> str:
    def text(number: int) -> str:
        return format_pesos(number) if name == "cents" else f"{number:,}"

    unit = "MXN" if name == "cents" else "movements"
    return f"{text(value)} {unit}, usual are {text(band.low)} to {text(band.high)} ({band.basis})"
