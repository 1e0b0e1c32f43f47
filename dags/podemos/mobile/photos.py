"""Photos of payments: sent in parts that may arrive in any order and any number of times, whole once their hash agrees.

Content-addressed: a photo's name is its SHA-256, so sending it again, by whichever phone, changes nothing.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress

from podemos.core.errors import AlreadyExists, NotFound
from podemos.mobile import headers
from podemos.mobile.answers import Answer, Refusal, Request
from podemos.mobile.keys import photo_key, photo_part_key
from podemos.mobile.upload import UploadStore

PART_BYTES = 512_000
"""Of one part. A phone on a slow link sends smaller ones."""
PHOTO_BYTES = 20_000_000
_NAMED_MISSING = 100


class Photos:
    """`/v1/photos/<sha256>` and below.

    Args:
        store: the lake.
    """

    def __init__(self, store: UploadStore) -> None:
        self._store = store

    def answer(self, request: Request) -> Answer:
        """One request.

        Raises:
            Refusal: with the error's name.
        """
        device = headers.device(request.headers)
        match (request.method, *request.path.strip("/").split("/")[2:]):
            case ("GET", sha256) if headers.is_sha256(sha256):
                return self._there(device, sha256, headers.parts(request.headers))
            case ("PUT", sha256, part) if headers.is_sha256(sha256) and part.isascii() and part.isdigit():
                return self._part(device, sha256, part, request)
            case ("POST", sha256, "complete") if headers.is_sha256(sha256):
                return self._complete(device, sha256, headers.parts(request.headers))
        raise Refusal(404, "not_found", f"{request.method} {request.path[:200]}; see docs/mobile-protocol.md")

    def _there(self, device: str, sha256: str, parts: int) -> Answer:
        if self._store.head(photo_key(sha256)):
            return Answer(200, {"sha256": sha256, "complete": True, "parts": []})
        return Answer(200, {"sha256": sha256, "complete": False, "parts": sorted(self._parts(device, sha256, parts))})

    def _part(self, device: str, sha256: str, part: str, request: Request) -> Answer:
        number, parts = int(part) if len(part) <= 4 else 0, headers.parts(request.headers)
        if not 1 <= number <= parts:
            raise Refusal(400, "invalid_part", f"part {part[:20]} is not from 1 to {parts}")
        if not 1 <= len(request.body) <= PART_BYTES:
            raise Refusal(413, "too_large", f"{len(request.body)} bytes, from 1 to {PART_BYTES}")
        digest = hashlib.sha256(request.body).hexdigest()
        if digest != headers.sha256(request.headers):
            raise Refusal(400, "corrupted", f"SHA-256 of the body is {digest}")
        body = {"sha256": sha256, "part": number}
        if self._store.head(photo_key(sha256)):
            return Answer(200, {**body, "complete": True})
        key = photo_part_key(device, sha256, parts, number)
        try:
            self._store.put_new(key, request.body, "application/octet-stream")
        except AlreadyExists:
            if self._store.get(key) != request.body:
                raise Refusal(
                    409, "part_differs", f"part {number} of {parts} has other bytes; cut it otherwise"
                ) from None
            return Answer(200, {**body, "complete": False})
        return Answer(201, {**body, "complete": False})

    def _complete(self, device: str, sha256: str, parts: int) -> Answer:
        """Joins the parts; the photo exists only once its hash agrees."""
        key = photo_key(sha256)
        if known := self._store.head(key):
            return Answer(200, {"sha256": sha256, "complete": True, "bytes": known.size})
        there = self._parts(device, sha256, parts)
        if missing := [number for number in range(1, parts + 1) if number not in there]:
            raise Refusal(409, "parts_missing", f"{len(missing)} of {parts}", missing=missing[:_NAMED_MISSING])
        if (size := sum(there[number] for number in range(1, parts + 1))) > PHOTO_BYTES:
            raise Refusal(413, "too_large", f"{size} bytes, at most {PHOTO_BYTES}")
        try:
            data = b"".join(
                self._store.get(photo_part_key(device, sha256, parts, number)) for number in range(1, parts + 1)
            )
        except NotFound:
            raise Refusal(409, "parts_missing", "a part has expired; ask which are there", missing=[]) from None
        digest = hashlib.sha256(data).hexdigest()
        if digest != sha256:
            raise Refusal(
                422,
                "other_photo",
                f"SHA-256 of the {parts} parts is {digest}; cut it into another number and send it again",
            )
        with suppress(AlreadyExists):  # another request was first, with the same bytes: its name is their hash
            self._store.put_new(key, data, "image/jpeg")
        return Answer(201, {"sha256": sha256, "complete": True, "bytes": len(data)})

    def _parts(self, device: str, sha256: str, parts: int) -> dict[int, int]:
        """Number → size of the parts that are there, of a photo cut into so many."""
        prefix = photo_part_key(device, sha256, parts, 0).removesuffix("0000")
        return {
            int(info.key.removeprefix(prefix)): info.size
            for info in self._store.list(prefix)
            if info.key.removeprefix(prefix).isdigit()
        }
