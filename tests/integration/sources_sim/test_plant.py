from __future__ import annotations

import io
import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local.judge.plant import NothingToChange, in_landed, in_source, in_warehouse_movement, in_warehouse_payment
from local.sources import aws
from local.sources.day import Content
from local.sources.deliver import Inbox, deliver
from local.sources.generate import generate
from local.sources.scenarios import scenario
from tests.integration.sources_sim.sample import DAY, cents_of, rows_of

CHUNK = "raw/pagos/sucursal=017/fecha=2026-11-20/{}.parquet"
TABLES = """
CREATE SCHEMA core;
CREATE TABLE core.pagos_historicos (id_sucursal BIGINT, id_pago BIGINT, monto DECIMAL(18,2), fecha_contable DATE,
    status_pago VARCHAR(20)) DISTSTYLE EVEN SORTKEY (fecha_contable);
CREATE TABLE core.movimientos (fecha_contable DATE, id_sistema VARCHAR(40), id_movimiento VARCHAR(64),
    monto DECIMAL(18,2)) DISTSTYLE EVEN SORTKEY (fecha_contable);
INSERT INTO core.pagos_historicos VALUES (17, 1, 5.00, '2026-11-19', 'PENDIENTE');
INSERT INTO core.pagos_historicos VALUES (17, 2, 6.00, '2026-11-19', 'PAGADO');
INSERT INTO core.pagos_historicos VALUES (17, 3, 7.00, '2026-11-19', 'PAGADO');
INSERT INTO core.pagos_historicos VALUES (18, 2, 8.00, '2026-11-19', 'PAGADO');
INSERT INTO core.movimientos VALUES ('2026-11-19', 'spei', '002', 6.00);
INSERT INTO core.movimientos VALUES ('2026-11-19', 'spei', '001', 7.00);
INSERT INTO core.movimientos VALUES ('2026-11-19', 'movil', '001', 8.00)
"""


def test_a_cent_in_a_source_file_leaves_its_control_file_alone(inbox: Inbox, content: Content) -> None:
    list(deliver(inbox, content, scenario("complete", content)))
    system = next(one for one in content.configured if one.id == "cajeros")
    honest = generate(content, system)
    planted = in_source(inbox, DAY, "cajeros", 60)
    assert planted.place == f"s3://podemos-lake/{honest.prefix}{honest.files[-1].name}"
    assert planted.row.endswith("(row 60)")
    found = {key: inbox.client.get_object(Bucket=inbox.bucket, Key=key)["Body"].read() for key, _ in honest.objects()}
    changed = {key for key, data in honest.objects() if found[key] != data}
    assert changed == {honest.prefix + honest.files[-1].name}
    cents = sum(cents_of(system, row) for row in rows_of(system, found[changed.pop()]))
    assert cents == json.loads(honest.control)["files"][-1]["cents"] + 1


def put_chunk(inbox: Inbox, name: str, rows: list[dict[str, Any]]) -> bytes:
    schema = pa.schema(
        [("id_pago", pa.int64()), ("monto", pa.decimal128(18, 2)), ("fecha_pago", pa.string()),
         ("status_pago", pa.string())]
    )  # fmt: skip
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), sink)
    inbox.client.put_object(Bucket=inbox.bucket, Key=CHUNK.format(name), Body=sink.getvalue())
    return sink.getvalue()


def chunk(inbox: Inbox, name: str) -> list[tuple[int, Decimal]]:
    data = inbox.client.get_object(Bucket=inbox.bucket, Key=CHUNK.format(name))["Body"].read()
    table = pq.ParquetFile(pa.BufferReader(data)).read()
    assert table.schema.field("monto").type == pa.decimal128(18, 2)
    return [(row["id_pago"], row["monto"]) for row in table.to_pylist()]


def payment(number: int, status: str = "PAGADO", day: date = DAY) -> dict[str, Any]:
    return {"id_pago": number, "monto": Decimal("1.00"), "fecha_pago": f"{day} 09:00:00", "status_pago": status}


