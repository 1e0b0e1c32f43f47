"""Encrypted links to the branches: the contract, not the machine's own list, says whose certificates are trusted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from podemos.contracts.branches import Extraction
from podemos.contracts.loading import config_file
from podemos.core.errors import ContractViolation


def options(limits: Extraction) -> dict[str, Any]:
    """What the driver is told: nothing, or to encrypt, and to trust this authority alone.

    The driver checks the server's name as well: a certificate names the host, or the address, of the connection.

    Raises:
        ContractViolation: the file that the contract names is not there.
    """
    if limits.tls_ca is None:
        return {}
    path: Path = config_file(limits.tls_ca)
    if not path.is_file():
        raise ContractViolation(f"branches.yaml: tls_ca {limits.tls_ca}: no file {path}; put the authority's PEM there")
    return {"ssl": {"ca": str(path)}, "ssl_mode": "VERIFY_IDENTITY"}
