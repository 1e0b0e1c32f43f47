"""The query an analyst has when nothing else answers: in DuckDB's words it gives the published bytes and totals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import sqlglot

from podemos.contracts.platform import platform
from podemos.core.manifest import read
from podemos.core.paths import include
from podemos.regulatory.movement import COLUMNS
from podemos.regulatory.normalise import ATHENA
from podemos.regulatory.render import write_csv
from podemos.regulatory.second import opened
from tests.integration.regulatory.nights import FEW, arrived, run
from tests.integration.regulatory.world import World
from tests.unit.regulatory.deliveries import DAY

FOLDER = include() / "sql" / "regulatory" / "athena"
TABLE = "podemos.movimientos_normalizados"


def text(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def translated(name: str) -> str:
    """A query of Athena's in DuckDB's words."""
    (statement,) = sqlglot.transpile(text(name), read="athena", write="duckdb")
    return statement


def partition(world: World, listed: dict[str, Any], folder: Path) -> tuple[duckdb.DuckDBPyConnection, str]:
    """The table as Athena has it for a night, which holds exactly the files that its list names; and the night."""
    *_, day, night, _ = listed["key"].split("/")
    assert [info.key for info in world.lake.list(f"{ATHENA}/{day}/{night}/")] == [listed["key"]]
    folder.mkdir()
    for at, url in enumerate(world.lake.get(listed["key"]).decode().splitlines()):
        (folder / f"{at}.parquet").write_bytes(world.lake.get(url.removeprefix(world.lake.uri(""))))
    database = duckdb.connect()
    database.execute("CREATE SCHEMA podemos")
    database.execute(
        f"CREATE VIEW {TABLE} AS SELECT *, '{day}' AS dia, '{night}' AS noche FROM read_parquet('{folder}/*.parquet')"
    )
    return database, night


def test_the_contingency_queries_give_the_published_bytes_and_totals(delivered: World, tmp_path: Path) -> None:
    ended = run(delivered, arrived(FEW), sources=FEW)
    assert ended.manifest is not None
    database, night = partition(delivered, read(delivered.lake, ended.keys["normalise"])[0]["athena"], tmp_path / "a")
    pq.write_table(
        database.execute(translated("select_report.sql"), [f"{DAY}", night]).to_arrow_table(), tmp_path / "a.parquet"
    )
    digest, _ = write_csv([tmp_path / "a.parquet"], tmp_path / "a.csv")
    assert digest == {file["name"]: file["sha256"] for file in ended.manifest["files"]}["movimientos.csv"]
    totals = database.execute(translated("select_totals.sql"), [f"{DAY}", night]).fetchall()
    summary = json.loads(delivered.reports.get(f"reports/{DAY}/v1/resumen.json"))
    assert {(system, tipo): (rows, cents) for system, tipo, rows, cents in totals} == {
        (source["id"], tipo): (found["movements"], found["cents"])
        for source in summary["sources"]
        for tipo, found in source["published"].items()
        if found["movements"]
    }
    with opened(read(delivered.lake, ended.keys["second"])[0], delivered.lake) as engine:
        second = engine.fetch("second/balance_systems.sql", {"business_date": DAY.isoformat()})
        assert sum(row["centavos_cargo"] + row["centavos_abono"] for row in second) == sum(row[3] for row in totals)
    assert database.execute(translated("select_totals.sql"), [f"{DAY}", "another"]).fetchall() == []


def test_the_table_lies_where_the_lists_do_and_has_the_columns_of_the_files() -> None:
    created = text("create_movimientos_normalizados.sql")
    assert created.count(f"s3://{platform().lake_bucket}/{ATHENA}/") == 2
    (parsed,) = sqlglot.parse(created, read="athena")
    assert parsed is not None
    named = [column.name for column in parsed.this.expressions]
    assert named[: len(COLUMNS)] == list(COLUMNS)
