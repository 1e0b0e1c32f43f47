"""Compacts what a plan lists: reads, decides what is new, and lays it into its partitions. Nothing of it counts yet.

The same plan gives the same files and the same result, whoever runs it and how often.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from podemos.core import manifest
from podemos.core.clock import from_iso
from podemos.core.store import ObjectStore
from podemos.core.zones import zone_table
from podemos.mobile import conflicts, deltas, exact, gather, index, places, revisions, rows, skew
from podemos.mobile.arrivals import put_once
from podemos.mobile.envelope import EventType
from podemos.mobile.exact import Fates
from podemos.mobile.laying import lay
from podemos.mobile.partition import Partition, name_of
from podemos.mobile.plan import today_of
from podemos.mobile.reading import Sender
from podemos.mobile.revisions import Revision
from podemos.mobile.upload import UploadStore

_HOUR = 3_600_000_000


def compact(plan: dict[str, Any], *, lake: ObjectStore, uploads: UploadStore) -> dict[str, Any]:
    """The result of a plan, in this process.

    Args:
        plan: of `plan.planned`.
        lake: where the compacted tables are.
        uploads: where the inbox is.
    """
    before = revisions.read(lake, plan["previous"]["key"]) if plan["previous"] else Revision()
    arrived = gather.read(uploads, plan["objects"], from_iso(plan["listed"]))
    return of_tables(lake, plan, before, arrived.tables, arrived.senders, arrived.lines)


def of_tables(
    lake: ObjectStore,
    plan: dict[str, Any],
    before: Revision,
    tables: Mapping[str, pa.Table],
    senders: Mapping[str, Sender],
    lines: int,
) -> dict[str, Any]:
    """The result for rows that were read.

    Args:
        lake: where the compacted tables are.
        plan: that asks for it.
        before: the revision it follows.
        tables: of `rows.tables`.
        senders: by object.
        lines: how many were read.
    """
    fates = _fates(lake, before, tables)
    new = {name: found.take(fates.rows(name)) for name, found in tables.items()}
    quarantine = [conflicts.quarantined(lake, before, tables, fates)]
    if refused := new.pop(places.QUARANTINE, None):
        quarantine.append(refused.drop_columns(["cubeta"]))
    incoming = dict(_by_part(new, pa.concat_tables(quarantine)))
    incoming |= _index(tables, fates, plan["revision"])
    partitions = _lay(lake, before, incoming, plan["seal"], today_of(plan))
    known = skew.learn(_known(lake, before), _samples(new, senders))
    payments = new.get(EventType.PAGO.value)
    totals = _totals(tables, fates, lines)
    return {
        "kind": "mobile.result",
        "partitions": {name: found.to_dict() for name, found in sorted(partitions.items())},
        "added": {name: found.num_rows for name, found in sorted(incoming.items())},
        "delta": {EventType.PAGO.value: deltas.write(lake, plan["revision"], payments, known)},
        "skew": _keep(lake, before, known),
        "totals": totals,
    }


def _fates(lake: ObjectStore, before: Revision, tables: Mapping[str, pa.Table]) -> Fates:
    """What is new, bucket after bucket."""
    fates = Fates()
    if not tables:
        return fates
    buckets = exact.by_bucket(tables)
    known = revisions.named(lake, before, (name_of(places.INDEX, name) for name in buckets))
    for name, seen in buckets.items():
        partition = known[name_of(places.INDEX, name)]
        exact.decide(fates, seen, lambda ids, partition=partition: index.known(lake, partition, ids))  # type: ignore[misc]
    return fates


def _by_part(new: Mapping[str, pa.Table], quarantine: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """New rows by partition: events by the accounting day of the phone's clock, quarantine by the day of receipt.

    The day is a function of the event alone: no estimate of a clock, which may change, moves an event.
    """
    for table, found in new.items():
        if found.num_rows:
            yield from _split(table, found.drop_columns(list(rows.HIDDEN)), parts_of(found["capturado_en"]))
    if quarantine.num_rows:
        days = pc.strftime(quarantine["recibido_en"], format="%Y-%m-%d")
        yield from _split(places.QUARANTINE, quarantine, days)


def _split(table: str, found: pa.Table, parts: Any) -> Iterator[tuple[str, pa.Table]]:
    for part in sorted(pc.unique(parts).to_pylist()):
        yield name_of(table, part), found.filter(pc.equal(parts, part))


def parts_of(captured: pa.ChunkedArray) -> pa.Array:
    """The accounting day (America/Mexico_City) of each instant. Its offset changes on full hours only."""
    hours = pc.divide(pc.cast(captured, pa.int64()), _HOUR).combine_chunks().dictionary_encode()
    instants = pc.cast(pc.multiply(hours.dictionary, _HOUR), pa.timestamp("us", tz="UTC")).to_pylist()
    days = pa.array([zone_table().accounting_day(instant).isoformat() for instant in instants], pa.string())
    return days.take(hours.indices)


def _index(tables: Mapping[str, pa.Table], fates: Fates, revision: int) -> dict[str, pa.Table]:
    """New rows of the index by bucket: of each new row, and of each version that was quarantined."""
    pieces = [_entries(name, tables[name], fates.rows(name), revision, stands=True) for name in sorted(fates.new)]
    versions: dict[str, list[int]] = {}
    for table, at, _ in fates.conflicts:
        versions.setdefault(table, []).append(at)
    for table, numbers in sorted(versions.items()):
        pieces.append(_entries(table, tables[table], pa.array(numbers, pa.int64()), revision, stands=False))
    if not pieces:
        return {}
    entries = pa.concat_tables(pieces)
    return dict(_split(places.INDEX, entries.drop_columns(["cubeta"]), entries["cubeta"]))


def _entries(table: str, found: pa.Table, numbers: pa.Array, revision: int, *, stands: bool) -> pa.Table:
    taken = found.take(numbers)
    if table == places.QUARANTINE or not stands:
        kept, parts = places.QUARANTINE, pc.strftime(taken["recibido_en"], format="%Y-%m-%d")
    else:
        kept, parts = table, parts_of(taken["capturado_en"])
    count = taken.num_rows
    columns = [
        taken[exact.id_of(table)],
        taken[exact.content_of(table)],
        pa.repeat(pa.scalar(stands), count),
        pa.repeat(pa.scalar(kept), count),
        parts,
        taken["objeto"],
        taken["linea"],
        pa.repeat(pa.scalar(revision, pa.int64()), count),
    ]
    return pa.table(columns, schema=index.SCHEMA).append_column("cubeta", taken["cubeta"])


def _lay(
    lake: ObjectStore, before: Revision, incoming: Mapping[str, pa.Table], seal: list[str], today: date
) -> dict[str, Partition]:
    known = revisions.named(lake, before, {*incoming, *seal})
    found = {name: lay(lake, name, known[name], incoming.get(name), today) for name in sorted(known)}
    return {name: partition for name, partition in found.items() if partition != known[name]}


def _samples(new: Mapping[str, pa.Table], senders: Mapping[str, Sender]) -> Iterator[tuple[str, str, int]]:
    """Of each upload that brought something new, how far its phone's clock was off."""
    captured: dict[str, Any] = {}
    for found in new.values():
        if not found.num_rows:
            continue
        for row in found.group_by("objeto", use_threads=False).aggregate([("capturado_en", "max")]).to_pylist():
            captured.setdefault(row["objeto"], []).append(row["capturado_en_max"])
    for key, instants in captured.items():
        sender = senders[key]
        yield sender.recibido, sender.dispositivo, skew.sample(sender, instants)


