"""Passwords of the simulated branches: random, generated once, kept in `<state>/secrets.json` (mode 600)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from pathlib import Path

from local.branches.settings import locked, read_json, write_json

SECTION = "branches"
ROOT = "root"


def passwords(state: Path, users: Iterable[str]) -> dict[str, str]:
    """The password of each user; missing ones are generated and saved.

    The file may hold sections of other parts of the local platform: they are kept.
    """
    path = state / "secrets.json"
    with locked(path):
        document = read_json(path) or {}
        known = document.setdefault(SECTION, {})
        fresh = [user for user in users if user not in known]
        known.update({user: secrets.token_urlsafe(18) for user in fresh})
        if fresh:
            write_json(path, document, mode=0o600)
    return {user: known[user] for user in users}
