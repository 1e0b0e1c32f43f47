"""The operations over HTTP, with boto3 and with Airflow's own hook."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from local.aws import redshift
from local.aws.tests.redshift.client import AWS

TARGET = {"WorkgroupName": "podemos", "Database": "analytics"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    web = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    web.start()
    host, port = web.get_host_and_port()
    url = f"http://{host}:{port}"
    redshift.install(Path(tmp_path_factory.mktemp("home")), url)
    yield url
    web.stop()


@pytest.fixture(scope="module")
def api(server: str) -> Any:
    client = boto3.client("redshift-data", endpoint_url=server, **AWS)
    for sql in (
        "CREATE SCHEMA core",
        "CREATE TABLE core.t (id BIGINT, monto DECIMAL(18,2), d DATE, ts TIMESTAMP, ok BOOLEAN, n VARCHAR(10))",
    ):
        _run(client, sql)
    return client


def _wait(api: Any, sid: str) -> dict[str, Any]:
    for _ in range(600):
        described: dict[str, Any] = api.describe_statement(Id=sid)
        if described["Status"] in ("FINISHED", "FAILED", "ABORTED"):
            return described
        time.sleep(0.05)
    raise AssertionError("the statement did not end")


def _run(api: Any, *sqls: str, parameters: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
    fields = {**TARGET, **more}
    if parameters:
        fields["Parameters"] = [{"name": k, "value": v} for k, v in parameters.items()]
    if len(sqls) == 1:
        answer = api.execute_statement(Sql=sqls[0], **fields)
    else:
        answer = api.batch_execute_statement(Sqls=list(sqls), **fields)
    return _wait(api, answer["Id"])


def _refused(api: Any, *sqls: str, **more: Any) -> str:
    with pytest.raises(ClientError) as error:
        _run(api, *sqls, **more)
    assert error.value.response["Error"]["Code"] == "ValidationException"
    return str(error.value)


def test_every_type_comes_back_as_the_service_gives_it(api: Any) -> None:
    described = _run(
        api,
        "SELECT 1 AS i, 1.50::decimal(18,2) AS c, 2.5::float AS f, true AS b, NULL AS n, 'ñ' AS t, "
        "'2026-01-31'::date AS d, "
        "'2026-01-31 10:00:00.250'::timestamp AS ts, sum(x::decimal(38,0)) AS s FROM (SELECT 9223372036854775807 "
        "AS x UNION ALL SELECT 1) q",
    )
    assert described["HasResultSet"]
    assert described["ResultRows"] == 1
    result = api.get_statement_result(Id=described["Id"])
    assert result["Records"] == [
        [
            {"longValue": 1},
            {"stringValue": "1.50"},
            {"doubleValue": 2.5},
            {"booleanValue": True},
            {"isNull": True},
            {"stringValue": "ñ"},
            {"stringValue": "2026-01-31"},
            {"stringValue": "2026-01-31 10:00:00.25"},
            {"stringValue": "9223372036854775808"},
        ]
    ]
    assert [c["typeName"] for c in result["ColumnMetadata"]] == [
        "int4",
        "numeric",
        "float8",
        "bool",
        "varchar",
        "varchar",
        "date",
        "timestamp",
        "numeric",
    ]
    assert [c["name"] for c in result["ColumnMetadata"]] == ["i", "c", "f", "b", "n", "t", "d", "ts", "s"]


def test_a_long_result_comes_in_pages(api: Any) -> None:
    described = _run(
        api, "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 2500) SELECT n FROM r ORDER BY n"
    )
    pages = list(api.get_paginator("get_statement_result").paginate(Id=described["Id"]))
    assert [len(page["Records"]) for page in pages] == [1000, 1000, 500]
    assert [row[0]["longValue"] for page in pages for row in page["Records"]] == list(range(1, 2501))
    assert pages[0]["TotalNumRows"] == 2500


def test_a_batch_is_one_transaction(api: Any) -> None:
    failed = _run(api, "INSERT INTO core.t (id) VALUES (1)", "INSERT INTO core.t (nope) VALUES (1)", "SELECT 1")
    assert failed["Status"] == "FAILED"
    assert [part["Status"] for part in failed["SubStatements"]] == ["ABORTED", "FAILED", "ABORTED"]
    assert failed["SubStatements"][1]["Error"] == failed["Error"]
    assert failed["SubStatements"][0]["Id"] == failed["Id"] + ":1"
    done = _run(api, "SELECT count(*) FROM core.t", "SELECT 7 AS x")
    assert [part["HasResultSet"] for part in done["SubStatements"]] == [True, True]
    assert api.get_statement_result(Id=done["SubStatements"][0]["Id"])["Records"] == [[{"longValue": 0}]]
    assert api.get_statement_result(Id=done["Id"] + ":2")["Records"] == [[{"longValue": 7}]]


def test_parameters_are_bound_and_described_back(api: Any) -> None:
    values = {"id": "5", "m": "12.34", "d": "2026-01-31", "n": "'; --"}
    done = _run(api, "INSERT INTO core.t (id, monto, d, n) VALUES (:id, :m, :d, :n)", parameters=values)
    assert done["ResultRows"] == 1
    assert {p["name"]: p["value"] for p in done["QueryParameters"]} == values
    assert ":id" in done["QueryString"]
    found = _run(api, "SELECT n, monto FROM core.t WHERE id = :id", parameters={"id": "5"})
    assert api.get_statement_result(Id=found["Id"])["Records"] == [[{"stringValue": "'; --"}, {"stringValue": "12.34"}]]
    _run(api, "DELETE FROM core.t")


@pytest.mark.parametrize(
    ("sqls", "parameters", "message"),
    [
        (
            ["COPY core.t FROM :x IAM_ROLE 'default' FORMAT PARQUET"],
            {"x": "s3://a/b"},
            "cannot be used in utility statements (COPY)",
        ),
        (
            ["UNLOAD ('SELECT * FROM core.t WHERE id = :x') TO 's3://a/b' IAM_ROLE 'default'"],
            {"x": "1"},
            "Unused parameters: x",
        ),
        (["COMMENT ON TABLE core.t IS :x"], {"x": "1"}, "utility statements (COMMENT)"),
        (["VACUUM :x"], {"x": "1"}, "utility statements (VACUUM)"),
        (["GRANT SELECT ON core.t TO :x"], {"x": "1"}, "utility statements (GRANT)"),
        (["LOCK :x", "SELECT 1"], {"x": "1"}, "utility statements (LOCK)"),
        (["CREATE TABLE core.n AS SELECT :x"], {"x": "1"}, "utility statements (CREATE)"),
        (["ANALYZE :x"], {"x": "1"}, "utility statements (ANALYZE)"),
        (["SELECT 1"], {"x": "1"}, "Unused parameters: x"),
        (["SELECT :x", "SELECT :y"], {"x": "1"}, "not defined: y"),
        (["SELECT :x"], {"x": "a\x00b"}, "NUL in text"),
        (["SELECT 'a\x00b'"], None, "NUL in the statement"),
        (["SELECT 1"] * 41, None, "less than or equal to 40"),
        ([" "], None, "not empty"),
    ],
)
def test_what_the_service_refuses(api: Any, sqls: list[str], parameters: dict[str, str] | None, message: str) -> None:
    assert message in _refused(api, *sqls, parameters=parameters)


def test_an_empty_parameter_is_refused(server: str) -> None:
    unchecked = boto3.client(
        "redshift-data", endpoint_url=server, config=boto3.session.Config(parameter_validation=False), **AWS
    )
    with pytest.raises(ClientError, match="greater than or equal to 1"):
        unchecked.execute_statement(Sql="SELECT :x", Parameters=[{"name": "x", "value": ""}], **TARGET)


def test_forty_statements_are_a_batch(api: Any) -> None:
    assert len(_run(api, *["SELECT 1"] * 40)["SubStatements"]) == 40


def test_a_target_is_required(api: Any) -> None:
    with pytest.raises(ClientError, match="Exactly one of"):
        api.execute_statement(Sql="SELECT 1", Database="analytics")


def test_the_same_client_token_runs_once(api: Any) -> None:
    token = uuid4().hex
    first = api.execute_statement(Sql="INSERT INTO core.t (id) VALUES (77)", ClientToken=token, **TARGET)["Id"]
    again = api.execute_statement(Sql="INSERT INTO core.t (id) VALUES (77)", ClientToken=token, **TARGET)["Id"]
    assert first == again
    _wait(api, first)
    found = _run(api, "SELECT count(*) FROM core.t WHERE id = 77")
    assert api.get_statement_result(Id=found["Id"])["Records"] == [[{"longValue": 1}]]


def test_statements_are_listed_by_name_prefix_and_status(api: Any) -> None:
    name = uuid4().hex
    good = _run(api, "SELECT 1", StatementName=f"{name}-a", WithEvent=True)["Id"]
    bad = _run(api, "SELECT nope", "SELECT 2", StatementName=f"{name}-b")["Id"]
    assert [s["Id"] for s in api.list_statements(StatementName=name, Status="ALL")["Statements"]] == [bad, good]
    assert [s["Id"] for s in api.list_statements(StatementName=name)["Statements"]] == [good]
    failed = api.list_statements(StatementName=name, Status="FAILED")["Statements"]
    assert failed[0]["QueryStrings"] == ["SELECT nope", "SELECT 2"]
    first = api.list_statements(StatementName=name, Status="ALL", MaxResults=1)
    assert (
        api.list_statements(StatementName=name, Status="ALL", NextToken=first["NextToken"])["Statements"][0]["Id"]
        == good
    )


def test_a_running_statement_is_cancelled(api: Any) -> None:
    sql = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 100000000) SELECT max(n) FROM r"
    sid = api.execute_statement(Sql=sql, **TARGET)["Id"]
    started = time.monotonic()
    assert api.describe_statement(Id=sid)["Status"] in ("SUBMITTED", "STARTED")
    assert time.monotonic() - started < 1, "describing a running statement does not wait for it"
    time.sleep(0.3)
    assert api.cancel_statement(Id=sid)["Status"] is True
    assert api.describe_statement(Id=sid)["Status"] == "ABORTED"
    with pytest.raises(ClientError, match="already in ABORTED state"):
        api.cancel_statement(Id=sid)


def test_an_unknown_statement_and_a_result_that_is_not_there(api: Any) -> None:
    with pytest.raises(ClientError) as error:
        api.describe_statement(Id=f"{uuid4()}")
    assert error.value.response["Error"]["Code"] == "ResourceNotFoundException"
    ddl = _run(api, "CREATE TABLE core.gone (a INT)")
    assert not ddl["HasResultSet"]
    with pytest.raises(ClientError) as error:
        api.get_statement_result(Id=ddl["Id"])
    assert error.value.response["Error"]["Code"] == "ResourceNotFoundException"


def test_a_session_keeps_its_temporary_tables(api: Any) -> None:
    first = api.execute_statement(Sql="CREATE TEMP TABLE x (a INT)", SessionKeepAliveSeconds=60, **TARGET)
    _wait(api, first["Id"])
    _wait(api, api.execute_statement(Sql="INSERT INTO x VALUES (1)", SessionId=first["SessionId"])["Id"])
    found = _wait(api, api.execute_statement(Sql="SELECT a FROM x", SessionId=first["SessionId"])["Id"])
    assert found["Status"] == "FINISHED", found.get("Error")
    assert _run(api, "SELECT a FROM x")["Status"] == "FAILED"


def test_a_short_statement_is_quick(api: Any) -> None:
    started = time.perf_counter()
    sid = api.execute_statement(Sql="SELECT 1", WaitTimeSeconds=5, **TARGET)["Id"]
    assert api.describe_statement(Id=sid)["Status"] == "FINISHED"
    assert time.perf_counter() - started < 1.0


def test_airflows_hook_runs_and_awaits_statements(server: str, api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow.providers.amazon.aws.hooks.redshift_data import RedshiftDataHook, RedshiftDataQueryFailedError

    for key, value in {
        "AWS_ENDPOINT_URL": server,
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(key, value)
    hook = RedshiftDataHook(aws_conn_id=None, region_name="us-east-1")
    target = {"database": "analytics", "workgroup_name": "podemos", "poll_interval": 1}
    batch = hook.execute_query(
        sql=["SELECT 1", "SELECT :x"], parameters=[{"name": "x", "value": "2"}], statement_name="noche", **target
    )
    described = hook.conn.describe_statement(Id=batch.statement_id)
    assert [s["Status"] for s in described["SubStatements"]] == ["FINISHED", "FINISHED"]
    with pytest.raises(RedshiftDataQueryFailedError, match="does not exist"):
        hook.execute_query(sql="SELECT * FROM core.nope", **target)

    async def awaited() -> bool:
        sid = hook.execute_query(sql="SELECT 1", wait_for_completion=False, **target).statement_id
        while await hook.is_still_running(sid):
            await asyncio.sleep(0.1)
        return await hook.check_query_is_finished_async(sid)

    assert asyncio.run(awaited())


def test_a_sum_of_integers_is_a_long_and_of_bigints_a_numeric(api: Any) -> None:
    done = _run(
        api,
        "SELECT sum(n), sum(n) + 1, sum(b), coalesce(sum(CASE WHEN n = 1 THEN 1 ELSE 0 END), 0) FROM "
        "(SELECT 1 AS n, 5::bigint AS b) q WHERE n >= :n",
        parameters={"n": "1"},
    )
    result = api.get_statement_result(Id=done["Id"])
    assert result["Records"] == [[{"longValue": 1}, {"longValue": 2}, {"stringValue": "5"}, {"longValue": 1}]]
    assert [c["typeName"] for c in result["ColumnMetadata"]] == ["int8", "int8", "numeric", "int8"]
