"""What was landed: one create-once manifest per chunk. A chunk that no manifest names does not exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from podemos.branches import bound as bounds
from podemos.branches import keys
from podemos.branches.bound import HoldBack
from podemos.branches.rotation import Older
from podemos.branches.state import Position, Watermark
from podemos.core.clock import from_iso, iso
from podemos.core.fingerprint import Fingerprint


@dataclass(frozen=True, slots=True)
class Chunk:
    """A landed parquet file. `amounts` is the packed evidence (see `chunk.pack`)."""

    key: str
    sha256: str
    rows: int
    cents: int
    size: int
    amounts: str = ""

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "key": self.key,
            "sha256": self.sha256,
            "rows": self.rows,
            "cents": self.cents,
            "size": self.size,
            "amounts": self.amounts,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Chunk:
        """The inverse of `to_dict`."""
        return cls(**data)


@dataclass(frozen=True, slots=True)
class Range:
    """A part's place in a range: all rows the snapshot had in a branch-local day, or in a table without one.

    Attributes:
        day: the day, or `keys.UNDATED`; empty for a look back.
        page: from 1; the parts before it in the same pull are the pages before.
        complete: the last page. Only then is a row that is in none of them a row the snapshot had not.
        gone: keys that the branch was asked for and has not: a statement of this part alone, of a range that was
            narrowed and is therefore never complete.
        cut: into how many key ranges it was cut; 0 when it was read whole.
        read: how many of them were read.
        owed: it was read because a certification found it different; not because it is new.
    """

    day: str
    page: int
    complete: bool
    gone: tuple[tuple[str, ...], ...] = ()
    cut: int = 0
    read: int = 0
    owed: bool = True

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Range:
        """The inverse of `asdict`."""
        return cls(**{**data, "gone": tuple(tuple(key) for key in data.get("gone", ()))})


@dataclass(frozen=True, slots=True)
class Part:
    """A committed part of a pull.

    Attributes:
        seq: the snapshot sequence (of the lease).
        part: from 1.
        final: the snapshot was read to its end; then `fingerprints` holds what the branch's server computed in it.
        as_of: an instant before the snapshot was opened.
        hold_back: why `bound` lies where it does; None in manifests from before this was recorded.
        since: the first branch-local day of `fingerprints`; None for a table without a business date.
        fingerprints: by day text; by `keys.UNDATED` for a table without a business date.
        older: what `fingerprints` covers beside the days from `since` on.
        first: only of a first load, whose pages are in order of the key: the watermark that the part leaves.
        range: the part is no page by the watermark but one of a range, read after the final part in the same snapshot.
        whole: only of a table without a cursor: its fingerprint when it was read in one go to its end; else empty.
        look_back: the part holds rows below the pull's start, from so many seconds on before the clock of the snapshot
            before; see `look_back`.
        new_columns: columns of the branch that the contract does not know, in words.
        tail_rows: rows above the watermark's bound: landed, and fetched again by the next pull.
    """

    table: str
    branch: str
    day: date
    seq: int
    part: int
    final: bool
    as_of: datetime
    start: Position | None
    reached: Position | None
    bound: str
    contract: str
    chunk: Chunk | None
    tail_rows: int = 0
    since: date | None = None
    fingerprints: Mapping[str, Fingerprint] = field(default_factory=dict)
    range: Range | None = None
    hold_back: HoldBack | None = None
    whole: str | None = None
    older: Older | None = None
    first: Watermark | None = None
    look_back: int = 0
    new_columns: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The manifest's key."""
        return keys.pull(self.table, self.branch, self.day, self.seq, self.part)

    @property
    def watermark(self) -> Watermark:
        """Where the next pull starts when this part is landed.

        A table without a cursor has no place: while it is read its key says where to go on, then its fingerprint says
        which content is landed.
        """
        if self.first is not None:
            return self.first
        if self.whole is not None:
            return Watermark(Position(self.whole) if self.final else self.reached or Position(""), self.as_of)
        reached = self.reached or self.start or bounds.BEGINNING
        return Watermark(bounds.held_back(reached, self.bound), self.as_of)

    @property
    def clock(self) -> str:
        """The branch's wall clock at the snapshot, as the cursor renders it; empty where no time says what is new."""
        return bounds.clock(self.bound, self.hold_back.seconds) if self.hold_back else ""

    def to_dict(self) -> dict[str, Any]:
        """The manifest."""
        return {
            "kind": "branches.pull",
            "table": self.table,
            "branch": self.branch,
            "day": self.day.isoformat(),
            "seq": self.seq,
            "part": self.part,
            "final": self.final,
            "as_of": iso(self.as_of),
            "start": self.start.to_dict() if self.start else None,
            "reached": self.reached.to_dict() if self.reached else None,
            "bound": self.bound,
            "hold_back": self.hold_back.to_dict() if self.hold_back else None,
            "whole": self.whole,
            "first": self.first.to_dict() if self.first else None,
            "look_back": self.look_back,
            "contract": self.contract,
            "new_columns": list(self.new_columns),
            "chunk": self.chunk.to_dict() if self.chunk else None,
            "tail_rows": self.tail_rows,
            "since": self.since.isoformat() if self.since else None,
            "older": self.older.to_dict() if self.older else None,
            "fingerprints": {day: value.to_dict() for day, value in self.fingerprints.items()},
            "range": asdict(self.range) if self.range else None,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Part:
        """The inverse of `to_dict`."""
        return cls(
            table=data["table"],
            branch=data["branch"],
            day=date.fromisoformat(data["day"]),
            seq=data["seq"],
            part=data["part"],
            final=data["final"],
            as_of=from_iso(data["as_of"]),
            start=Position.from_dict(data["start"]) if data["start"] else None,
            reached=Position.from_dict(data["reached"]) if data["reached"] else None,
            bound=data["bound"],
            hold_back=HoldBack.from_dict(data["hold_back"]) if data.get("hold_back") else None,
            whole=data.get("whole"),
            first=Watermark.from_dict(data["first"]) if data.get("first") else None,
            older=Older.from_dict(data.get("older")),
            look_back=data.get("look_back", 0),
            contract=data["contract"],
            new_columns=tuple(data.get("new_columns", ())),
            chunk=Chunk.from_dict(data["chunk"]) if data["chunk"] else None,
            tail_rows=data["tail_rows"],
            since=date.fromisoformat(data["since"]) if data["since"] else None,
            fingerprints={day: Fingerprint.from_dict(value) for day, value in data["fingerprints"].items()},
            range=Range.from_dict(data["range"]) if data.get("range") else None,
        )
