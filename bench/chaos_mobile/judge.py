"""Compares what a case left with the ideal set, which is computed from what the phones sent and nothing else.

Reads the lake with its own eyes: manifests as JSON, files as parquet; no module of the compaction is used.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pyarrow.parquet as pq

from bench.chaos_mobile.life import Life, live
from bench.chaos_mobile.phones import Version

WORDS = ("lost", "doubled", "differs_from_ideal", "half_published")
EVENTS = ("pago", "confirmacion", "foto", "geolocalizacion")
_ABOUT = {"region", "recibido_en", "otros", "objeto", "linea"}
Content = tuple[str, str, tuple[tuple[str, str], ...]]


@dataclass
class Verdict:
    """Counts, and per failed case what went wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    failed: dict[int, list[str]] = field(default_factory=dict)
    cases: dict[int, str] = field(default_factory=dict)

    def add(self, other: Verdict) -> None:
        """Adds another part's."""
        self.counts.update(other.counts)
        self.failed.update(other.failed)
        self.cases.update(other.cases)


def run(part: tuple[int, list[int], bool]) -> Verdict:
    """Some cases of a seed."""
    seed, cases, aloud = part
    verdict = Verdict()
    for case in cases:
        life = live(seed, case)
        found = Judge(life).judge()
        verdict.counts["runs"] += 1
        verdict.counts["crashes"] += life.crashes
        verdict.counts["meetings"] += life.meetings
        verdict.counts["uploads"] += len(life.received)
        verdict.cases[case] = hashlib.sha256(repr(sorted(life.received)).encode()).hexdigest()[:16]
        for word, _ in found:
            verdict.counts[word] += 1
        if found:
            verdict.failed[case] = [f"{word}: {text}" for word, text in found] + life.told
        if aloud:
            print("\n".join([*(f"{word}: {text}" for word, text in found), *life.told]))
    return verdict


class Judge:
    """One case."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._files: dict[str, list[dict[str, Any]]] = {}
        self._found: list[tuple[str, str]] = []

    def judge(self) -> list[tuple[str, str]]:
        """What is wrong, as (word, text)."""
        for fault in self._life.faults:
            self._say("half_published", fault)
        manifests = sorted(key for key in self._life.lake._objects if key.startswith("mobile/manifests/"))
        if len(manifests) != int(manifests[-1][-17:-5]) if manifests else self._life.received:
            self._say("half_published", f"{len(manifests)} manifests up to {manifests[-1:]}")
            return self._found
        wrong = [key for key in self._life.lake.overwritten if key != "index/mobile/latest_revision.json"]
        if wrong:
            self._say("half_published", f"overwritten: {wrong[:3]}")
        covered: dict[str, int] = {}
        paid: Counter[str] = Counter()
        for number, key in enumerate(manifests, 1):
            document = self._json(key)
            for name, _, _ in self._json(document["plan"]["key"])["objects"]:
                if name in covered:
                    self._say("doubled", f"{name} is covered by {covered[name]} and by {number}")
                covered[name] = number
            for file in document["delta"]["pago"]["files"]:
                paid.update(row["event_id"] for row in self._rows(file))
            self._state(number, document, covered)
        if left := sorted(self._life.received.keys() - covered.keys()):
            self._say("lost", f"never compacted: {left[:3]}")
        if manifests:
            self._payments(document, paid)
        return self._found

    def _state(self, number: int, document: dict[str, Any], covered: dict[str, int]) -> None:
        """Every revision must be exactly the ideal of the uploads that it covers; the last one's faults have names."""
        tables = self._tables(document)
        ideal = Ideal({key: covered[key] for key in covered}, self._life)
        words = ("lost", "doubled", "differs_from_ideal")
        before = len(self._found)
        self._events(tables, ideal)
        self._quarantine(tables.get("cuarentena", []), ideal)
        if set(covered) != self._life.received.keys():  # not the last state: whatever is wrong, a reader could see it
            self._found[before:] = [
                ("half_published", f"revision {number}: {text}") for word, text in self._found[before:] if word in words
            ]

    def _tables(self, document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        for month in document["months"].values():
            for name, partition in self._json(month["key"])["partitions"].items():
                for file in partition["files"]:
                    found.setdefault(name.split("/")[0], []).extend(self._rows(file))
        return found

    def _events(self, tables: dict[str, list[dict[str, Any]]], ideal: Ideal) -> None:
        kept: Counter[str] = Counter()
        for kind in EVENTS:
            for row in tables.get(kind, []):
                kept[row["event_id"]] += 1
                expected = ideal.stands.get(row["event_id"])
                if expected is None or expected != _content(kind, row):
                    self._say("differs_from_ideal", f"{row['event_id']}: {_content(kind, row)}, ideal {expected}")
        for event_id in ideal.stands.keys() - kept.keys():
            self._say("lost", f"{event_id} was sent and is in no table")
        for event_id, times in kept.items():
            if times > 1:
                self._say("doubled", f"{event_id} stands {times} times")

    def _quarantine(self, rows: list[dict[str, Any]], ideal: Ideal) -> None:
        refused = Counter((row["id"], row["motivo"]) for row in rows if row["motivo"] != "conflicting_content")
        wanted = Counter({(f"linea:{hashlib.sha256(line).hexdigest()[:32]}", why): 1 for line, why in ideal.refused})
        for each in (refused - wanted) + (wanted - refused):
            self._say("differs_from_ideal", f"quarantine {each}: {refused[each]} times, ideal {wanted[each]}")
        both = Counter(
            (row["event_id"], _told(row["contenido"]), _told(row["vigente_contenido"]), row["vigente_dispositivo"])
            for row in rows
            if row["motivo"] == "conflicting_content"
        )
        pairs = Counter(ideal.pairs())
        for pair in (both - pairs) + (pairs - both):
            self._say("differs_from_ideal", f"conflict {pair}: {both[pair]} times, ideal {pairs[pair]}")

    def _payments(self, document: dict[str, Any], paid: Counter[str]) -> None:
        """What the warehouse is given: each payment once."""
        kept = {row["event_id"] for row in self._tables(document).get("pago", [])}
        for event_id in kept - paid.keys():
            self._say("lost", f"payment {event_id} never goes to the warehouse")
        for event_id, times in paid.items():
            if times > 1 or event_id not in kept:
                self._say("doubled", f"payment {event_id} goes to the warehouse {times} times")

    def _rows(self, file: dict[str, Any]) -> list[dict[str, Any]]:
        key = file["key"]
        if key not in self._files:
            data = self._life.lake._objects.get(key, [b""])[0]
            if hashlib.sha256(data).hexdigest() != file["sha256"]:
                self._say("half_published", f"{key} is not there as its manifest says")
                return []
            self._files[key] = pq.read_table(io.BytesIO(data), use_threads=False).to_pylist()
        return self._files[key]

    def _json(self, key: str) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self._life.lake._objects[key][0])
        return document

    def _say(self, word: str, text: str) -> None:
        self._found.append((word, text[:400]))


