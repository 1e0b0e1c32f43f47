"""Compacts what a plan lists: reads, decides what is new, and lays it into its partitions. Nothing of it counts yet.

The same plan gives the same files and the same result, whoever runs it and how often.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
TOTALS = ("lines", "events", "repeated", "quarantined", "cents_read", "cents_events", "cents_conflicts")


@dataclass(slots=True)
class Decided:
    """What is new among some rows.

    Attributes:
        incoming: new rows by partition: events, index, quarantine.
        samples: of each upload that brought something new: received, device, and the seconds its clock was off.
        delta: what the warehouse is to be given.
        totals: control totals.
    """

    incoming: dict[str, pa.Table]
    samples: dict[str, tuple[str, str, int]]
    delta: dict[str, Any]
    totals: dict[str, int]

    def told(self) -> Decided:
        """Without the rows."""
        return Decided({}, self.samples, self.delta, self.totals)


def compact(plan: dict[str, Any], *, lake: ObjectStore, uploads: UploadStore) -> dict[str, Any]:
    """The result of a plan, in this process.

    Args:
        plan: of `plan.planned`.
        lake: where the compacted tables are.
        uploads: where the inbox is.
    """
    before = revisions.read(lake, plan["previous"]["key"]) if plan["previous"] else Revision()
    arrived = gather.read(uploads, plan["objects"], from_iso(plan["listed"]))
    decided = decide(lake, plan, before, arrived.tables, arrived.senders, arrived.lines)
    known = revisions.named(lake, before, decided.incoming)
    laid = {
        name: (lay(lake, name, known[name], found, today_of(plan)), found.num_rows)
        for name, found in sorted(decided.incoming.items())
    }
    return result(lake, plan, before, [decided], laid)


def decide(
    lake: ObjectStore,
    plan: dict[str, Any],
    before: Revision,
    tables: Mapping[str, pa.Table],
    senders: Mapping[str, Sender],
    lines: int,
) -> Decided:
    """What is new among rows that were read: all rows of the index buckets that they touch.

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
    payments = new.get(EventType.PAGO.value)
    delta = deltas.write(lake, plan["revision"], payments, known_clocks(lake, before))
    return Decided(incoming, dict(_samples(new, senders)), delta, _totals(tables, fates, lines))


def result(
    lake: ObjectStore,
    plan: dict[str, Any],
    before: Revision,
    decided: Sequence[Decided],
    laid: Mapping[str, tuple[Partition, int]],
) -> dict[str, Any]:
    """The result's document, with the partitions that were sealed and got their one file.

    Args:
        lake: where the compacted tables are.
        plan: that asked for it.
        before: the revision it follows.
        decided: what was new.
        laid: by partition, how it is now and how many rows were added.
    """
    known = revisions.named(lake, before, plan["seal"])
    partitions = {name: partition for name, (partition, _) in laid.items()}
    for name in sorted(known.keys() - laid.keys()):
        partitions[name] = lay(lake, name, known[name], None, today_of(plan))
    samples: dict[str, tuple[str, str, int]] = {}
    for found in decided:
        for key, sample in found.samples.items():
            samples[key] = min(sample, samples.get(key, sample))
    given = [found.delta for found in decided]
    clocks = skew.learn(known_clocks(lake, before), samples.values())
    return {
        "kind": "mobile.result",
        "partitions": {name: partition.to_dict() for name, partition in sorted(partitions.items())},
        "added": {name: count for name, (_, count) in sorted(laid.items())},
        "delta": {
            EventType.PAGO.value: {
                "files": sorted((file for each in given for file in each["files"]), key=lambda file: str(file["key"])),
                "rows": sum(each["rows"] for each in given),
                "cents": sum(each["cents"] for each in given),
            }
        },
        "skew": _keep(lake, clocks),
        "totals": {name: sum(found.totals[name] for found in decided) for name in TOTALS},
    }


def split(tables: Mapping[str, pa.Table]) -> Iterator[tuple[str, dict[str, pa.Table]]]:
    """The same rows by index bucket."""
    buckets = {name for found in tables.values() for name in pc.unique(found["cubeta"]).to_pylist()}
    for bucket in sorted(buckets):
        some = {name: found.filter(pc.equal(found["cubeta"], bucket)) for name, found in tables.items()}
        yield bucket, {name: found for name, found in some.items() if found.num_rows}


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


def _samples(new: Mapping[str, pa.Table], senders: Mapping[str, Sender]) -> Iterator[tuple[str, tuple[str, str, int]]]:
    """Of each upload that brought something new, how far its phone's clock was off."""
    captured: dict[str, Any] = {}
    for found in new.values():
        if not found.num_rows:
            continue
        for row in found.group_by("objeto", use_threads=False).aggregate([("capturado_en", "max")]).to_pylist():
            captured.setdefault(row["objeto"], []).append(row["capturado_en_max"])
    for key, instants in captured.items():
        sender = senders[key]
        yield key, (sender.recibido, sender.dispositivo, skew.sample(sender, instants))


def known_clocks(lake: ObjectStore, revision: Revision) -> dict[str, Any]:
    """What a revision knows of the phones' clocks, see `skew.learn`."""
    found: dict[str, Any] = revisions.packed(lake, revision.document["skew"]) if revision.ref else {}
    return found


def _keep(lake: ObjectStore, known: Mapping[str, Any]) -> dict[str, str]:
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
