"""What the catalog remembers: ghosts, sortedness, statistics, histories; it rolls back and survives a restart."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
import yaml

from local.aws.redshift.errors import InvalidRequest
from local.aws.redshift.parameters import named, validated
from local.aws.redshift.system_views import VIEWS
from local.aws.redshift.warehouse import Warehouse
from local.aws.tests.redshift.client import ROLE, Client

STATE = "SELECT tbl_rows, estimated_visible_rows, unsorted, stats_off FROM svv_table_info WHERE \"table\" = 't'"
DOCUMENTED = yaml.safe_load(Path(__file__).with_name("documented_columns.yaml").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def table(client: Client) -> None:
    client.run("DROP TABLE IF EXISTS t")
    client.run("CREATE TABLE t (id BIGINT, n INT) SORTKEY (id)")


@pytest.mark.parametrize("view", VIEWS)
def test_a_system_view_has_exactly_the_documented_columns(client: Client, view: str) -> None:
    submission = client.wait(client.start(f"SELECT * FROM {view}"))
    assert submission.head.error is None
    result = submission.parts[0].result
    assert result is not None
    assert result.columns is not None
    assert [name for name, _ in result.columns] == DOCUMENTED[view]


def test_the_life_of_a_table(client: Client) -> None:
    assert client.run(STATE) == [], "svv_table_info omits an empty table"
    client.run("INSERT INTO t SELECT 1, 1 UNION ALL SELECT 2, 2 UNION ALL SELECT 3, 3 UNION ALL SELECT 4, 4")
    assert client.run(STATE) == [["4", "4", "0.00", "100.00"]]
    client.run("ANALYZE t")
    client.run("INSERT INTO t VALUES (5, 5)")
    client.run("DELETE FROM t WHERE id = 1")
    client.run("UPDATE t SET n = 9 WHERE id = 2")
    assert client.run(STATE) == [["6", "4", "33.33", "50.00"]], "one appended, one updated; two ghosts; three changes"
    client.run("VACUUM DELETE ONLY t")
    assert client.run(STATE) == [["4", "4", "50.00", "75.00"]]
    client.run("VACUUM SORT ONLY t")
    client.run("ANALYZE t")
    assert client.run(STATE) == [["4", "4", "0.00", "0.00"]]
    history = client.run(
        "SELECT vacuum_type, status, reclaimed_rows, sortedrows_after_vacuum FROM sys_vacuum_history WHERE "
        "table_name = 't' ORDER BY query_id DESC LIMIT 2"
    )
    assert history == [["Sort", "Complete", "0", "2"], ["Delete", "Complete", "2", "0"]]


def test_a_failed_batch_leaves_no_trace_in_the_catalog(client: Client) -> None:
    client.run("INSERT INTO t VALUES (1, 1)")
    before = client.run(STATE)
    client.fails(
        "DELETE FROM t",
        "COMMENT ON TABLE t IS 'x'",
        "GRANT SELECT ON t TO PUBLIC",
        "CREATE TABLE t2 (a INT)",
        "SELECT nope",
    )
    assert client.run(STATE) == before
    assert client.run("SELECT remarks FROM svv_tables WHERE table_name IN ('t', 't2')") == [[None]]
    assert client.run("SELECT count(*) FROM svv_relation_privileges") == [["0"]]


def test_a_batch_that_fails_before_the_database_is_asked_rolls_back_too(client: Client) -> None:
    client.fails("INSERT INTO t VALUES (1, 1)", "SELECT * FROM nope")
    client.fails("INSERT INTO t VALUES (1, 1)", "VACUUM t")
    assert client.run("SELECT count(*) FROM t") == [["0"]]


def test_copy_leaves_an_identity_column_to_the_sequence(
    client: Client, put_parquet: Callable[[str, pa.Table], str]
) -> None:
    client.run("DROP TABLE IF EXISTS i")
    client.run("CREATE TABLE i (a BIGINT IDENTITY(5,5), b BIGINT)")
    uri = put_parquet("catalog/i.parquet", pa.table({"b": pa.array([7, 8], pa.int64())}))
    client.run(f"COPY i FROM '{uri}' {ROLE} PARQUET")
    assert client.run("SELECT a, b FROM i ORDER BY b") == [["5", "7"], ["10", "8"]]
    shown = client.run("SELECT column_default FROM svv_columns WHERE table_name = 'i' AND column_name = 'a'")[0][0]
    assert shown is not None
    assert shown.endswith(", 0, '5,5'::text)")


def test_a_killed_server_loses_nothing_committed(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from local.aws.redshift.warehouse import Warehouse; "
        "from local.aws.tests.redshift.client import Client; c = Client(Warehouse(Path(sys.argv[1]), "
        "'http://127.0.0.1:9')); "
        "c.run('CREATE TABLE t (id BIGINT IDENTITY(1,1), n VARCHAR(3) DEFAULT $$x$$) SORTKEY (id)'); "
        "c.run('CREATE VIEW v AS SELECT n FROM t'); c.run('INSERT INTO t (n) VALUES ($$a$$), (DEFAULT)'); "
        "c.run('CREATE TABLE u AS SELECT * FROM t'); c.run('ALTER TABLE u ADD COLUMN m VARCHAR(2) DEFAULT $$m$$'); "
        "c.start('INSERT INTO t (n) VALUES ($$b$$)', 'SELECT count(*) FROM t', 'LOCK t'); os._exit(9)"
    )
    path = tmp_path / "warehouse.duckdb"
    ended = subprocess.run([sys.executable, "-c", script, str(path)], check=False, capture_output=True, text=True)
    assert ended.returncode == 9, ended.stderr
    warehouse = Warehouse(path, "http://127.0.0.1:9")
    client = Client(warehouse)
    assert client.run("SELECT n FROM v ORDER BY 1")[:2] == [["a"], ["x"]]
    assert client.run("SELECT n, m FROM u ORDER BY 1") == [["a", "m"], ["x", "m"]]
    assert "Value too long" in client.fails("INSERT INTO u (id, n, m) VALUES (1, 'x', 'abc')")
    warehouse.close()


def test_one_process_at_a_time(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse.duckdb", "http://127.0.0.1:9")
    script = (
        "import sys; from pathlib import Path; from local.aws.redshift.warehouse import Warehouse; "
        "Warehouse(Path(sys.argv[1]), 'http://x')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "warehouse.duckdb")], check=False, capture_output=True, text=True
    )
    assert "another process holds the warehouse" in ended.stderr
    warehouse.close()


def test_failures_are_in_the_query_history(client: Client) -> None:
    client.fails("SELECT nope FROM t")
    assert client.run(
        "SELECT status, error_message FROM sys_query_history WHERE query_text = 'SELECT nope FROM t'"
    ) == [["failed", 'ERROR: column "nope" does not exist']]


def test_everything_survives_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    first = Warehouse(path, "http://127.0.0.1:9")
    client = Client(first)
    client.run("CREATE SCHEMA core")
    client.run("CREATE TABLE core.t (id BIGINT IDENTITY(1,1), n VARCHAR(3) DEFAULT 'x') DISTKEY (id) SORTKEY (id)")
    client.run("COMMENT ON TABLE core.t IS 'Hola'")
    client.run("CREATE VIEW core.v AS SELECT n FROM core.t")
    client.run("INSERT INTO core.t (n) VALUES ('a'), (DEFAULT)")
    client.run("DELETE FROM core.t WHERE n = 'x'")
    first.close()
    second = Warehouse(path, "http://127.0.0.1:9")
    client = Client(second)
    assert client.run("SELECT n FROM core.v") == [["a"]]
    assert client.run(STATE) == [["2", "1", "0.00", "100.00"]]
    assert client.run("SELECT remarks FROM svv_tables WHERE table_name = 't'") == [["Hola"]]
    client.run("INSERT INTO core.t (n) VALUES ('b')")
    assert client.run("SELECT max(id) FROM core.t") == [["3"]]
    assert "Value too long" in client.fails("INSERT INTO core.t (n) VALUES ('éé')")
    second.close()


def test_parameters_are_found_by_the_tokenizer() -> None:
    assert named(
        "SELECT :a::int, ':b', \":c\", $$:d$$ -- :e\n, /* :f /* :g */ */ x::date, :h_1, 'it''s :i', 'a\\' :j'"
    ) == ["a", "h_1"]


@pytest.mark.parametrize(
    "raw",
    [
        [{"name": "a", "value": ""}],
        [{"name": "a b", "value": "1"}],
        [{"name": "a", "value": "\x00"}],
        [{"name": "a", "value": "1"}] * 2,
    ],
)
def test_bad_parameters_are_refused(raw: list[dict[str, str]]) -> None:
    with pytest.raises(InvalidRequest):
        validated(raw)
