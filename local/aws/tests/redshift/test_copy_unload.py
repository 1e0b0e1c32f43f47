"""COPY and UNLOAD against a real S3 endpoint."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from local.aws.tests.redshift.client import ROLE, Client

Put = Callable[[str, pa.Table], str]
COLUMNS = ("id", "monto", "nombre", "d", "ts", "ok")


def _table(**changed: pa.Array) -> pa.Table:
    columns = {
        "id": pa.array([1, 2], pa.int64()),
        "monto": pa.array([Decimal("1.25"), None], pa.decimal128(18, 2)),
        "nombre": pa.array(["Ñandú", None]),
        "d": pa.array([date(2026, 1, 31), None]),
        "ts": pa.array([datetime(2026, 1, 31, 10, 0, 0, 5), None], pa.timestamp("us")),
        "ok": pa.array([True, False]),
    }
    return pa.table({**columns, **changed})


@pytest.fixture(autouse=True)
def table(client: Client) -> None:
    client.run("CREATE SCHEMA IF NOT EXISTS core")
    client.run("DROP TABLE IF EXISTS core.t")
    client.run(
        "CREATE TABLE core.t (id BIGINT NOT NULL, monto DECIMAL(18,2), nombre VARCHAR(10), d DATE, ts TIMESTAMP, "
        "ok BOOLEAN) SORTKEY (id)"
    )


@pytest.fixture
def prefix() -> str:
    return f"t/{uuid4().hex}"


def _copy(prefix: str, more: str = "FORMAT AS PARQUET") -> str:
    return f"COPY core.t FROM 's3://lake/{prefix}' {ROLE} {more}"


def test_parquet_is_loaded_by_position_whatever_the_names(client: Client, put_parquet: Put, prefix: str) -> None:
    put_parquet(f"{prefix}/fecha=2026-01-31/a.parquet", _table())
    put_parquet(f"{prefix}/fecha=2026-02-01/b.parquet", _table().rename_columns(["a", "b", "c", "dd", "e", "f"]))
    submission = client.wait(client.start(_copy(prefix)))
    assert submission.head.error is None
    assert submission.parts[0].result is not None
    assert submission.parts[0].result.affected == 4
    assert client.run("SELECT DISTINCT * FROM core.t ORDER BY 1") == [
        ["1", "1.25", "Ñandú", "2026-01-31", "2026-01-31 10:00:00.000005", "t"],
        ["2", None, None, None, None, "f"],
    ]
    assert client.run("SELECT tbl_rows, unsorted, stats_off FROM svv_table_info WHERE \"table\" = 't'") == [
        ["4", "0.00", "0.00"]
    ]
    assert client.run(
        "SELECT status, loaded_rows, source_file_count FROM sys_load_history WHERE data_source = :s",
        s=f"s3://lake/{prefix}",
    ) == [["completed", "4", "2"]]


def test_two_columns_in_the_wrong_order_are_refused(client: Client, put_parquet: Put, prefix: str) -> None:
    put_parquet(f"{prefix}/a.parquet", _table().select(["id", "nombre", "monto", "d", "ts", "ok"]))
    error = client.fails(_copy(prefix))
    assert (
        f"File 's3://lake/{prefix}/a.parquet' has an incompatible Parquet schema for column 'monto' (position 2)"
        in error
    )


def test_another_number_of_columns_is_refused(client: Client, put_parquet: Put, prefix: str) -> None:
    put_parquet(f"{prefix}/a.parquet", _table().drop_columns(["ok"]))
    assert "Table columns: 6, Data columns: 5" in client.fails(_copy(prefix))


def test_a_value_in_the_path_is_no_column(client: Client, put_parquet: Put, prefix: str) -> None:
    put_parquet(f"{prefix}/ok=true/a.parquet", _table().drop_columns(["ok"]))
    assert "Unmatched number of columns" in client.fails(_copy(prefix))


def test_the_file_has_the_value_not_the_path(client: Client, put_parquet: Put, prefix: str) -> None:
    put_parquet(f"{prefix}/id=9/a.parquet", _table())
    client.run(_copy(prefix))
    assert client.run("SELECT id FROM core.t ORDER BY 1") == [["1"], ["2"]]


@pytest.mark.parametrize(
    ("column", "array"),
    [
        ("id", pa.array([1, 2], pa.uint64())),
        ("id", pa.array([1.0, 2.0])),
        ("id", pa.array(["1", "2"])),
        ("monto", pa.array([Decimal("1.250"), None], pa.decimal128(18, 3))),
        ("monto", pa.array([Decimal("1.25"), None], pa.decimal128(20, 2))),
        ("monto", pa.array([1.25, None])),
        ("d", pa.array(["2026-01-31", None])),
        ("ok", pa.array([1, 0], pa.int8())),
    ],
)
def test_a_type_that_could_lose_a_value_is_refused(
    client: Client, put_parquet: Put, prefix: str, column: str, array: pa.Array
) -> None:
    put_parquet(f"{prefix}/a.parquet", _table(**{column: array}))
    assert f"incompatible Parquet schema for column '{column}'" in client.fails(_copy(prefix))


def test_instants_become_utc_and_dictionaries_texts(client: Client, put_parquet: Put, prefix: str) -> None:
    instants = pa.array([datetime(2026, 1, 31, 10, tzinfo=UTC), None], pa.timestamp("us", tz="America/Mexico_City"))
    put_parquet(f"{prefix}/a.parquet", _table(ts=instants, nombre=pa.array(["x", "y"]).dictionary_encode()))
    client.run(_copy(prefix))
    assert client.run("SELECT nombre, ts FROM core.t ORDER BY id") == [["x", "2026-01-31 10:00:00"], ["y", None]]


def test_a_value_longer_in_bytes_names_column_file_and_row(client: Client, put_parquet: Put, prefix: str) -> None:
    put_parquet(f"{prefix}/a.parquet", _table())
    put_parquet(f"{prefix}/b.parquet", _table(nombre=pa.array(["ok", "ñandúñandú"])))
    error = client.fails(_copy(prefix))
    assert "Table: 10, Data: 14 bytes: column nombre character varying(10)" in error
    assert f"file s3://lake/{prefix}/b.parquet, row 2" in error
    assert client.run("SELECT count(*) FROM core.t") == [["0"]]
    kept = client.run(
        "SELECT line_number, column_name, error_code FROM sys_load_error_detail WHERE file_name = :f",
        f=f"s3://lake/{prefix}/b.parquet",
    )
    assert kept == [["2", "nombre", "1204"]]


def test_ten_bytes_fit_in_ten(client: Client, put_parquet: Put, prefix: str) -> None:
    put_parquet(f"{prefix}/a.parquet", _table(nombre=pa.array(["ñññññ", "0123456789"])))
    client.run(_copy(prefix))


def test_nul_and_null_name_the_row(client: Client, put_parquet: Put, prefix: str) -> None:
    put_parquet(f"{prefix}/nul/a.parquet", _table(nombre=pa.array(["ok", "a\x00b"])))
    assert "NUL (0x00) in text: column nombre" in client.fails(_copy(f"{prefix}/nul"))
    put_parquet(f"{prefix}/null/a.parquet", _table(id=pa.array([1, None], pa.int64())))
    assert "Missing data for not-null field: column id bigint" in client.fails(_copy(f"{prefix}/null"))


def test_a_missing_prefix_bucket_or_role(client: Client, put_parquet: Put, prefix: str) -> None:
    assert f"The specified S3 prefix '{prefix}' does not exist" in client.fails(_copy(prefix))
    assert "S3ServiceException" in client.fails(f"COPY core.t FROM 's3://nowhere/x' {ROLE} PARQUET")
    put_parquet(f"{prefix}/a.parquet", _table())
    assert "must specify IAM_ROLE" in client.fails(f"COPY core.t FROM 's3://lake/{prefix}' FORMAT PARQUET")
    assert "Invalid IAM_ROLE" in client.fails(f"COPY core.t FROM 's3://lake/{prefix}' IAM_ROLE 'x' FORMAT PARQUET")


def test_options_that_do_not_apply_are_refused_by_name(client: Client, prefix: str) -> None:
    assert "COPY option TRUNCATECOLUMNS with FORMAT PARQUET" in client.fails(_copy(prefix, "PARQUET TRUNCATECOLUMNS"))
    assert "COPY option MAXERROR with FORMAT PARQUET" in client.fails(_copy(prefix, "PARQUET MAXERROR 5"))
    assert "COPY FORMAT JSON" in client.fails(_copy(prefix, "FORMAT JSON"))
    assert "COPY/UNLOAD option READRATIO" in client.fails(_copy(prefix, "PARQUET READRATIO 5"))


def test_a_manifest_names_the_files(client: Client, put_parquet: Put, s3: Any, prefix: str) -> None:
    first = put_parquet(f"{prefix}/a.parquet", _table())
    put_parquet(f"{prefix}/b.parquet", _table())

    def write(*entries: dict[str, Any]) -> None:
        s3.put_object(Bucket="lake", Key=f"{prefix}/m.json", Body=json.dumps({"entries": entries}).encode())

    write(
        {"url": first, "mandatory": True, "meta": {"content_length": 1}},
        {"url": f"s3://lake/{prefix}/gone", "mandatory": False},
    )
    client.run(_copy(f"{prefix}/m.json", "PARQUET MANIFEST"))
    assert client.run("SELECT count(*) FROM core.t") == [["2"]]
    write({"url": f"s3://lake/{prefix}/gone", "mandatory": True})
    assert f"mandatory file s3://lake/{prefix}/gone does not exist" in client.fails(
        _copy(f"{prefix}/m.json", "PARQUET MANIFEST")
    )


def test_a_column_list_maps_by_position(client: Client, put_parquet: Put, prefix: str) -> None:
    put_parquet(f"{prefix}/a.parquet", _table().select(["nombre", "id"]))
    client.run(f"COPY core.t (nombre, id) FROM 's3://lake/{prefix}' {ROLE} PARQUET")
    assert client.run("SELECT id, nombre, monto FROM core.t ORDER BY 1") == [["1", "Ñandú", None], ["2", None, None]]


def test_csv_with_quotes_header_nulls_and_gzip(client: Client, s3: Any, prefix: str) -> None:
    text = 'id;monto;nombre;d;ts;ok\n1;1.25;"a;""b""\nc";2026-01-31;2026-01-31 10:00:00;t\n2;;NADA;;;f\n3;0.10;;;;\n'
    s3.put_object(Bucket="lake", Key=f"{prefix}/a.csv.gz", Body=gzip.compress(text.encode()))
    client.run(_copy(prefix, "CSV GZIP IGNOREHEADER 1 DELIMITER ';' NULL AS 'NADA'"))
    assert client.run("SELECT * FROM core.t ORDER BY id") == [
        ["1", "1.25", 'a;"b"\nc', "2026-01-31", "2026-01-31 10:00:00", "t"],
        ["2", None, None, None, None, "f"],
        ["3", "0.10", "", None, None, None],
    ]


def test_a_csv_value_that_does_not_convert_names_the_row(client: Client, s3: Any, prefix: str) -> None:
    s3.put_object(Bucket="lake", Key=f"{prefix}/a.csv", Body=b"id,m,n,d,t,o\n1,1.25,x,2026-01-31,,t\n2,1x,y,,,f\n")
    error = client.fails(_copy(prefix, "CSV IGNOREHEADER 1"))
    assert "Invalid value 1x for type numeric(18,2): column monto" in error
    assert f"file s3://lake/{prefix}/a.csv, row 3" in error


def test_unload_csv_keeps_the_order_and_every_digit(client: Client, s3: Any, prefix: str) -> None:
    client.run(
        "INSERT INTO core.t VALUES (1, 1.20, 'a,\"b\"', '2026-01-31', '2026-01-31 10:00:00.5', true), "
        "(2, NULL, '', NULL, NULL, false)"
    )
    query = "SELECT *, sum(id) OVER () AS s FROM core.t WHERE nombre <> ''x'' ORDER BY id DESC"
    client.run(f"UNLOAD ('{query}') TO 's3://lake/{prefix}/r' {ROLE} FORMAT AS CSV HEADER PARALLEL OFF MANIFEST")
    body = s3.get_object(Bucket="lake", Key=f"{prefix}/r000")["Body"].read().decode()
    assert body == 'id,monto,nombre,d,ts,ok,s\n2,,,,,f,3\n1,1.20,"a,""b""",2026-01-31,2026-01-31 10:00:00.5,t,3\n'
    manifest = json.loads(s3.get_object(Bucket="lake", Key=f"{prefix}/rmanifest")["Body"].read())
    assert manifest["entries"] == [
        {"url": f"s3://lake/{prefix}/r000", "meta": {"content_length": len(body.encode()), "record_count": 2}}
    ]


