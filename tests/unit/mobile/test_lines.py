"""Lines come out in order and numbered whatever the upload holds, and memory stays small."""

import gzip
import io
import random
import tracemalloc
import zlib

import pytest

from podemos.mobile.envelope import LINE_BYTES
from podemos.mobile.lines import Unreadable, UploadUnreadable, event_of, read_lines


class Endless(io.RawIOBase):
    """A gzip stream of one pattern, made while it is read."""

    def __init__(self, pattern, size):
        self._pack, self._pattern, self._left, self._out = zlib.compressobj(1, wbits=31), pattern, size, b""

    def read(self, size=-1):
        while len(self._out) < size and self._left:
            piece = min(self._left, len(self._pattern))
            self._left -= piece
            self._out += self._pack.compress(self._pattern[:piece]) + (b"" if self._left else self._pack.flush())
        out, self._out = self._out[:size], self._out[size:]
        return out


def numbers(data, **options):
    return [(line.number, line.data, line.length) for line in read_lines(io.BytesIO(data), **options)]


def test_lines_are_numbered_with_the_empty_ones_and_end_with_any_newline():
    text = b"one\r\n\n  \ntwo\nthree"
    expected = [(1, b"one", 3), (4, b"two", 3), (5, b"three", 5)]
    assert numbers(text) == expected
    assert numbers(gzip.compress(text)) == expected
    assert numbers(gzip.compress(b"one\r\n\n") + gzip.compress(b"  \ntwo\nthree") + b"\0" * 7) == expected
    assert numbers(b"") == []


def test_a_line_across_many_chunks_is_one_line():
    long = b"a" * LINE_BYTES
    found = numbers(gzip.compress(long + b"\n" + long + b"b\nlast"))
    assert [(number, length) for number, _, length in found] == [(1, LINE_BYTES), (2, LINE_BYTES + 1), (3, 4)]
    assert event_of(next(read_lines(io.BytesIO(long + b"b")))).reason == "too_long"


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (Endless(b"\0" * 65_536, 2_000_000_000), Unreadable.BOMB),
        (Endless(random.Random(3).randbytes(1 << 20).replace(b"\n", b"n"), 10_000_000), None),
    ],
)
def test_a_bomb_of_two_gigabytes_and_lines_of_ten_megabytes_take_little_memory(stream, reason):
    tracemalloc.start()
    try:
        lengths = [line.length for line in read_lines(stream)] if reason is None else []
        if reason is not None:
            with pytest.raises(UploadUnreadable) as refused:
                list(read_lines(stream))
            assert refused.value.reason == reason
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000
    assert lengths == ([10_000_000] if reason is None else [])


def test_what_can_not_be_read_further_gives_the_lines_before_it():
    whole = gzip.compress(b"".join(b"%064x\n" % (number * 2654435761) for number in range(4_000)))
    for data, reason in ((whole[:-20], Unreadable.TRUNCATED), (whole[:-8] + b"\0" * 8, Unreadable.NOT_GZIP)):
        found = []
        with pytest.raises(UploadUnreadable) as refused:
            for line in read_lines(io.BytesIO(data)):
                found.append(line.number)
        assert refused.value.reason == reason
        assert found and found == list(range(1, len(found) + 1))
    with pytest.raises(UploadUnreadable, match="too_large"):
        numbers(whole, plain_bytes=200_000)
    with pytest.raises(UploadUnreadable, match="not_gzip"):
        numbers(b"{}", gzip_only=True)
