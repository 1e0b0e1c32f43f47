"""Airflow's pools, from include/config/airflow.yaml."""

from __future__ import annotations

from typing import Any

import yaml

from local.platform.rest import Airflow
from podemos.contracts.loading import config_file


def provision(api: Airflow) -> None:
    """Create the pools, or give them the configured size."""
    known = {pool["name"]: pool for pool in api.get("/pools", limit=100)["pools"]}
    for pool in wanted():
        old = known.get(pool["name"])
        if old is None:
            api.post("/pools", pool)
        elif any(old[key] != value for key, value in pool.items()):
            api.patch(f"/pools/{pool['name']}", {**pool, "pool": pool["name"]})


def wanted() -> list[dict[str, Any]]:
    """The configured pools as the REST API takes them."""
    path = config_file("airflow.yaml")
    return list(yaml.safe_load(path.read_text(encoding="utf-8"))["pools"])