def test_unload_parquet_keeps_sums_exact(client: Client, s3: Any, prefix: str) -> None:
    client.run("INSERT INTO core.t (id) VALUES (9223372036854775807), (9223372036854775807)")
    client.run(f"UNLOAD ('SELECT sum(id) AS s FROM core.t') TO 's3://lake/{prefix}/r' {ROLE} PARQUET PARALLEL OFF")
    read = pq.read_table(io.BytesIO(s3.get_object(Bucket="lake", Key=f"{prefix}/r000.parquet")["Body"].read()))
    assert read.to_pylist() == [{"s": Decimal("18446744073709551614")}]


def test_unload_orders_parquet(client: Client, s3: Any, prefix: str) -> None:
    client.run(
        "INSERT INTO core.t (id) WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 5000) "
        "SELECT n FROM r"
    )
    client.run(
        f"UNLOAD ('SELECT id, sum(id) AS s FROM core.t GROUP BY id ORDER BY id DESC') TO 's3://lake/{prefix}/r' "
        f"{ROLE} PARQUET PARALLEL OFF"
    )
    read = pq.read_table(io.BytesIO(s3.get_object(Bucket="lake", Key=f"{prefix}/r000.parquet")["Body"].read()))
    assert read["id"].to_pylist() == list(range(5000, 0, -1))


def test_unload_refuses_a_target_that_is_not_empty(client: Client, s3: Any, prefix: str) -> None:
    unload = f"UNLOAD ('SELECT 1 AS x') TO 's3://lake/{prefix}/r' {ROLE} CSV PARALLEL OFF GZIP"
    client.run(unload)
    assert "is not empty" in client.fails(unload)
    client.run(f"{unload} ALLOWOVERWRITE")
    assert gzip.decompress(s3.get_object(Bucket="lake", Key=f"{prefix}/r000.gz")["Body"].read()) == b"1\n"
    assert client.fails(f"UNLOAD ('DELETE FROM core.t') TO 's3://lake/{prefix}/z' {ROLE} CSV").startswith(
        "ERROR: UNLOAD takes a SELECT"
    )


def test_a_dollar_quoted_query_and_the_default_name(client: Client, s3: Any, prefix: str) -> None:
    client.run(f"UNLOAD ($$SELECT 'it''s' AS x$$) TO 's3://lake/{prefix}/r' {ROLE} CSV")
    assert s3.get_object(Bucket="lake", Key=f"{prefix}/r0000_part_00")["Body"].read() == b"it's\n"
