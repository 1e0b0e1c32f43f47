"""Which branches exist and in which IANA zone each lives, read from `include/config/branches.yaml`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
BRANCHES_FILE = REPOSITORY / "include" / "config" / "branches.yaml"


class UnknownBranch(ValueError):
    """A branch that the configuration does not name."""


@dataclass(frozen=True)
class Branch:
    """One branch: `number` 17 is written "017" everywhere, and its schema and user are `sucursal_017`."""

    number: int
    zone: str
    name: str

    @property
    def id(self) -> str:
        """The three digits of configuration, paths and commands."""
        return f"{self.number:03d}"

    @property
    def schema(self) -> str:
        """Schema and user name; built from digits only, so it is safe as an identifier."""
        return f"sucursal_{self.number:03d}"

    @property
    def tz(self) -> ZoneInfo:
        """The zone as an object."""
        return ZoneInfo(self.zone)


@cache
def _configured(path: Path) -> tuple[Branch, ...]:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    entries = document["branches"] if isinstance(document, dict) else document
    branches = []
    for position, entry in enumerate(entries, start=1):
        where = f"{path.name}: branches[{position}]"
        try:
            branch = Branch(number=int(entry["id"]), zone=entry["zone"], name=entry["nombre"])
        except KeyError as missing:
            raise UnknownBranch(f"{where}: the key {missing} is missing") from None
        except ValueError:
            raise UnknownBranch(f"{where}: id {entry['id']!r} is not a number such as 017") from None
        try:
            ZoneInfo(branch.zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise UnknownBranch(f"{where}: zone {branch.zone!r} is not an IANA zone") from None
        branches.append(branch)
    return tuple(sorted(branches, key=lambda branch: branch.number))


def first_branches(count: int, path: Path = BRANCHES_FILE) -> list[Branch]:
    """The first `count` branches by number.

    Raises:
        UnknownBranch: the configuration has fewer branches, or an entry is malformed.
    """
    configured = _configured(path)
    if not 1 <= count <= len(configured):
        raise UnknownBranch(f"{path.name} has {len(configured)} branches; {count} were asked for")
    return list(configured[:count])


def find(branches: Iterable[Branch], which: str | int) -> Branch:
    """The branch called 17, "17" or "017".

    Raises:
        UnknownBranch: it is not among `branches`.
    """
    known = {branch.number: branch for branch in branches}
    if str(which).isdigit() and int(which) in known:
        return known[int(which)]
    raise UnknownBranch(f"branch {which!r} does not exist here; known: {min(known):03d} to {max(known):03d}")
