"""The compaction over many processes: the steps of `compaction`, each object, bucket and partition in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pyarrow as pa

from podemos.core.clock import from_iso
from podemos.mobile import compaction, gather, revisions
from podemos.mobile.compaction import Decided
from podemos.mobile.laying import lay
from podemos.mobile.partition import Partition
from podemos.mobile.plan import today_of
from podemos.mobile.reading import Sender
from podemos.mobile.revisions import Revision
from podemos.mobile.upload import UploadStore

Stores = Callable[[], UploadStore]
"""Opens the lake; called on each process, so it must be sent there."""
BYTES_PER_TASK = 32 << 20
"""Of packed JSON: a task holds some ten times as much."""
_Piece = tuple[bytes, dict[str, Sender], int]


def compact_with(context: Any, stores: Stores, plan: dict[str, Any]) -> dict[str, Any]:
    """The result of a plan, spread by Spark.

    Args:
        context: of Spark.
        stores: opens the lake.
        plan: of `plan.planned`.
    """
    lake = stores()
    before = revisions.read(lake, plan["previous"]["key"]) if plan["previous"] else Revision()
    tasks = max(1, sum(size for _, _, size in plan["objects"]) // BYTES_PER_TASK)
    objects = context.parallelize(plan["objects"], min(tasks, max(1, len(plan["objects"]))))
    read = objects.mapPartitions(lambda some: _read(stores, plan, list(some)))
    by_bucket = read.groupByKey().mapPartitions(lambda groups: _decide(stores, plan, before, groups)).persist()
    about = by_bucket.filter(lambda each: each[0] is None).map(lambda each: each[1]).collect()
    rows = by_bucket.filter(lambda each: each[0] is not None)
    laid = dict(rows.groupByKey().mapPartitions(lambda groups: _lay(stores, plan, before, groups)).collect())
    by_bucket.unpersist()
    return compaction.result(lake, plan, before, about, laid)


def _read(stores: Stores, plan: dict[str, Any], objects: list[Any]) -> Iterator[tuple[str, Any]]:
    """(bucket, (rows by table, senders, lines)); lines are counted once, with the first bucket."""
    arrived = gather.read(stores(), objects, from_iso(plan["listed"]))
    lines = arrived.lines
    for bucket, tables in compaction.split(arrived.tables):
        keys = {key for table in tables.values() for key in table["objeto"].unique().to_pylist()}
        senders = {key: arrived.senders[key] for key in keys}
        yield bucket, ({name: _packed(table) for name, table in tables.items()}, senders, lines)
        lines = 0
    if lines:
        raise AssertionError(f"{lines} lines without a row")


def _decide(
    stores: Stores, plan: dict[str, Any], before: Revision, groups: Iterable[tuple[str, Iterable[Any]]]
) -> Iterator[tuple[str | None, Any]]:
    """(partition, new rows), and (None, what the result says of a bucket)."""
    lake = stores()
    for _, pieces in groups:
        tables: dict[str, list[pa.Table]] = {}
        senders: dict[str, Sender] = {}
        lines = 0
        for packed, who, count in pieces:
            for name, data in packed.items():
                tables.setdefault(name, []).append(_unpacked(data))
            senders |= who
            lines += count
        whole = {name: pa.concat_tables(found) for name, found in tables.items()}
        decided: Decided = compaction.decide(lake, plan, before, whole, senders, lines)
        for name, rows in decided.incoming.items():
            yield name, _packed(rows)
        yield None, decided.told()


def _lay(
    stores: Stores, plan: dict[str, Any], before: Revision, groups: Iterable[tuple[str, Iterable[bytes]]]
) -> Iterator[tuple[str, tuple[Partition, int]]]:
    lake = stores()
    for name, pieces in groups:
        rows = pa.concat_tables([_unpacked(data) for data in pieces])
        old = revisions.named(lake, before, [name])[name]
        yield name, (lay(lake, name, old, rows, today_of(plan)), rows.num_rows)


def _packed(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def _unpacked(data: bytes) -> pa.Table:
    return pa.ipc.open_stream(data).read_all()
