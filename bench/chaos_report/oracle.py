"""What should have come of a night, from its injected faults and the minute its inputs were sealed.

It knows nothing of the platform, and the suite's policy: a missing critical source holds, more than five missing hold,
and so does a delivery that contradicts its own control file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from bench.chaos_report.faults import BROKEN, CHANGING, EDITED, MISCOUNTED, NEVER, Arrival, Faults

MAX_MISSING = 5
COMPLETE, PARTIAL, HOLD = "complete", "partial", "hold"


def missing(faults: Faults, sealed: float, cutoffs: Mapping[str, int], *, waits: bool) -> set[str]:
    """The sources that are not in the seal.

    Args:
        faults: of the night.
        sealed: the minute of the seal.
        cutoffs: minute by source.
        waits: whether whoever sealed waited by each source's cut-off, as Airflow's sensors do.
    """
    return {
        source
        for source, arrival in faults.arrivals.items()
        if arrival.flaw in (NEVER, BROKEN) or arrival.minute > (cutoffs[source] if waits else sealed)
    }


def contradicts(arrival: Arrival, sealed: float) -> bool:
    """Whether the delivery, as it was at the seal, is not what its control file says."""
    if arrival.flaw == CHANGING:
        return arrival.changes <= sealed
    return arrival.flaw in (EDITED, MISCOUNTED)


def outcome(faults: Faults, sealed: float, cutoffs: Mapping[str, int], critical: Iterable[str], *, waits: bool) -> str:
    """`complete`, `partial` or `hold`."""
    absent = missing(faults, sealed, cutoffs, waits=waits)
    wrong = [s for s, a in faults.arrivals.items() if s not in absent and contradicts(a, sealed)]
    if wrong or absent & set(critical) or len(absent) > MAX_MISSING:
        return HOLD
    return PARTIAL if absent else COMPLETE


def published(content: Any, absent: set[str]) -> dict[tuple[str, str], int]:
    """What a report of these inputs must hold: cents by system and id, from the simulators' own truth."""
    lines = {
        (source, movement.id_movimiento): movement.cents
        for source, delivery in content.deliveries.items()
        if source not in absent
        for file in delivery.files
        for movement in file.movements
    }
    if "sucursales" not in absent:
        lines |= {("sucursales", payment.name): payment.cents for payment in content.payments if payment.counts}
    return lines
