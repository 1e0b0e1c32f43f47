"""The fast way through a line gives what the careful one gives, or declines."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from podemos.mobile.envelope import Event, parse_line
from podemos.mobile.keys import inbox_key
from podemos.mobile.reading import Read, Reader
from podemos.mobile.rows import tables
from podemos.mobile.upload import MemoryUploads, Upload
from tests.unit.mobile import events

RECEIVED = events.START + timedelta(hours=2)
UPLOAD = Upload("phone-0001", "i1", "norte", 2, RECEIVED, RECEIVED)
WEIRD = [b"0", b"9", b"-", b" ", b'"', b"\\u0041", b"", b"}", b"2030-13"]
LINES = [event.canonical() for event in events.events(count=40)]


def read(data: bytes) -> Read:
    store = MemoryUploads()
    key = inbox_key(RECEIVED, "norte", "phone-0001", 1, 9, "0" * 64)
    store.put_upload(key, events.packed([data]), UPLOAD.to_metadata())
    reader = Reader(store, RECEIVED)
    reader.take(key, 0)
    return reader.read


def told(found: Read) -> tuple[object, ...]:
    """What columns hold, whichever way they were read."""
    return {name: table.to_pylist() for name, table in tables(found).items()}, found.lines


def carefully(monkeypatch: pytest.MonkeyPatch, data: bytes) -> Read:
    with monkeypatch.context() as patch:
        patch.setattr("podemos.mobile.reading._plain", lambda data: None)
        return read(data)


def test_every_line_of_a_phone_is_read_by_pattern(monkeypatch):
    monkeypatch.setattr("podemos.mobile.reading.parse_line", None)
    found = read(b"\n".join(LINES) + b"\n")
    assert found.lines == len(LINES) == sum(map(len, found.events.values()))
    assert [len(rows) for rows in found.events.values()] == [10, 10, 10, 10]


def test_both_ways_give_the_same_columns(monkeypatch):
    data = b"\n".join(LINES) + b"\n"
    assert told(read(data)) == told(carefully(monkeypatch, data))


@settings(max_examples=150, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(0, len(LINES) - 1), st.integers(1, 3))
def test_a_changed_line_is_judged_alike_by_both_ways(draw: random.Random, at: int, changes: int):
    line = bytearray(LINES[at])
    for _ in range(changes):
        place = draw.randrange(len(line))
        line[place : place + draw.randint(0, 2)] = draw.choice(WEIRD)
    with pytest.MonkeyPatch.context() as patch:
        assert told(read(bytes(line))) == told(carefully(patch, bytes(line)))


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"2026-11-20T", b"2026-02-30T"), (b"2026-11-20T", b"2031-11-20T"), (b"2026-11-20T", b"2025-01-01T"),
     (b'"lat":', b'"lat":0'), (b"id_sucursal\":", b"id_sucursal\":0"), (b"T15:", b"T24:")],
)  # fmt: skip
def test_what_the_careful_way_refuses_no_pattern_accepts(old, new):
    lines = [line.replace(old, new) for line in LINES if old in line]
    assert lines
    found = read(b"\n".join(lines))
    expected = [parse_line(line, RECEIVED) for line in lines]
    assert len(found.refused) == sum(not isinstance(each, Event) for each in expected)
    assert found.lines == len(lines)


def test_lines_are_counted_alike_when_empty_ones_and_returns_stand_between(monkeypatch):
    data = LINES[0] + b"\r\n\n  \n" + LINES[1] + b"\nnonsense\n" + LINES[2]
    quick = read(data.replace(b"\r", b""))
    assert [row[2] for rows in quick.events.values() for row in rows] == [
        row[2] for rows in read(data).events.values() for row in rows
    ]
    assert [row[2] for row in quick.refused] == [5]


def test_an_upload_that_says_nothing_of_itself_is_judged_by_its_key_or_the_listing():
    store = MemoryUploads()
    store.put_new("mobile/inbox/suelto", events.packed([LINES[0] + b"\n"]))
    reader = Reader(store, datetime(2026, 11, 21, tzinfo=UTC))
    reader.take("mobile/inbox/suelto", 0)
    assert reader.read.senders[0].recibido == "2026-11-21T00:00:00.000000Z"
    assert sum(map(len, reader.read.events.values())) == 1
