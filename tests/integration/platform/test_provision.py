"""What the configuration names exists afterwards, twice the same as once."""

import json
import time

import pytest
from botocore.exceptions import ClientError

from local.aws.outages import OUTSIDE
from local.platform.clients import Clients
from local.platform.provision import secrets, storage, tables


def test_all_buckets_keep_versions_and_reports_are_locked(provisioned, names, clients):
    s3 = clients("s3")
    for bucket in (names.lake_bucket, names.reports_bucket, names.artifacts_bucket):
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    put = s3.put_object(Bucket=names.reports_bucket, Key="reports/x", Body=b"1")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=names.reports_bucket, Key="reports/x", VersionId=put["VersionId"])


def test_an_alert_reaches_the_inbox_once(provisioned, names, clients):
    storage.alerts(clients)
    for topic in (names.alerts_topic_arn, names.rehearsal_topic_arn):
        clients("sns").publish(TopicArn=topic, Subject="late", Message="spei is late")
    found = storage.alerts(clients)
    assert [(one["topic"], one["subject"], one["message"]) for one in found] == [
        ("podemos-alerts", "late", "spei is late"),
        ("podemos-rehearsal", "late", "spei is late"),
    ]
    assert storage.alerts(clients) == []


def test_a_look_that_keeps_the_alerts_leaves_them_for_the_operator(provisioned, names, clients):
    for number in range(12):
        clients("sns").publish(TopicArn=names.alerts_topic_arn, Subject=f"{number}", Message="spei is late")
    assert len(storage.alerts(clients, keep=True)) == 12
    time.sleep(1.1)
    assert len(storage.alerts(clients)) == 12


def test_the_signing_key_signs(provisioned, names, clients):
    kms, message = clients("kms"), b"manifest"
    algorithm = {"KeyId": names.signing_key, "Message": message, "SigningAlgorithm": "ECDSA_SHA_256"}
    signature = kms.sign(**algorithm)["Signature"]
    assert kms.verify(**algorithm, Signature=signature)["SignatureValid"] is True
    assert len([one for one in kms.list_aliases()["Aliases"] if one["AliasName"] == names.signing_key]) == 1


def test_the_job_runs_the_script_of_this_checkout(provisioned, names, clients):
    job = clients("glue").get_job(JobName=names.curate_job)["Job"]
    bucket, _, key = job["Command"]["ScriptLocation"].removeprefix("s3://").partition("/")
    script = clients("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert b"def main" in script
    library = job["DefaultArguments"]["--extra-py-files"].removeprefix(f"s3://{bucket}/")
    assert clients("s3").head_object(Bucket=bucket, Key=library)["ContentLength"] > 10_000


def test_airflow_finds_the_connection_of_a_branch(provisioned, clients):
    secret = clients("secretsmanager").get_secret_value(SecretId="airflow/connections/sucursal_006")["SecretString"]
    found, endpoint = json.loads(secret), provisioned[5]
    assert (found["conn_type"], found["host"], found["port"]) == ("mysql", endpoint.host, endpoint.port)
    assert (found["login"], found["password"]) == (endpoint.user, endpoint.password)
    variable = clients("secretsmanager").get_secret_value(SecretId="airflow/variables/podemos_platform")
    assert json.loads(variable["SecretString"]) == {"pilot_branches": 6}


def test_a_changed_password_reaches_the_secret(provisioned, clients):
    manager = clients("secretsmanager")
    secrets.put(manager, "airflow/connections/prueba", "one")
    secrets.put(manager, "airflow/connections/prueba", "two")
    assert manager.get_secret_value(SecretId="airflow/connections/prueba")["SecretString"] == "two"


def test_every_table_of_the_ddl_is_in_the_warehouse(provisioned, names, clients, tmp_path):
    assert tables.files(), "no DDL found under include/sql"
    api = clients("redshift-data")
    sql = (
        "SELECT table_schema || '.' || table_name AS t FROM svv_tables WHERE table_schema IN ('core', 'staging', 'ops')"
    )
    statement = api.execute_statement(
        WorkgroupName=names.warehouse.workgroup, Database=names.warehouse.database, Sql=sql
    )["Id"]
    while api.describe_statement(Id=statement)["Status"] not in ("FINISHED", "FAILED"):
        time.sleep(0.05)
    rows = {record[0]["stringValue"] for record in api.get_statement_result(Id=statement)["Records"]}
    assert {"core.movimientos", "staging.movimientos", "ops.writer_movimientos", "ops.loads"} <= rows


def test_the_callers_own_credentials_are_never_used(platform_settings, monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    signer = Clients(platform_settings)("s3")._request_signer
    assert signer._credentials.access_key == OUTSIDE