def _known(lake: ObjectStore, before: Revision) -> dict[str, Any]:
    found: dict[str, Any] = revisions.packed(lake, before.document["skew"]) if before.ref else {}
    return found


def _keep(lake: ObjectStore, before: Revision, known: Mapping[str, Any]) -> dict[str, str]:
    data = revisions.pack(known)
    content = manifest.sha256(data)
    put_once(lake, places.skew(content), data, "application/gzip")
    return {"key": places.skew(content), "sha256": content}


def _totals(tables: Mapping[str, pa.Table], fates: Fates, lines: int) -> dict[str, int]:
    """Control totals: lines = events + repeated + quarantined, and the cents of payments by what became of them."""
    quarantined = len(fates.conflicts) + len(fates.rows(places.QUARANTINE))
    events = sum(len(fates.rows(name)) for name in fates.new if name != places.QUARANTINE)
    cents = {"read": 0, "events": 0, "conflicts": 0}
    if (payments := tables.get(EventType.PAGO.value)) is not None:
        amounts = payments["monto_centavos"]
        clashing = [at for table, at, _ in fates.conflicts if table == EventType.PAGO.value]
        cents["read"] = pc.sum(amounts).as_py() or 0
        cents["events"] = pc.sum(amounts.take(fates.rows(EventType.PAGO.value))).as_py() or 0
        cents["conflicts"] = pc.sum(amounts.take(pa.array(clashing, pa.int64()))).as_py() or 0
    return {
        "lines": lines,
        "events": events,
        "repeated": sum(fates.repeated.values()),
        "quarantined": quarantined,
        **{f"cents_{name}": value for name, value in cents.items()},
    }
