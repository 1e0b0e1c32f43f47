"""Reads back what a revision brought: before it is loaded, and before lifecycle may take the uploads it covers."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from podemos.core import manifest
from podemos.core.errors import DataFault, NotNeeded
from podemos.core.store import ObjectStore
from podemos.mobile import files, places, revisions
from podemos.mobile.envelope import EventType
from podemos.mobile.partition import Partition

_EVENTS = frozenset(name.value for name in EventType)


def verify_revision(revision_key: str, *, lake: ObjectStore) -> str:
    """Reads every file that the revision brought, and holds rows, hashes and cents to its control totals.

    Args:
        revision_key: a published revision.
        lake: the lake.

    Returns:
        The revision's key.

    Raises:
        NotNeeded: nothing was ever published.
        DataFault: something does not hold; the uploads are kept.
    """
    if not revision_key:
        raise NotNeeded("nothing was ever uploaded")
    revision = revisions.read(lake, revision_key)
    if lake.head(places.verified(revision.number)) is None:
        faults = examine(lake, revision)
        if faults:
            raise DataFault(f"{revision_key}: {'; '.join(faults[:5])}; its uploads are kept, see the runbook")
        document = {"kind": "mobile.verified", "revision": revision.ref.to_dict() if revision.ref else None}
        manifest.commit(lake, places.verified(revision.number), document)
    return revision_key


def examine(lake: ObjectStore, revision: revisions.Revision) -> list[str]:
    """What does not hold of a revision, in words."""
    result = manifest.read_ref(lake, revision.document["result"])
    old = revisions.named(lake, revisions.before(lake, revision), result["partitions"])
    now = revisions.named(lake, revision, result["partitions"])
    totals, faults = result["totals"], []
    events = index = quarantined = cents = 0
    for name in sorted(now):
        added, money = _grown(lake, old[name], now[name])
        if added != result["added"].get(name, 0):
            faults.append(f"{name}: {added} rows more, {result['added'].get(name, 0)} were added")
        table = name.partition("/")[0]
        events += added if table in _EVENTS else 0
        index += added if table == places.INDEX else 0
        quarantined += added if table == places.QUARANTINE else 0
        cents += money if table == EventType.PAGO else 0
    said = {"events": events, "quarantined": quarantined, "cents_events": cents}
    faults += [f"{word}: {found} found, {totals[word]} said" for word, found in said.items() if found != totals[word]]
    if index != events + quarantined:
        faults.append(f"{index} new ids in the index for {events} events and {quarantined} in quarantine")
    if totals["lines"] != totals["events"] + totals["repeated"] + totals["quarantined"]:
        faults.append(f"{totals['lines']} lines are not events, repeated and quarantined: {totals}")
    return faults


def _grown(lake: ObjectStore, old: Partition, now: Partition) -> tuple[int, int]:
    """Rows and cents that a partition has more than before, by reading what of it is new and what was replaced."""
    before, after = ({file.key: file for file in found.files} for found in (old, now))
    rows = cents = 0
    for sign, keys in ((1, after.keys() - before.keys()), (-1, before.keys() - after.keys())):
        for key in keys:
            table = files.read(lake, (after if sign > 0 else before)[key])
            rows += sign * table.num_rows
            cents += sign * _cents(table)
    return rows, cents


def _cents(table: pa.Table) -> int:
    return int(pc.sum(table["monto_centavos"]).as_py() or 0) if "monto_centavos" in table.column_names else 0
