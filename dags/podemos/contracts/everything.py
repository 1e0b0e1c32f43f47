"""The whole configuration at once: nothing starts while a file of it is wrong, and all faults are told together."""

from __future__ import annotations

from collections.abc import Callable

from podemos.contracts.airflow import environment
from podemos.contracts.branches import branches
from podemos.contracts.delivery import delivery
from podemos.contracts.holidays import holidays
from podemos.contracts.mobile import mobile, region_table
from podemos.contracts.platform import platform
from podemos.contracts.register import cards
from podemos.contracts.roles import roles
from podemos.contracts.sources import policy, sources
from podemos.contracts.tables import tables
from podemos.core.errors import ContractViolation

READERS: tuple[Callable[[], object], ...] = (
    platform,
    environment,
    roles,
    sources,
    policy,
    delivery,
    lambda: tables(branches().extraction.tables),
    cards,
    mobile,
    region_table,
    holidays,
)


def check_everything() -> None:
    """Reads every configuration file that a night needs.

    Raises:
        ContractViolation: a line per faulty file, each with key and reason.
    """
    faults = []
    for read in READERS:
        try:
            read()
        except ContractViolation as fault:
            if str(fault) not in faults:
                faults.append(str(fault))
    if faults:
        raise ContractViolation("\n".join(faults))