class Ideal:
    """What must be known of some uploads: per id the version that came first, and what else was said.

    First is: compacted first; within one compaction received first, then by the upload's name and the line.
    """

    def __init__(self, covered: dict[str, int], life: Life) -> None:
        self.stands: dict[str, Content] = {}
        self.others: set[Content] = set()
        self.refused: set[tuple[bytes, str]] = set()
        arrived: list[tuple[int, str, str, int, Version]] = []
        for key, revision in covered.items():
            batch, received = life.received[key]
            for number, item in enumerate(batch.lines, 1):
                if isinstance(item, Version):
                    arrived.append((revision, received, key, number, item))
                else:
                    self.refused.add(item)
        for _, _, _, _, version in sorted(arrived, key=lambda each: each[:4]):
            content = (version.event_id, version.kind, version.fields)
            if self.stands.setdefault(version.event_id, content) != content:
                self.others.add(content)

    def pairs(self) -> list[tuple[str, Any, Any, str]]:
        """Of each conflict both versions, and who sent the one that stands."""
        found = []
        for content in self.others:
            event_id = content[0]
            standing = self.stands[event_id]
            found.append((event_id, content[1:], standing[1:], dict(standing[2])["id_dispositivo"]))
        return found


def _content(kind: str, row: dict[str, Any]) -> Content:
    fields = {name: _text(value) for name, value in row.items() if name not in _ABOUT and value is not None}
    return row["event_id"], kind, tuple(sorted(fields.items()))


def _told(text: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """A version as quarantine tells it."""
    document = json.loads(text)
    kind = document.pop("event_type")
    document["capturado_en"] = _stamp(document["capturado_en"])
    return kind, tuple(sorted((name, str(value)) for name, value in document.items()))


def _text(value: Any) -> str:
    return _stamp(value.isoformat()) if hasattr(value, "isoformat") else str(value)


def _stamp(text: str) -> str:
    """One form of an instant."""
    moment, _, _ = text.replace(" ", "T").partition("+")
    whole, _, micro = moment.partition(".")
    return f"{whole}.{micro or '000000'}Z"
