"""One night's world per session: branches on MariaDB, and an AWS that executes (S3, DynamoDB, Glue, Redshift)."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.aws.testing import running_server
from local.branches.testing import RunningBranches, running_branches
from podemos.branches import certify, collect, load, plan, publish, pull
from podemos.branches.dynamo_state import DynamoState
from podemos.contracts.branches import Branches, branches
from podemos.contracts.platform import Platform, platform
from podemos.contracts.tables import tables
from podemos.core import manifest
from podemos.core.clock import system_clock
from podemos.core.store import S3Store
from podemos.warehouse.port import DataApi
from podemos.warehouse.statements import Batch

from .puller import Puller

ROOT = Path(__file__).resolve().parents[3]
BRANCHES = 3


@dataclass
class World:
    """The parts, wired as a night wires them, and the stages as one call each."""

    endpoint: str
    sources: RunningBranches
    platform: Platform
    config: Branches
    seconds: dict[str, float] = field(default_factory=dict)
    attempts: int = 0

    def client(self, service: str) -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    @property
    def lake(self) -> S3Store:
        return S3Store(self.client("s3"), self.platform.lake_bucket)

    @property
    def warehouse(self) -> DataApi:
        return DataApi(self.client("redshift-data"), self.platform.warehouse.workgroup, "analytics")

    @property
    def state(self) -> DynamoState:
        return DynamoState(self.client("dynamodb"), self.platform.branch_state_table)

    def pull(self, owner: str = "test", **changes: Any) -> list[str]:
        config = self.config.model_copy(update={"extraction": self.config.extraction.model_copy(update=changes)})
        batches = plan.due_batches(config, state=self.state, clock=system_clock)
        return [
            pull.pull_batch(
                batch,
                lake=self.lake,
                state=self.state,
                connect=lambda branch: self.sources.connect(branch.id, connect_timeout=5),
                config=config,
                clock=system_clock,
                owner=owner,
            )
            for batch in batches
        ]

    def collect(self, batches: list[str]) -> str:
        return collect.plan_curation(batches, lake=self.lake, clock=system_clock, config=self.config)

    def curate(self, plan_key: str) -> None:
        self.attempts += 1
        glue = self.client("glue")
        arguments = {"--lake_bucket": self.platform.lake_bucket, "--plan_key": plan_key}
        run = glue.start_job_run(JobName="branches_curate", Arguments=arguments | {"--attempt": str(self.attempts)})[
            "JobRunId"
        ]
        while True:
            found = glue.get_job_run(JobName="branches_curate", RunId=run)["JobRun"]
            if found["JobRunState"] == "SUCCEEDED":
                return
            if found["JobRunState"] in ("FAILED", "STOPPED", "TIMEOUT"):
                events = self.client("logs").filter_log_events(
                    logGroupName="/aws-glue/jobs/error", logStreamNames=[run]
                )["events"]
                raise AssertionError(found.get("ErrorMessage", "") + "\n".join(e["message"] for e in events)[-5000:])
            time.sleep(0.2)

    def publish(self, plan_key: str) -> str:
        return publish.publish_revision(plan_key, lake=self.lake, catalog=self.client("glue"))

    def send(self, batch: Batch) -> None:
        """As the operator sends it."""
        api = self.client("redshift-data")
        statement = api.batch_execute_statement(
            WorkgroupName="podemos", Database="analytics", Sqls=list(batch.statements),
            Parameters=batch.api_parameters(),
        )["Id"]  # fmt: skip
        while (found := api.describe_statement(Id=statement))["Status"] not in ("FINISHED", "FAILED", "ABORTED"):
            time.sleep(0.05)
        assert found["Status"] == "FINISHED", found.get("Error")

    def load(self, revision: str) -> None:
        for table in self.config.extraction.tables:
            self.send(load.load_batch(revision, table, lake=self.lake, platform=self.platform))

    def certify(self, revision: str, day: date | None = None) -> dict[str, Any]:
        key = certify.certify_days(
            revision,
            day or self.sources.business_date,
            lake=self.lake,
            warehouse=self.warehouse,
            clock=system_clock,
            config=self.config,
            pilot=None,
        )
        return manifest.read(self.lake, key)[0]

    def run(self, **changes: Any) -> tuple[str, dict[str, Any]]:
        """A whole ingestion, its pull with another configuration: revision key and certification."""
        started = time.monotonic()
        batches = self.timed("pull", lambda: self.pull(**changes))
        plan_key = self.timed("collect", self.collect, batches)
        self.timed("curate", self.curate, plan_key)
        revision = self.timed("publish", self.publish, plan_key)
        self.timed("load", self.load, revision)
        found = self.timed("certify", self.certify, revision)
        self.seconds["all"] = time.monotonic() - started
        return revision, found

    def timed(self, name: str, call: Any, *args: Any) -> Any:
        started = time.monotonic()
        result = call(*args)
        self.seconds[name] = round(time.monotonic() - started, 2)
        return result


def provision(world: World) -> None:
    """Buckets, state table, Glue job and warehouse tables, by the names of platform.yaml."""
    for bucket in (world.platform.lake_bucket, world.platform.artifacts_bucket):
        world.client("s3").create_bucket(Bucket=bucket)
    world.client("dynamodb").create_table(
        TableName=world.platform.branch_state_table,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    artifacts = S3Store(world.client("s3"), world.platform.artifacts_bucket)
    artifacts.put_new("glue/branches_curate.py", (ROOT / "include/glue/branches_curate.py").read_bytes())
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted((ROOT / "dags/podemos").rglob("*.py")):
            archive.write(file, file.relative_to(ROOT / "dags"))
    artifacts.put_new("glue/podemos.zip", packed.getvalue())
    bucket = world.platform.artifacts_bucket
    world.client("glue").create_job(
        Name="branches_curate",
        Role=world.platform.glue_role,
        GlueVersion="5.0",
        Command={"Name": "glueetl", "ScriptLocation": f"s3://{bucket}/glue/branches_curate.py", "PythonVersion": "3"},
        DefaultArguments={"--extra-py-files": f"s3://{bucket}/glue/podemos.zip"},
    )
    for name in ("branches/ops/create_loads.sql", *_ddl(world)):
        world.warehouse.execute(name)


def _ddl(world: World) -> list[str]:
    names = [table.name for table in tables(world.config.extraction.tables)]
    return [f"branches/ops/create_writer_{name}.sql" for name in names] + [
        f"branches/{name}/create_{name}.sql" for name in names
    ]


@pytest.fixture(scope="session")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBranches]:
    with running_branches(tmp_path_factory.mktemp("branches"), branches=BRANCHES, rows=100) as running:
        yield running


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory, sources: RunningBranches) -> Iterator[World]:
    configured = branches()
    config = configured.model_copy(update={"branches": configured.branches[:BRANCHES]})
    with running_server(tmp_path_factory.mktemp("aws")) as endpoint:
        world = World(endpoint, sources, platform(), config)
        provision(world)
        yield world


@pytest.fixture
def puller(sources: RunningBranches) -> Iterator[Puller]:
    yield Puller(sources)
    sources.restore()
