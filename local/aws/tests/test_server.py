"""The process: its port, its health, its end and what outlives it."""

from __future__ import annotations

import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import boto3
import pytest

from local.aws import persistence, testing

ROOT = Path(__file__).resolve().parents[3]


def client(service: str, endpoint: str):
    return boto3.client(
        service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )


def test_a_taken_port_is_said_and_nothing_is_written(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        command = [sys.executable, "-m", "local.aws", "--port", str(port), "--home", str(tmp_path / "home")]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"127.0.0.1:{port}: Address already in use" in done.stderr
    assert "--port" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "home").exists()


def test_a_folder_in_use_is_said(tmp_path):
    with testing.running_server(tmp_path):
        command = [sys.executable, "-m", "local.aws", "--port", str(testing.free_port()), "--home", str(tmp_path)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip().splitlines()[-1:]) == (
        1,
        [f"local.aws: another server uses {tmp_path}. Stop it or choose another folder with --home."],
    )


def test_running_server_says_why_it_did_not_start(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with (
            pytest.raises(RuntimeError, match="Address already in use"),
            testing.running_server(tmp_path, other.getsockname()[1]),
        ):
            pass


def test_it_listens_on_the_loopback_only(aws):
    described = testing.health(aws.endpoint)
    assert described["status"] == "ok"
    sockets = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = [fields[1] for fields in sockets if fields[3] == "0A"]
    port = int(aws.endpoint.rsplit(":", 1)[1])
    assert [address for address in listening if address.endswith(f":{port:04X}")] == [f"0100007F:{port:04X}"]


def test_a_restart_keeps_the_state_of_every_service(tmp_path):
    with testing.running_server(tmp_path) as endpoint:
        s3, dynamodb, sqs, sns, kms, glue = (
            client(name, endpoint) for name in ("s3", "dynamodb", "sqs", "sns", "kms", "glue")
        )
        s3.create_bucket(Bucket="reports", ObjectLockEnabledForBucket=True)
        versions = [s3.put_object(Bucket="reports", Key="r", Body=body)["VersionId"] for body in (b"v1", b"v2")]
        s3.delete_object(Bucket="reports", Key="r")
        dynamodb.create_table(
            TableName="state",
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        dynamodb.put_item(TableName="state", Item={"pk": {"S": "017"}, "seq": {"N": "5"}})
        client("secretsmanager", endpoint).create_secret(Name="airflow/connections/sucursal_017", SecretString="s")
        queue = sqs.create_queue(QueueName="q")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        topic = sns.create_topic(Name="alerts")["TopicArn"]
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
        kms.create_alias(AliasName="alias/signing", TargetKeyId=key)
        signature = kms.sign(KeyId=key, Message=b"m", SigningAlgorithm="ECDSA_SHA_256")["Signature"]
        client("iam", endpoint).create_role(RoleName="podemos-glue", AssumeRolePolicyDocument="{}")
        s3.create_bucket(Bucket="code")
        s3.put_object(Bucket="code", Key="job.py", Body=b"print('ran')")
        command = {"Name": "glueetl", "ScriptLocation": "s3://code/job.py"}
        glue.create_job(Name="j", Role="r", Command=command)
        run_id = glue.start_job_run(JobName="j")["JobRunId"]
        while glue.get_job_run(JobName="j", RunId=run_id)["JobRun"]["JobRunState"] != "SUCCEEDED":
            time.sleep(0.1)
        assert testing.health(endpoint)["restored"] is False

    port = int(endpoint.rsplit(":", 1)[1])
    with testing.running_server(tmp_path, port):
        assert testing.health(endpoint)["restored"] is True
        listed = s3.list_object_versions(Bucket="reports")
        assert {item["VersionId"] for item in listed["Versions"]} == set(versions)
        assert len(listed["DeleteMarkers"]) == 1
        assert s3.get_object(Bucket="reports", Key="r", VersionId=versions[0])["Body"].read() == b"v1"
        assert dynamodb.get_item(TableName="state", Key={"pk": {"S": "017"}})["Item"]["seq"] == {"N": "5"}
        secret = client("secretsmanager", endpoint).get_secret_value(SecretId="airflow/connections/sucursal_017")
        assert secret["SecretString"] == "s"
        sns.publish(TopicArn=topic, Message="still subscribed")
        assert "still subscribed" in sqs.receive_message(QueueUrl=queue)["Messages"][0]["Body"]
        verified = kms.verify(
            KeyId="alias/signing", Message=b"m", Signature=signature, SigningAlgorithm="ECDSA_SHA_256"
        )
        assert verified["SignatureValid"] is True
        assert client("iam", endpoint).get_role(RoleName="podemos-glue")["Role"]["RoleName"] == "podemos-glue"
        assert glue.get_job_run(JobName="j", RunId=run_id)["JobRun"]["JobRunState"] == "SUCCEEDED"
        events = client("logs", endpoint).get_log_events(logGroupName="/aws-glue/jobs/output", logStreamName=run_id)
        assert [event["message"] for event in events["events"]] == ["ran"]
        assert glue.start_job_run(JobName="j")["JobRunId"] != run_id


def test_stopping_kills_the_running_jobs_at_once(tmp_path):
    with testing.running_server(tmp_path) as endpoint:
        job = _sleeping_job(endpoint, tmp_path)
        asked = time.monotonic()
    assert time.monotonic() - asked < 3
    assert not job.exists()
    port = int(endpoint.rsplit(":", 1)[1])
    with testing.running_server(tmp_path, port):
        (run,) = client("glue", endpoint).get_job_runs(JobName="j")["JobRuns"]
        assert run["JobRunState"] == "STOPPED"


def test_a_killed_server_leaves_no_job_behind_and_no_old_state(tmp_path):
    with testing.running_server(tmp_path) as endpoint:
        client("s3", endpoint).create_bucket(Bucket="before")
    port = int(endpoint.rsplit(":", 1)[1])
    with testing.running_server(tmp_path, port):
        job = _sleeping_job(endpoint, tmp_path)
        os.kill(testing.health(endpoint)["pid"], signal.SIGKILL)
        deadline = time.monotonic() + 5
        while job.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not job.exists()
    with testing.running_server(tmp_path, port):
        assert testing.health(endpoint)["restored"] is False
        assert client("s3", endpoint).list_buckets()["Buckets"] == []


def _sleeping_job(endpoint: str, home: Path) -> Path:
    """The /proc entry of a job that sleeps."""
    s3, glue = client("s3", endpoint), client("glue", endpoint)
    s3.create_bucket(Bucket="code")
    script = b"import os, time; print(os.getpid(), flush=True); time.sleep(100)"
    s3.put_object(Bucket="code", Key="job.py", Body=script)
    glue.create_job(Name="j", Role="r", Command={"Name": "glueetl", "ScriptLocation": "s3://code/job.py"})
    run_id = glue.start_job_run(JobName="j")["JobRunId"]
    printed = home / "glue" / run_id / "stdout.log"
    while not (printed.exists() and printed.read_text()):
        time.sleep(0.05)
    job = Path(f"/proc/{printed.read_text().strip()}")
    assert job.exists()
    return job


def test_a_state_of_another_version_is_put_aside(tmp_path):
    stale = tmp_path / "state.pickle"
    stale.write_bytes(pickle.dumps({"format": 0}))
    assert persistence.restore(tmp_path) is False
    assert [path.name for path in tmp_path.iterdir()] == ["state.other-version"]
