"""One fingerprint in six engines: MariaDB, Spark, DuckDB, Arrow, the warehouse and Python agree on hostile rows.

FINGERPRINT_ROWS (default 20000) sets how many; the digests' sum is far beyond 2^63 either way.
"""

from __future__ import annotations

import hashlib
import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import boto3
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from local.aws.testing import running_server
from local.branches.testing import running_branches
from podemos.branches import chunk
from podemos.contracts.loading import check
from podemos.contracts.row_digests import row_cents, row_digests
from podemos.contracts.tables import TableContract
from podemos.core import fingerprint
from podemos.core.fingerprint import Fingerprint
from podemos.core.money import parse_cents

ROWS = int(os.environ.get("FINGERPRINT_ROWS", "20000"))
DAGS = Path(__file__).resolve().parents[2] / "dags"
CONTRACT = check(
    TableContract,
    {
        "table": "hostil",
        "comment": "Renglones difíciles de igualar",
        "warehouse": "core.hostil",
        "columns": [
            {"name": "id", "type": "INTEGER", "comment": "Identificador"},
            {"name": "texto", "type": "VARCHAR(200)", "comment": "Texto hostil", "nullable": True},
            {"name": "clave", "type": "VARCHAR(20)", "comment": "Texto corto"},
            {"name": "monto", "type": "DECIMAL(18,2)", "comment": "Monto en MXN"},
            {"name": "tasa", "type": "DECIMAL(9,4)", "comment": "Cuatro decimales", "nullable": True},
            {"name": "fino", "type": "DECIMAL(38,6)", "comment": "Seis decimales"},
            {"name": "alta", "type": "DATE", "comment": "Una fecha", "nullable": True},
            {"name": "visto", "type": "DATETIME(6)", "comment": "Con microsegundos"},
            {"name": "momento", "type": "DATETIME(0)", "comment": "Sin ellos", "nullable": True},
            {"name": "folio", "type": "DECIMAL(20,0)", "comment": "Sin signo", "nullable": True},
            {"name": "exacto", "type": "VARCHAR(68)", "comment": "Treinta decimales", "nullable": True},
            {"name": "anio", "type": "VARCHAR(4)", "comment": "Un año"},
            {"name": "dura", "type": "VARCHAR(17)", "comment": "Un tiempo"},
            {"name": "tipo", "type": "VARCHAR(8)", "comment": "De una lista"},
            {"name": "marcas", "type": "VARCHAR(8)", "comment": "Varias de una lista"},
        ],
        "primary_key": ["id"],
        "cursor": "visto",
        "amount": "monto",
        "owner": "data-platform",
        "steward": "pruebas",
        "product": "pruebas",
        "criticality": "tier-3",
        "retention": "ninguna",
        "consumers": ["pruebas"],
    },
    "hostil",
)
TABLE = CONTRACT.compiled()
PIECES = [
    "", " ", "a", "ñ", "É", "漢字", "🙂", "\t", "\n", "\r\n", "\\", "\\N", "'", '"', "NULL", ":", "-1:", "3:abc",
    "\x01", "\x1a", "\x1f", "e\u0301", "\u00e9", "\u200b", "ß", "%", ";--", "|", " x ", "0", "-0", "1e5",
]  # fmt: skip
Row = tuple[str | None, ...]


def hostile(count: int, seed: int = 20261119) -> list[Row]:
    """Rows as source text."""
    rng = random.Random(seed)

    def text(longest: int) -> str:
        return "".join(rng.choice(PIECES) for _ in range(rng.randrange(12)))[:longest]

    def moment(micros: bool) -> str:
        day = f"{rng.randrange(1970, 2039)}-{rng.randrange(1, 13):02d}-{rng.randrange(1, 29):02d}"
        clock = f"{rng.randrange(24):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}"
        return f"{day} {clock}.{rng.randrange(10**6):06d}" if micros else f"{day} {clock}"

    def decimal(digits: int, scale: int) -> str:
        size = rng.randrange(1, digits - scale + 1)
        whole = rng.choice([0, 0, 1, rng.randrange(10**size), 10**size - 1])
        fraction = rng.choice([0, 1, 10**scale - 1, rng.randrange(10**scale)])
        sign = "-" if (whole or fraction) and rng.random() < 0.3 else ""
        return f"{sign}{whole}.{fraction:0{scale}d}"

    def maybe(value: str) -> str | None:
        return None if rng.random() < 0.1 else value

    return [
        (str(number if number % 7 else -(2**63) + number), maybe(text(200)), text(20), decimal(14, 2),
         maybe(decimal(9, 4)), decimal(38, 6), maybe(moment(False)[:10]), moment(True), maybe(moment(False)),
         maybe(str(rng.choice([0, 1, 2**63, 2**64 - 1, rng.randrange(2**64)]))), maybe(decimal(65, 30)),
         rng.choice(["0000", "1901", "2026", "2155"]), rng.choice(["-838:59:59.0", "00:00:00.1", "23:59:59.9"]),
         rng.choice(["", "uno", "ñandú"]), rng.choice(["", "a", "a,b", "b,c"]))
        for number in range(1, count + 1)
    ]  # fmt: skip


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return hostile(ROWS)


@pytest.fixture(scope="module")
def expected(rows: list[Row]) -> Fingerprint:
    found = fingerprint.of_rows(rows, [parse_cents(row[3] or "0") for row in rows])
    assert found.digest > 2**63
    return found


