"""Pools by name; their sizes are in `include/config/airflow.yaml`, and a test holds the two together."""

from __future__ import annotations

from typing import Final

BRANCH_LINKS: Final = "branch_links"
"""Batches of branches pulled at once: protects the links, not the workers."""

WAREHOUSE_LOADS: Final = "warehouse_loads"
"""Load transactions in flight; a deferred load keeps its slot."""

MOBILE_COMPACTION: Final = "mobile_compaction"
"""One: two compactors at once are safe, but the second one's work is thrown away."""

REDSHIFT_MAINTENANCE: Final = "redshift_maintenance"
"""One: what rewrites tables of the warehouse runs alone, deferred or not."""
