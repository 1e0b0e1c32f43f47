"""What a look can be measured by: phones, silence, debts, the inbox that waits, the files that were made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from podemos.core import manifest
from podemos.core.clock import Clock, from_iso, iso
from podemos.core.errors import NotFound
from podemos.core.store import ObjectStore
from podemos.mobile import arrivals, files, gaps, layout, places, revisions, watch
from podemos.mobile.heartbeat import Heartbeats
from podemos.mobile.keys import parse_inbox_key
from podemos.mobile.metrics import Measured, Metric, emf
from podemos.mobile.partition import Partition
from podemos.mobile.revisions import Revision
from podemos.mobile.upload import UploadStore

DONE = "mobile/watch/measured/"
"""One object per revision whose numbers were written."""
PERCENTILES = ((Metric.LATENCY_P50, 50), (Metric.LATENCY_P95, 95), (Metric.LATENCY_P99, 99))


def measure(
    *,
    uploads: UploadStore,
    heartbeats: Heartbeats,
    queues: Mapping[str, Callable[[], int]],
    clock: Clock,
    metrics: Callable[[str], None],
) -> str:
    """Writes the numbers of now, and those of each revision since the last time, as EMF lines.

    Args:
        uploads: the lake.
        heartbeats: the phones, and their branches.
        queues: the depth of each queue, by name.
        clock: the present instant.
        metrics: takes the lines.

    Returns:
        The key of the newest revision.
    """  # fmt: skip
    began = clock()
    revision = revisions.latest(uploads)
    branches = {beat.id_dispositivo: beat.id_sucursal for beat in heartbeats}
    found = [
        *_phones(uploads, len(branches)),
        *_waiting(uploads, revision, branches, clock),
        *_stored(uploads, revision),
        *(Measured(Metric.QUEUE_DEPTH, depth(), name) for name, depth in sorted(queues.items())),
    ]
    for each in _unmeasured(uploads, revision):
        for line in emf(of_revision(uploads, each), began):
            metrics(line)
        manifest.commit_first(uploads, f"{DONE}{each.number:012d}.json", {"kind": "mobile.measured", "at": iso(began)})
    found.append(Measured(Metric.DURATION, (clock() - began).total_seconds(), "measure"))
    for line in emf(found, began):
        metrics(line)
    return revision.ref.key if revision.ref else ""


def of_revision(lake: ObjectStore, revision: Revision) -> Iterator[Measured]:
    """Records, success, quarantine, latency and bytes that were written again, of one revision."""
    totals = revision.document["totals"]
    yield Measured(Metric.RECORDS, totals["events"] + totals["repeated"])
    if totals["lines"]:
        yield Measured(Metric.SUCCESS, round(100 * (totals["lines"] - totals["quarantined"]) / totals["lines"], 3))
    result = manifest.read_ref(lake, revision.document["result"])
    names = list(result["partitions"])
    before = revisions.named(lake, revisions.before(lake, revision), names)
    now = {name: Partition.from_dict(data) for name, data in result["partitions"].items()}
    reasons, waited = Counter[str](), list[float]()
    rewritten = 0
    for name, partition in now.items():
        old = {file.key for file in before[name].files}
        rewritten += (partition.written - before[name].written) - (partition.fresh - before[name].fresh)
        table = name.partition("/")[0]
        fresh = [file for file in partition.files if file.key not in old and not file.merged]
        if table == places.QUARANTINE:
            for file in fresh:
                reasons.update(files.read(lake, file, ["motivo"])["motivo"].to_pylist())
        elif table != places.INDEX:
            for file in fresh:
                rows = files.read(lake, file, ["capturado_en", "recibido_en"])
                waited += _waits(rows.to_pylist(), from_iso(revision.document["listed"]))
    yield Measured(Metric.REWRITTEN, rewritten)
    yield from (Measured(Metric.QUARANTINED, count, reason) for reason, count in sorted(reasons.items()))
    if waited:
        waited.sort()
        percentiles = [round(waited[(len(waited) - 1) * percent // 100], 1) for percent in range(100)]
        yield Measured(Metric.LATENCY, percentiles[1:])
        yield from (Measured(metric, percentiles[percent]) for metric, percent in PERCENTILES)


def _waits(rows: Sequence[Mapping[str, Any]], listed: datetime) -> list[float]:
    """Seconds from capture to the revision. A phone's clock that is ahead counts from its receipt."""
    return [(listed - min(row["capturado_en"], row["recibido_en"])).total_seconds() for row in rows]


def _phones(lake: ObjectStore, phones: int) -> Iterator[Measured]:
    yield Measured(Metric.PHONES, phones)
    silent = Counter(str(entry["kind"]) for entry in watch.silent_devices(lake))
    yield from (Measured(Metric.SILENT, silent[kind], kind) for kind in ("device", "region", "fleet"))
    owed = Counter[str]()
    for entry in gaps.board_of(lake).values():
        owed.update(entry["missing"])
    yield from (Measured(Metric.OWED, owed[debt], debt.value) for debt in gaps.Debt)


def _waiting(uploads: UploadStore, revision: Revision, branches: Mapping[str, int], clock: Clock) -> Iterator[Measured]:
    """The inbox: what waits, and how many files of each branch came today (UTC)."""
    now = clock()
    waiting = arrivals.arrivals(uploads, revision, clock)["objects"]
    yield Measured(Metric.BACKLOG, len(waiting))
    yield Measured(Metric.BACKLOG_BYTES, sum(size for _, _, size in waiting))
    if waiting:
        yield Measured(Metric.QUEUE_AGE, max(0.0, (now - _received(uploads, waiting[0][0], now)).total_seconds()))
    counts = Counter[str]()
    for info in uploads.list(f"mobile/inbox/{now.date().isoformat()}/"):
        named = parse_inbox_key(info.key)
        branch = branches.get(named.id_dispositivo) if named else None
        counts[f"{branch:03d}" if branch else "unknown"] += 1
    yield from (Measured(Metric.FILES, count, branch) for branch, count in sorted(counts.items()))


def _received(uploads: UploadStore, key: str, now: datetime) -> datetime:
    """When an upload came: of the first of the listing, whose day is the oldest."""
    try:
        return from_iso(uploads.metadata(key)["received_at"])
    except (NotFound, KeyError, ValueError):
        return now


def _stored(lake: ObjectStore, revision: Revision) -> Iterator[Measured]:
    """Files below the size that a query likes, in partitions that have several."""
    small = 0
    for name, partition in revisions.partitions(lake, revision).items():
        if not name.startswith(f"{places.INDEX}/") and len(partition.files) > 1:
            small += sum(file.bytes < layout.LEAST for file in partition.files)
    yield Measured(Metric.SMALL_FILES, small)


def _unmeasured(lake: ObjectStore, newest: Revision) -> list[Revision]:
    """Revisions without their numbers, oldest first; at most those of two days."""
    found, each = list[Revision](), newest
    while each.ref is not None and len(found) < 200 and lake.head(f"{DONE}{each.number:012d}.json") is None:
        found.append(each)
        each = revisions.before(lake, each)
    return found[::-1]
