"""A Redshift Data API whose statements really execute: moto in front, DuckDB behind (see README.md)."""

from __future__ import annotations

import atexit
from pathlib import Path


def install(home: Path, endpoint: str) -> None:
    """Patch moto's Redshift Data API in this process; call it before the server starts.

    Args:
        home: folder of `warehouse.duckdb`; created. One process at a time can hold the file.
        endpoint: URL under which COPY and UNLOAD reach S3 (the same server).

    Raises:
        WarehouseBusy: another process holds the file.
    """
    from local.aws.redshift.data_api import DataApi, patch
    from local.aws.redshift.executions import Executions
    from local.aws.redshift.warehouse import Warehouse

    home.mkdir(parents=True, exist_ok=True)
    warehouse = Warehouse(home / "warehouse.duckdb", endpoint)
    executions = Executions(warehouse)
    patch(DataApi(executions))
    atexit.register(warehouse.close)
    atexit.register(executions.stop)  # runs first
