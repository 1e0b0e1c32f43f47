from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podemos.branches import packets

Value = bytes | None


def length(size: int) -> bytes:
    if size < 251:
        return bytes([size])
    width, mark = next((w, m) for w, m in ((2, 252), (3, 253), (8, 254)) if size < 256**w)
    return bytes([mark]) + size.to_bytes(width, "little")


def packet(number: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "little") + bytes([number % 256]) + payload


def reply(rows: list[tuple[Value, ...]]) -> bytes:
    payloads = (b"".join(b"\xfb" if v is None else length(len(v)) + v for v in row) for row in rows)
    return b"".join(packet(number, payload) for number, payload in enumerate(payloads, 250))


values = st.none() | st.binary(max_size=9) | st.sampled_from([b"\0" * n for n in (1, 2, 3, 9, 250, 251, 255, 256)])
tables = st.integers(1, 4).flatmap(lambda width: st.lists(st.tuples(*[values] * width), min_size=1, max_size=300))


@pytest.fixture(autouse=True)
def _guess_always(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packets, "_WORTH_GUESSING", 0)


@given(tables, st.integers(0, 5), st.integers(0, 9))
def test_rows_are_found_and_taken_apart_whatever_their_bytes(
    rows: list[tuple[Value, ...]], before: int, after: int
) -> None:
    said = reply(rows)
    data = bytearray(b"\0" * before + said + packet(7, b"cut off")[:after])
    starts, at = packets.split(data, before, len(data))
    assert (len(starts), at) == (len(rows), before + len(said))
    ends = np.append(starts[1:] - packets.HEADER, np.int32(at))
    columns = packets.columns(data, starts, ends, len(rows[0]))
    assert list(zip(*(column.to_pylist() for column in columns), strict=True)) == rows


def test_long_values_are_taken_apart() -> None:
    row = (b"x" * 250, b"y" * 251, None, b"z" * 70_000, b"")
    data = bytearray(reply([row, row]))
    starts, at = packets.split(data, 0, len(data))
    ends = np.append(starts[1:] - packets.HEADER, np.int32(at))
    columns = packets.columns(data, starts, ends, len(row))
    assert list(zip(*(column.to_pylist() for column in columns), strict=True)) == [row, row]


@given(tables, st.data())
def test_a_row_that_does_not_end_with_its_packet_is_refused(rows: list[tuple[Value, ...]], draw: st.DataObject) -> None:
    """Also where a length points far beyond the buffer: nothing is gathered before its place is known."""
    data = bytearray(reply(rows))
    starts, at = packets.split(data, 0, len(data))
    ends = np.append(starts[1:] - packets.HEADER, np.int32(at))
    row = draw.draw(st.integers(0, len(rows) - 1))
    place = int(starts[row])
    data[place : place + 9] = (b"\xfe" + draw.draw(st.binary(min_size=8, max_size=8)))[: len(data) - place]
    try:
        columns = packets.columns(data, starts, ends, len(rows[0]))
    except IndexError:
        return
    assert sum(len(value or b"") for column in columns for value in column.to_pylist()) < len(data)


def test_a_length_that_leads_back_is_refused() -> None:
    data = bytearray(b"\xfe\xfb\xff\xff\xff" + b"x" * 255)
    with pytest.raises(IndexError):
        packets.columns(data, np.zeros(1, np.int32), np.array([260], np.int32), 2)
