"""The shipped stages of a night in order. Great Expectations is replaced by the gate's own predicate unless asked for.

`gate.judge` compares both verdicts whenever Great Expectations runs; a sample of every suite runs it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from podemos.regulatory import gate
from podemos.regulatory.publish import Signer
from podemos.regulatory.results import Level, Result, Severity

ALGORITHM = "ECDSA_SHA_256"


def predicate(results: Sequence[Result], level: Level, severity: Severity, needed: Sequence[str]) -> dict[str, Any]:
    """What the suites of Great Expectations say, without it: all pairs equal, and each needed source is there."""
    there = {result.source for result in results}
    return {"success": set(needed) <= there and all(result.equal for result in results)}


@contextmanager
def judged_by(*, great_expectations: bool) -> Iterator[None]:
    """Who answers for each suite while the gate judges."""
    if great_expectations:
        yield
        return
    with patch.object(gate, "judge_frame", predicate):
        yield


class Key:
    """An ECDSA P-256 key in the place of KMS.

    Args:
        folder: where the public key is put.
    """

    def __init__(self, folder: Path) -> None:
        self._private = ec.generate_private_key(ec.SECP256R1())
        self.public = folder / "public.pem"
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        self.public.write_bytes(self._private.public_key().public_bytes(serialization.Encoding.PEM, form))
        self.signer = Signer("alias/bench", self._sign)

    def _sign(self, data: bytes) -> Mapping[str, str]:
        signature = self._private.sign(data, ec.ECDSA(hashes.SHA256()))
        return {
            "algorithm": ALGORITHM,
            "manifest_sha256": hashlib.sha256(data).hexdigest(),
            "signature": base64.b64encode(signature).decode(),
        }


def at(clock: str) -> datetime:
    """An instant of the night after the day, by Mexico City's clock (UTC-6)."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, 20, hour + 6, minute, tzinfo=UTC)
