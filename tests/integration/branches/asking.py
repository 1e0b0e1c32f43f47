"""Statements that a test sends to the warehouse by itself."""

from __future__ import annotations

import time
from typing import Any

from .conftest import World


def run_sql(world: World, sql: str) -> str:
    api = world.client("redshift-data")
    statement = api.execute_statement(WorkgroupName="podemos", Database="analytics", Sql=sql)["Id"]
    while (found := api.describe_statement(Id=statement))["Status"] not in ("FINISHED", "FAILED", "ABORTED"):
        time.sleep(0.05)
    assert found["Status"] == "FINISHED", found.get("Error")
    return str(statement)


def ask(world: World, sql: str) -> list[list[Any]]:
    """Rows of an ad-hoc query of the judge."""
    statement = run_sql(world, sql)
    records = world.client("redshift-data").get_statement_result(Id=statement)["Records"]
    return [[None if cell.get("isNull") else next(iter(cell.values())) for cell in record] for record in records]


def amount_of(world: World, branch: int, key: int) -> str:
    sql = f"SELECT monto FROM core.pagos_historicos WHERE id_sucursal = {branch} AND id_pago = {key}"
    return str(ask(world, sql)[0][0])
