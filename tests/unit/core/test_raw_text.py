from __future__ import annotations

import pytest

from podemos.core import raw_text


@pytest.mark.parametrize("value", [b"", "ñ🙂".encode(), b"\xff", b"caf\xe9", b"\xed\xa0\x80", b"\x00", b"\x00bytes:ff"])
def test_every_byte_sequence_can_be_read_back(value: bytes) -> None:
    text = raw_text.carried(value)
    assert raw_text.original(text) == value
    text.encode()


def test_only_what_is_no_text_is_marked() -> None:
    assert raw_text.carried(b"caf\xe9") == "\x00bytes:636166e9"
    assert raw_text.carried("café".encode()) == "café"