def test_a_cent_in_a_landed_chunk_hits_a_paid_payment_of_the_day(inbox: Inbox) -> None:
    put_chunk(inbox, "000000000001-00000", [payment(1), payment(2)])
    rows = [payment(1, "PENDIENTE"), payment(2, day=date(2026, 11, 18)), payment(3)]
    put_chunk(inbox, "000000000002-00000", rows)
    planted = in_landed(inbox, DAY, 17)
    assert planted.row == "sucursal 017, pago 3"
    assert planted.place.endswith("000000000002-00000.parquet")
    one, cent_more = Decimal("1.00"), Decimal("1.01")
    assert chunk(inbox, "000000000002-00000") == [(1, one), (2, one), (3, cent_more)]
    assert chunk(inbox, "000000000001-00000") == [(1, one), (2, one)]


def test_a_cent_in_a_named_payment_finds_the_chunk_that_holds_it(inbox: Inbox) -> None:
    put_chunk(inbox, "000000000001-00000", [payment(1), payment(2)])
    put_chunk(inbox, "000000000002-00000", [payment(3)])
    assert in_landed(inbox, DAY, 17, 2).place.endswith("000000000001-00000.parquet")
    with pytest.raises(NothingToChange, match="no chunk holds a payment 9; pull the branch first"):
        in_landed(inbox, DAY, 17, 9)
    with pytest.raises(NothingToChange, match="sucursal=018/: no chunk holds a paid payment of 2026-11-19"):
        in_landed(inbox, DAY, 18)


@pytest.fixture(scope="module")
def redshift(endpoint: str) -> Any:
    client = aws.client("redshift-data", endpoint)
    run(client, *TABLES.split(";\n"))
    return client


def run(client: Any, *statements: str) -> list[list[Any]]:
    place = {"WorkgroupName": "podemos", "Database": "analytics"}
    for sql in statements:
        statement = client.execute_statement(Sql=sql, **place)["Id"]
        while (found := client.describe_statement(Id=statement))["Status"] not in ("FINISHED", "FAILED"):
            pass
        assert found["Status"] == "FINISHED", (sql, found.get("Error"))
    if not found["HasResultSet"]:
        return []
    records = client.get_statement_result(Id=statement)["Records"]
    return [[next(iter(cell.values())) for cell in record] for record in records]


def test_a_cent_in_the_warehouse_changes_exactly_one_row(redshift: Any) -> None:
    assert in_warehouse_payment(redshift, DAY, 17).row == "sucursal 017, pago 2"
    assert in_warehouse_payment(redshift, DAY, 17, 3).row == "sucursal 017, pago 3"
    amounts = run(redshift, "SELECT id_sucursal, id_pago, monto FROM core.pagos_historicos ORDER BY 1, 2")
    assert amounts == [[17, 1, "5.00"], [17, 2, "6.01"], [17, 3, "7.01"], [18, 2, "8.00"]]
    assert in_warehouse_movement(redshift, DAY, "spei").row == "spei, movement 001"
    amounts = run(redshift, "SELECT id_sistema, id_movimiento, monto FROM core.movimientos ORDER BY 1, 2")
    assert amounts == [["movil", "001", "8.00"], ["spei", "001", "7.01"], ["spei", "002", "6.00"]]


def test_a_row_that_the_warehouse_lacks_cannot_be_changed(redshift: Any) -> None:
    with pytest.raises(NothingToChange, match="the warehouse has no row for .*run the load first"):
        in_warehouse_payment(redshift, DAY, 99)
    with pytest.raises(NothingToChange, match="the warehouse has no row for .*run the load first"):
        in_warehouse_movement(redshift, DAY, "spei", "999")


def test_nothing_can_be_planted_without_a_local_endpoint(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with pytest.raises(aws.NoEndpoint, match="AWS_ENDPOINT_URL is not set"):
        aws.client("s3")
