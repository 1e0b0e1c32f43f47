"""Keys that all processes must share: random, made once, kept in `<state>/secrets.json` (mode 600)."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from pathlib import Path

from local.branches.settings import locked, read_json, write_json

_SECTION = "airflow"


@dataclass(frozen=True)
class Keys:
    """Airflow's keys: signing of API tokens and of sessions, encryption of stored passwords."""

    jwt: str
    session: str
    fernet: str


def keys(state: Path) -> Keys:
    """The keys of this state folder; other sections of the file are kept."""
    path = state / "secrets.json"
    with locked(path):
        document = read_json(path) or {}
        if _SECTION not in document:
            document[_SECTION] = {
                "jwt": secrets.token_urlsafe(48),
                "session": secrets.token_urlsafe(32),
                "fernet": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            }
            write_json(path, document, mode=0o600)
    return Keys(**document[_SECTION])
