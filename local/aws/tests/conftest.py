from __future__ import annotations

import textwrap
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

from local.aws.testing import running_server

BUCKET = "lake"


@dataclass
class Aws:
    """A running server with its clients, and jobs run from a script's text."""

    endpoint: str
    jobs: list[str] = field(default_factory=list)

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),  # a refusal is wanted at once
        )

    def create_job(self, script: str, **definition: Any) -> str:
        name = f"job_{uuid4().hex[:8]}"
        key = f"scripts/{name}.py"
        self.client("s3").put_object(Bucket=BUCKET, Key=key, Body=textwrap.dedent(script).encode())
        command = {"Name": "glueetl", "ScriptLocation": f"s3://{BUCKET}/{key}", "PythonVersion": "3"}
        self.client("glue").create_job(**{"Name": name, "Role": "podemos-glue", "Command": command, **definition})
        return name

    def start(self, job: str, **run: Any) -> str:
        return self.client("glue").start_job_run(JobName=job, **run)["JobRunId"]

    def describe(self, job: str, run_id: str) -> dict[str, Any]:
        return self.client("glue").get_job_run(JobName=job, RunId=run_id)["JobRun"]

    def wait(self, job: str, run_id: str, *states: str, seconds: float = 90) -> dict[str, Any]:
        wanted = states or ("SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT")
        glue = self.client("glue")
        deadline = time.monotonic() + seconds
        while True:
            run = glue.get_job_run(JobName=job, RunId=run_id)["JobRun"]
            if run["JobRunState"] in wanted:
                return run
            if time.monotonic() > deadline:
                raise AssertionError(f"{job} is {run['JobRunState']}, not {wanted}, after {seconds} s")
            time.sleep(0.2)

    def run(self, script: str, arguments: dict[str, str] | None = None, **definition: Any) -> dict[str, Any]:
        job = self.create_job(script, **definition)
        return self.wait(job, self.start(job, Arguments=arguments or {}))

    def lines(self, run: dict[str, Any], group: str = "output") -> list[str]:
        events = self.client("logs").filter_log_events(
            logGroupName=f"/aws-glue/jobs/{group}", logStreamNames=[run["Id"]]
        )["events"]
        return [event["message"] for event in events]


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """One server for the session. A Glue minute lasts 2 s, so that a timeout can be waited for."""
    with running_server(tmp_path_factory.mktemp("aws"), None, "--glue-minute-seconds", "2") as endpoint:
        aws = Aws(endpoint)
        aws.client("s3").create_bucket(Bucket=BUCKET)
        yield aws
