"""Bytes that are no text in their column's character set, carried as text that says so.

A branch's server sends the bytes of a utf8mb4 column as they lie there. Where they are no UTF-8 they travel as `MARK`
and their hexadecimal digits. A real text that begins with `MARK` travels so, too: the form is read back without doubt.
"""

from __future__ import annotations

MARK = "\x00bytes:"
"""No text of a till begins so, and the NUL keeps it out of the warehouse in any case."""


def carried(value: bytes) -> str:
    """The text that stands for a text column's bytes."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return MARK + value.hex()
    return MARK + value.hex() if text.startswith(MARK) else text


def original(text: str) -> bytes:
    """The inverse of `carried`."""
    return bytes.fromhex(text.removeprefix(MARK)) if text.startswith(MARK) else text.encode()


def spark(text: str) -> str:
    """An SQL expression of Spark for the source's own bytes, as a string that need not be UTF-8.

    Args:
        text: an expression of `carried` text.
    """
    mark = f"concat(char(0), '{MARK[1:]}')"
    return f"if(startswith({text}, {mark}), cast(unhex(substr({text}, {len(MARK) + 1})) as string), {text})"
