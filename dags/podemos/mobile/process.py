"""`process_events` without Lambda: reads what a message names, judges its lines, and leaves one receipt per object.

At least once in, exactly once out: the receipt is created once and is a function of the object alone but for `known`;
and only who marks the work done tells of it. An object that exceeds the budget of
lines or time is finished by other messages; the receipts of its parts join into the object's own.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from podemos.core.clock import Clock
from podemos.core.errors import NotFound
from podemos.core.manifest import sha256
from podemos.mobile.envelope import Event
from podemos.mobile.keys import parse_inbox_key
from podemos.mobile.ledger import BLOCK, Claim, Known, Ledger, Seen
from podemos.mobile.lines import COMPRESSED_BYTES, UploadUnreadable, event_of, read_lines
from podemos.mobile.receipts import join, keep
from podemos.mobile.sequences import ranges
from podemos.mobile.upload import Upload, UploadStore
from podemos.mobile.work import Poison, Work

_NAMED_REFUSALS = 1000
_LOOK_EVERY = 200
"""Lines between two looks at the clock."""

log = logging.getLogger(__name__)


class Busy(Exception):
    """Another invocation has this work; the message comes again."""


class Queue(Protocol):
    """Where messages go."""

    def send(self, bodies: Iterable[str]) -> None:
        """Sends each at least once."""
        ...


@dataclass(frozen=True, slots=True)
class Budget:
    """What one invocation may do.

    Attributes:
        lines: per message; a larger object is split before it is read.
        milliseconds_left: how long the invocation may still run.
        reserve: milliseconds kept for the receipt and the ledger.
    """

    lines: int
    milliseconds_left: Callable[[], int]
    reserve: int = 10_000


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a message.

    Attributes:
        what: `processed`, `duplicate` (it was done before), `split` (into messages), `cut` (the rest is a message).
        events: valid lines.
        refused: lines that are no events.
        receipt: of the whole object, if it is whole now.
        size: compressed bytes of the object, when `receipt` was written by this.
    """

    what: str
    events: int = 0
    refused: int = 0
    receipt: str = ""
    size: int = 0
    device: str = ""
    known: Known = field(default_factory=Known)
    reasons: dict[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class _Tally:
    """Counts of a range of lines."""

    first: int
    last: int = 0
    end: bool = False
    lines: int = 0
    types: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    refused: list[dict[str, Any]] = field(default_factory=list)
    sequences: dict[str, set[int]] = field(default_factory=dict)
    cents: int = 0
    known: Known = field(default_factory=Known)
    unreadable: dict[str, Any] | None = None


class Processor:
    """Does the work that messages name.

    Args:
        store: the lake.
        ledger: what is done.
        queue: of the inbox, for parts.
        clock: now.
    """

    def __init__(self, store: UploadStore, ledger: Ledger, queue: Queue, clock: Clock) -> None:
        self._store, self._ledger, self._queue, self._clock = store, ledger, queue, clock

    def process(self, work: Work, owner: str, budget: Budget) -> Done:
        """One piece of work.

        Args:
            work: what to read.
            owner: names this invocation.
            budget: what it may take.

        Raises:
            Busy: somebody else does it.
            Poison: the object does not exist.
        """
        claim = self._ledger.claim(work.identity, owner, self._clock())
        if claim is Claim.DONE:
            return Done("duplicate")
        if claim is Claim.BUSY:
            raise Busy(f"{work.key} from line {work.first} is in other hands")
        try:
            return self._claimed(work, owner, budget)
        except NotFound:
            self._ledger.release(work.identity, owner)
            raise Poison("no_such_object", f"{work.key} version {work.version or 'null'}") from None
        except BaseException:
            self._ledger.release(work.identity, owner)
            raise

    def _claimed(self, work: Work, owner: str, budget: Budget) -> Done:
        upload = Upload.from_metadata(self._store.metadata(work.key))
        device = upload.device if upload else _device_of(work.key)
        if work.whole and work.size > COMPRESSED_BYTES and self._split(work, budget):
            finished = self._ledger.finish(work.identity, owner, self._clock(), 0, 0)
            return Done("split" if finished else "duplicate")
        tally = self._read(work, upload.received_at if upload else None, budget)
        document = keep(self._store, _receipt(work, upload, device, tally))
        if not document["end"]:
            rest = work.part(document["last"] + 1, work.last)
            if work.last is None or rest.first <= work.last:
                self._queue.send([rest.message()])
        events, refused = sum(document["types"].values()), sum(document["reasons"].values())
        whole = join(self._store, work.key, work.version)
        if not self._ledger.finish(work.identity, owner, self._clock(), events, refused):
            return Done("duplicate")
        return Done(
            "processed" if document["end"] or tally.last == work.last else "cut",
            events,
            refused,
            whole,
            work.size if whole else 0,
            device,
            Known(**document["known"]),
            document["reasons"],
        )

    def _split(self, work: Work, budget: Budget) -> bool:
        """Asks for the object's parts, if it has more lines than the budget."""
        lines = 0
        try:
            with self._store.open(work.key, work.version) as stream:
                for line in read_lines(stream):
                    lines = line.number
        except UploadUnreadable as fault:  # the last part meets it again, and its receipt says it
            log.warning("%s: %s", work.key, fault)
        if lines <= budget.lines:
            return False
        starts = range(1, lines + 1, budget.lines)
        self._queue.send(
            work.part(first, None if first + budget.lines > lines else first + budget.lines - 1).message()
            for first in starts
        )
        return True

    def _read(self, work: Work, received_at: datetime | None, budget: Budget) -> _Tally:
        tally, block = _Tally(work.first, work.first - 1), list[Seen]()
        source = sha256(f"{work.bucket}/{work.key}/{work.version}".encode())
        try:
            with self._store.open(work.key, work.version) as stream:
                for line in read_lines(stream):
                    if line.number < work.first:
                        continue
                    if work.last is not None and line.number > work.last:
                        tally.last = work.last
                        break
                    if tally.lines and tally.lines % _LOOK_EVERY == 0 and budget.milliseconds_left() < budget.reserve:
                        break
                    parsed = event_of(line, received_at)
                    tally.lines, tally.last = tally.lines + 1, line.number
                    if isinstance(parsed, Event):
                        _count(tally, parsed)
                        block.append(Seen(parsed.id_dispositivo, parsed.event_id, parsed.fingerprint()))
                        if len(block) == BLOCK:
                            tally.known += self._ledger.record(block, source, self._clock())
                            block = []
                    else:
                        tally.reasons[parsed.reason] += 1
                        if len(tally.refused) < _NAMED_REFUSALS:
                            tally.refused.append(
                                {"line": line.number, "reason": str(parsed.reason), "secuencia": parsed.secuencia}
                            )
                else:
                    tally.end = True
        except UploadUnreadable as fault:
            tally.end = True
            tally.unreadable = {"after_line": tally.last, "reason": str(fault.reason), "detail": fault.detail}
        if block:
            tally.known += self._ledger.record(block, source, self._clock())
        return tally


def _count(tally: _Tally, event: Event) -> None:
    tally.types[event.event_type] += 1
    tally.sequences.setdefault(event.id_dispositivo, set()).add(event.secuencia)
    if "monto_centavos" in event.event_data:
        tally.cents += event.event_data["monto_centavos"]


def _receipt(work: Work, upload: Upload | None, device: str, tally: _Tally) -> dict[str, Any]:
    """The document of `include/schemas/mobile_receipt.schema.json`."""
    return {
        "schema": "podemos/mobile_receipt/1",
        "bucket": work.bucket,
        "key": work.key,
        "version": work.version,
        "device": device,
        "upload": upload.to_metadata() if upload else None,
        "first": tally.first,
        "last": tally.last,
        "end": tally.end,
        "lines": tally.lines,
        "types": dict(sorted(tally.types.items())),
        "cents": tally.cents,
        "reasons": {str(reason): count for reason, count in sorted(tally.reasons.items())},
        "refused": tally.refused,
        "ranges": {name: ranges(numbers) for name, numbers in sorted(tally.sequences.items())},
        "known": {
            "new": tally.known.new, "repeated": tally.known.repeated, "conflicting": tally.known.conflicting
        },
        "unreadable": tally.unreadable,
    }  # fmt: skip


def _device_of(key: str) -> str:
    named = parse_inbox_key(key)
    return named.id_dispositivo if named else ""
