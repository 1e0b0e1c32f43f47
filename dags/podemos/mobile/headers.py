"""The header of an upload, read from HTTP headers: `include/schemas/mobile_batch.schema.json` in code."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from podemos.mobile.answers import Refusal
from podemos.mobile.envelope import MAX_SEQUENCE
from podemos.mobile.upload import PROTOCOL, is_token

MAX_LINES = 5000
_DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Beat:
    """What every request of a phone says of itself; see `podemos.mobile.upload.Upload`."""

    device: str
    install: str
    branch: int
    sent_at: datetime
    head: int
    pending: int


@dataclass(frozen=True, slots=True)
class BatchHeader:
    """The header of a batch.

    Attributes:
        beat: of the phone.
        attempt: 1 for the first sending.
        count: lines that are not empty.
        sha256: of the body.
        money: how many lines are payments or confirmations.
    """

    beat: Beat
    attempt: int
    count: int
    sha256: str
    money: int


def beat(headers: Mapping[str, str]) -> Beat:
    """Of any request.

    Raises:
        Refusal: 400 with the header's name, 426 for another protocol.
    """
    if (version := _header(headers, "protocol")) != str(PROTOCOL):
        raise Refusal(426, "protocol", f"Podemos-Protocol {version[:20]!r}: this server speaks {PROTOCOL}")
    return Beat(
        device(headers),
        _matching(headers, "install", is_token),
        _number(headers, "branch", 1, 9999),
        _instant(headers, "sent_at"),
        _number(headers, "head", 0, MAX_SEQUENCE),
        _number(headers, "pending", 0, MAX_SEQUENCE),
    )


def batch_header(headers: Mapping[str, str]) -> BatchHeader:
    """Of `POST /v1/batches`.

    Raises:
        Refusal: 400 with the header's name.
    """
    return BatchHeader(
        beat(headers),
        _number(headers, "attempt", 1, 1_000_000),
        _number(headers, "count", 1, MAX_LINES),
        sha256(headers),
        _number(headers, "money", 0, MAX_LINES, default="0"),
    )


def device(headers: Mapping[str, str]) -> str:
    """Podemos-Device."""
    return _matching(headers, "device", lambda text: _DEVICE.fullmatch(text) is not None)


def sha256(headers: Mapping[str, str]) -> str:
    """Podemos-Sha256."""
    return _matching(headers, "sha256", is_sha256)


def parts(headers: Mapping[str, str]) -> int:
    """Podemos-Parts."""
    return _number(headers, "parts", 1, 1000)


def is_sha256(text: str) -> bool:
    """64 hex digits in lower case."""
    return _SHA256.fullmatch(text) is not None


def _header(headers: Mapping[str, str], name: str, default: str | None = None) -> str:
    value = headers.get(_name(name), default)
    if value is None:
        raise Refusal(400, "invalid_header", f"{_name(name)} is missing")
    return value.strip()


def _name(name: str) -> str:
    return "podemos-" + name.replace("_", "-")


def _number(headers: Mapping[str, str], name: str, least: int, most: int, default: str | None = None) -> int:
    text = _header(headers, name, default)
    if not (text.isascii() and text.isdigit() and len(text) <= 12 and least <= int(text) <= most):
        raise Refusal(400, "invalid_header", f"{_name(name)} {text[:40]!r} is no whole number from {least} to {most}")
    return int(text)


def _matching(headers: Mapping[str, str], name: str, fits: Callable[[str], bool]) -> str:
    text = _header(headers, name)
    if not fits(text):
        raise Refusal(400, "invalid_header", f"{_name(name)} {text[:80]!r}")
    return text


def _instant(headers: Mapping[str, str], name: str) -> datetime:
    text = _header(headers, name)
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None or not 1970 <= found.year < 9999:
            raise ValueError
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Refusal(400, "invalid_header", f"{_name(name)} {text[:40]!r} is no instant with a zone") from None