@pytest.fixture(scope="module")
def landed(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """As a pull lands them."""
    page = chunk.Page(TABLE, "017", 1)
    page.extend([chunk.columns_of(tuple(tuple(None if v is None else v.encode() for v in row) for row in rows))])
    path = tmp_path_factory.mktemp("hostil") / "hostil.parquet"
    path.write_bytes(chunk.encode(page))
    return path


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = (
        SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "2")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


def of(row: Any) -> Fingerprint:
    return Fingerprint(*(int(value) for value in row))


def test_python_is_the_definition() -> None:
    text = fingerprint.row_text(["1", None, "ñ", ""])
    assert text == b"1:1-1:2:\xc3\xb10:"
    assert fingerprint.row_digest(text) == int(hashlib.md5(text).hexdigest()[:15], 16)


def test_mariadb(rows: list[Row], expected: Fingerprint, tmp_path: Path) -> None:
    columns = (
        "id BIGINT PRIMARY KEY, texto VARCHAR(200), clave VARCHAR(20) CHARACTER SET utf8mb4, monto DECIMAL(18,2), "
        "tasa DECIMAL(9,4), fino DECIMAL(38,6), alta DATE, visto DATETIME(6), momento DATETIME, folio BIGINT UNSIGNED, "
        "exacto DECIMAL(65,30), anio YEAR, dura TIME(1), tipo ENUM('', 'uno', 'ñandú'), marcas SET('a', 'b', 'c')"
    )
    with running_branches(tmp_path, branches=1, rows=60) as sources, closing(sources.root("001")) as root:
        cursor = root.cursor()
        cursor.execute(f"CREATE TABLE hostil ({columns}) CHARACTER SET utf8mb4")
        cursor.execute("SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES'")
        root.query("SET NAMES utf8mb4")
        cursor.execute("SET SESSION sql_mode = 'STRICT_ALL_TABLES'")
        insert = "INSERT INTO hostil VALUES (" + ",".join(["%s"] * len(TABLE.columns)) + ")"
        for at in range(0, len(rows), 5000):
            cursor.executemany(insert, rows[at : at + 5000])
        cursor.execute(f"SELECT {fingerprint.mysql(TABLE)} FROM hostil")
        assert of(cursor.fetchone()) == expected


def test_spark(spark: SparkSession, landed: Path, expected: Fingerprint) -> None:
    spark.read.parquet(str(landed)).createOrReplaceTempView("hostil")
    row = spark.sql(f"SELECT {fingerprint.spark(TABLE, curated=False)} FROM hostil").first()
    assert of(row) == expected


def test_arrow(landed: Path, expected: Fingerprint) -> None:
    rows = pq.read_table(landed)
    digests, cents = row_digests(rows, TABLE).to_pylist(), row_cents(rows, TABLE).to_pylist()
    assert Fingerprint(len(digests), sum(cents), sum(digests)) == expected


def test_duckdb(landed: Path, expected: Fingerprint) -> None:
    with closing(duckdb.connect()) as engine:
        select = fingerprint.duckdb(TABLE, curated=False)
        row = engine.execute(f"SELECT {select} FROM read_parquet('{landed}')").fetchone()
    assert of(row) == expected


def test_the_warehouse(landed: Path, expected: Fingerprint, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Loaded by COPY into a table of the curated shape (`<c>_origen` holds the source text)."""
    source = pq.read_table(landed)
    names, types = [], []
    for column in TABLE.columns:
        names.append(f"{column.name}_origen" if column.kind.temporal else column.name)
        types.append(next(d.type for d in TABLE.curated_columns() if d.name == names[-1]))
    data = pa.table(dict(zip(names, source.columns, strict=False)))
    loaded = tmp_path_factory.mktemp("copy") / "hostil.parquet"
    pq.write_table(data, loaded)
    with running_server(tmp_path_factory.mktemp("aws")) as endpoint:

        def client(service: str) -> Any:
            return boto3.client(
                service,
                endpoint_url=endpoint,
                region_name="us-east-1",
                aws_access_key_id="x",
                aws_secret_access_key="x",
            )

        client("s3").create_bucket(Bucket="lake")
        client("s3").put_object(Bucket="lake", Key="h/hostil.parquet", Body=loaded.read_bytes())
        api = client("redshift-data")

        def run(sql: str) -> str:
            statement = api.execute_statement(WorkgroupName="podemos", Database="analytics", Sql=sql)["Id"]
            while (found := api.describe_statement(Id=statement))["Status"] not in ("FINISHED", "FAILED", "ABORTED"):
                time.sleep(0.05)
            assert found["Status"] == "FINISHED", found.get("Error")
            return str(statement)

        body = ", ".join(f"{name} {kind}" for name, kind in zip(names, types, strict=True))
        run("CREATE SCHEMA core")
        run(f"CREATE TABLE core.hostil ({body})")
        role = "arn:aws:iam::123456789012:role/podemos-warehouse-copy"
        run(f"COPY core.hostil FROM 's3://lake/h/hostil.parquet' IAM_ROLE '{role}' FORMAT AS PARQUET")
        select = fingerprint.redshift(TABLE)
        statement = run(f"SELECT {select.count}, {select.cents}, CAST({select.digest} AS VARCHAR(40)) FROM core.hostil")
        (record,) = api.get_statement_result(Id=statement)["Records"]
    assert of(next(iter(cell.values())) for cell in record) == expected


def test_a_single_changed_byte_changes_it(rows: list[Row], expected: Fingerprint) -> None:
    changed = [(*rows[0][:2], (rows[0][2] or "") + " ", *rows[0][3:]), *rows[1:]]
    other = fingerprint.of_rows(changed, [parse_cents(row[3] or "0") for row in changed])
    assert (other.count, other.cents) == (expected.count, expected.cents)
    assert other.digest != expected.digest
