"""Delivers a certified day to the regulatory report: a control file in its inbox, only when something changed."""

from __future__ import annotations

from datetime import date
from typing import Any

from podemos.branches import keys
from podemos.core import manifest
from podemos.core.store import ObjectStore

_PROVENANCE = ("revision", "certificates")


def deliver(lake: ObjectStore, business_date: date, control: dict[str, Any]) -> str:
    """Writes the next control file, unless the last one says the same; returns the key of the one in force.

    Revision, certificates and instants are where the content comes from, not the content: pulling again what had not
    changed delivers nothing.
    """
    delivered = [found.key for found in lake.list(keys.controls(business_date))]
    if delivered:
        last, _ = manifest.read(lake, delivered[-1])
        if _content(last) == _content(control):
            return delivered[-1]
    number = int(delivered[-1].removesuffix(".json")[-4:]) if delivered else 0
    return manifest.commit(lake, keys.control(business_date, number + 1), control).key


def _content(control: dict[str, Any]) -> dict[str, Any]:
    branches = [{name: value for name, value in branch.items() if name != "as_of"} for branch in control["branches"]]
    return {name: value for name, value in control.items() if name not in _PROVENANCE} | {"branches": branches}
