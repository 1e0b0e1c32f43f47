"""Plants a one-cent lie at one hop, and says what it did: the night must refuse to publish and name it."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from local.judge.expected import PAID
from local.sources import truth
from local.sources.catalog import find, platform_names
from local.sources.deliver import Inbox, upload
from local.sources.generate import generate, with_a_cent_more

CENT = Decimal("0.01")
FINAL = {"FINISHED", "FAILED", "ABORTED"}
ROW_OF_BRANCH = """
SELECT MIN(id_pago) FROM core.pagos_historicos
 WHERE id_sucursal = :branch AND fecha_contable = :day AND status_pago = 'PAGADO'
"""
ADD_TO_PAYMENT = (
    "UPDATE core.pagos_historicos SET monto = monto + 0.01 WHERE id_sucursal = :branch AND id_pago = :payment"
)
ROW_OF_SOURCE = "SELECT MIN(id_movimiento) FROM core.movimientos WHERE id_sistema = :source AND fecha_contable = :day"
ADD_TO_MOVEMENT = """
UPDATE core.movimientos SET monto = monto + 0.01
 WHERE fecha_contable = :day AND id_sistema = :source AND id_movimiento = :movement
"""


class NothingToChange(RuntimeError):
    """The row that should be changed is not there."""


@dataclass(frozen=True)
class Planted:
    """One lie: the hop, the object or table, and the row in words."""

    hop: str
    place: str
    row: str


def in_source(inbox: Inbox, business_date: date, source_id: str, row: int) -> Planted:
    """One cent more in a row of a delivered file; its control file stays.

    Raises:
        NothingKnown: nothing was delivered for the date.
        UnknownSource: there is no such source.
        ValueError: there is no such row.
    """
    content = truth.record_of(inbox.state, business_date).content
    system = find(content.configured, source_id)
    honest = generate(content, system)
    lie = with_a_cent_more(content, system, honest, row)
    upload(inbox, lie)
    (changed,) = [file for file, before in zip(lie.files, honest.files, strict=True) if file.data != before.data]
    movement = [one for file in honest.files for one in file.movements][row - 1]
    return Planted("source", f"s3://{inbox.bucket}/{lie.prefix}{changed.name}", f"{movement.id_movimiento} (row {row})")


def in_landed(inbox: Inbox, business_date: date, branch: int, payment: int | None = None) -> Planted:
    """One cent more in the newest raw chunk that holds a payment of the branch (default: a paid one of the date).

    Raises:
        NothingToChange: no chunk holds it.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    prefix = f"raw/pagos/sucursal={branch:03d}/"
    for key in sorted(_keys(inbox, prefix), reverse=True):
        data = inbox.client.get_object(Bucket=inbox.bucket, Key=key)["Body"].read()
        table = pq.ParquetFile(pa.BufferReader(data)).read()
        at = _row(table.to_pylist(), business_date, payment)
        if at is None:
            continue
        amounts = table.column("monto").to_pylist()
        amounts[at] += CENT
        place = table.column_names.index("monto")
        column = pa.array(amounts, table.schema.field("monto").type)
        sink = io.BytesIO()
        pq.write_table(table.set_column(place, table.schema.field("monto"), column), sink, compression="zstd")
        inbox.client.put_object(Bucket=inbox.bucket, Key=key, Body=sink.getvalue())
        id_pago = table.column("id_pago")[at].as_py()
        return Planted("landed", f"s3://{inbox.bucket}/{key}", f"sucursal {branch:03d}, pago {id_pago}")
    what = f"payment {payment}" if payment else f"paid payment of {business_date}"
    raise NothingToChange(f"s3://{inbox.bucket}/{prefix}: no chunk holds a {what}; pull the branch first")


def in_warehouse_payment(redshift: Any, business_date: date, branch: int, payment: int | None = None) -> Planted:
    """One cent more in `core.pagos_historicos` (default: the first paid payment of the date).

    Raises:
        NothingToChange: the warehouse has no such row, or refused the change.
    """
    if payment is None:
        payment = _scalar(redshift, ROW_OF_BRANCH, branch=str(branch), day=business_date.isoformat())
    _change(redshift, ADD_TO_PAYMENT, branch=str(branch), payment=str(payment))
    return Planted("warehouse", "core.pagos_historicos", f"sucursal {branch:03d}, pago {payment}")


def in_warehouse_movement(redshift: Any, business_date: date, source_id: str, movement: str | None = None) -> Planted:
    """One cent more in `core.movimientos` (default: the source's first movement of the date).

    Raises:
        NothingToChange: the warehouse has no such row, or refused the change.
    """
    if movement is None:
        movement = str(_scalar(redshift, ROW_OF_SOURCE, source=source_id, day=business_date.isoformat()))
    _change(redshift, ADD_TO_MOVEMENT, source=source_id, movement=movement, day=business_date.isoformat())
    return Planted("warehouse", "core.movimientos", f"{source_id}, movement {movement}")


def _row(rows: list[dict[str, Any]], business_date: date, payment: int | None) -> int | None:
    """Position of the payment, or of the first paid one of the date."""
    for at, row in enumerate(rows):
        usual = row["status_pago"] == PAID and str(row["fecha_pago"]).startswith(business_date.isoformat())
        if row["id_pago"] == payment or (payment is None and usual):
            return at
    return None


def _keys(inbox: Inbox, prefix: str) -> Iterator[str]:
    for page in inbox.client.get_paginator("list_objects_v2").paginate(Bucket=inbox.bucket, Prefix=prefix):
        yield from (entry["Key"] for entry in page.get("Contents", ()))


def _scalar(redshift: Any, sql: str, **values: str) -> Any:
    found = _run(redshift, sql, values)
    cell = redshift.get_statement_result(Id=found["Id"])["Records"][0][0]
    if cell.get("isNull"):
        raise NothingToChange(f"the warehouse has no row for {values}; run the load first")
    return next(iter(cell.values()))


def _change(redshift: Any, sql: str, **values: str) -> None:
    if _run(redshift, sql, values)["ResultRows"] == 0:
        raise NothingToChange(f"the warehouse has no row for {values}; run the load first")


def _run(redshift: Any, sql: str, values: dict[str, str]) -> Any:
    """Run one statement to its end and return its description."""
    warehouse = platform_names()["warehouse"]
    parameters = [{"name": name, "value": value} for name, value in values.items()]
    statement = redshift.execute_statement(
        WorkgroupName=warehouse["workgroup"], Database=warehouse["database"], Sql=sql, Parameters=parameters
    )["Id"]
    while (found := redshift.describe_statement(Id=statement))["Status"] not in FINAL:
        time.sleep(0.1)
    if found["Status"] != "FINISHED":
        raise NothingToChange(f"the warehouse refused: {found.get('Error', found['Status'])}")
    return found
