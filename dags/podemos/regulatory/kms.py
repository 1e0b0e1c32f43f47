"""Signs a manifest with an asymmetric KMS key (ECC_NIST_P256): anyone with the public key can check it, without AWS."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from podemos.regulatory.publish import Signer

ALGORITHM = "ECDSA_SHA_256"


def kms_signer(client: Any, key_id: str) -> Signer:
    """A signer over a boto3 `kms` client. The manifest itself is sent: KMS hashes up to 4,096 bytes."""

    def sign(data: bytes) -> Mapping[str, str]:
        answer = client.sign(KeyId=key_id, Message=data, MessageType="RAW", SigningAlgorithm=ALGORITHM)
        return {
            "algorithm": ALGORITHM,
            "manifest_sha256": hashlib.sha256(data).hexdigest(),
            "signature": base64.b64encode(answer["Signature"]).decode(),
        }

    return Signer(key_id, sign)
