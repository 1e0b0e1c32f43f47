"""Which phones share their towers: those of the branches of one town. A region of mobile.yaml is too large."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from podemos.contracts.branches import branches
from podemos.contracts.mobile import mobile


@dataclass(frozen=True, slots=True)
class Town:
    """A branch's town, and the zone in which its clocks are set."""

    name: str
    zone: str


@cache
def town_table() -> dict[int, Town]:
    """`id_sucursal` → town, of every branch; `contracts.mobile.region_table` has checked that each has one."""
    names = [town for towns in mobile().regions.values() for town in towns]
    return {
        branch.number: Town(next(name for name in names if f"{branch.nombre} ".startswith(f"{name} ")), branch.zone)
        for branch in branches().branches
    }
