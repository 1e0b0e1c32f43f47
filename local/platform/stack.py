"""The platform as a whole: up, down, status, and starting over with other data."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local.branches import faults, seed
from local.branches import platform as branches
from local.branches.server import MariaDB
from local.branches.settings import Settings as BranchSettings
from local.platform import airflow, aws, dataset, functions
from local.platform.clients import Clients
from local.platform.dataset import Dataset
from local.platform.ports import Wanted, require_free
from local.platform.postgres import NAME as POSTGRES
from local.platform.postgres import Postgres
from local.platform.processes import Processes
from local.platform.provision import jobs, mobile, pools, secrets, storage, tables
from local.platform.rest import Airflow
from local.platform.settings import ROOT, Settings
from podemos.contracts.everything import check_everything
from podemos.contracts.platform import platform as platform_names
from podemos.core.paths import include

Say = Callable[[str], None]
_PROVISIONED = "provisioned"
_AIRFLOW_STOP_SECONDS = 5.0  # all it knows is in Postgres; its scheduler would wait for tasks that run


@dataclass(frozen=True)
class Status:
    """One line of `status`."""

    name: str
    runs: bool
    pid: int | None
    where: str


class Stack:
    """One platform on one state folder.

    Attributes:
        say: where progress goes, one line at a time.
        seed_seconds: what seeding took, beside everything else, at the last `up`.
    """

    def __init__(self, settings: Settings, say: Say) -> None:
        self.settings = settings
        self.say = say
        self.processes = Processes(settings.state)
        self.postgres = Postgres(settings.state, self.processes)
        self.clients = Clients(settings)
        self.airflow = Airflow(settings.airflow_url)
        self.seed_seconds = 0.0

    def up(self, wanted: Dataset) -> list[str]:
        """Start what does not run, seed and provision what is missing; returns the DAG ids.

        Raises:
            ContractViolation, PortsTaken: before anything was started.
            StartFailed, ServerFailed: something did not come up.
            ImportErrors: a DAG file is broken.
        """
        check_everything()
        self.settings.state.mkdir(parents=True, exist_ok=True)
        held = dataset.read(self.settings.state)
        if held is not None and not wanted.follows(held):
            self.start_over(wanted, held)
        self._require_free_ports(wanted)
        with ThreadPoolExecutor(3) as pool:
            parts = [
                pool.submit(self._start_airflow),
                pool.submit(self._start_aws, wanted),
                pool.submit(self._start_branches, wanted),
            ]
            for part in parts:
                part.result()
        dataset.write(self.settings.state, wanted)
        with self._timed("Airflow healthy"):
            airflow.wait_until_healthy(self.settings, self.processes, self.airflow)
            pools.provision(self.airflow)
        with self._timed("DAGs parsed"):
            return airflow.wait_for_dags(self.settings, self.processes, self.airflow)

    def down(self) -> bool:
        """Stop everything this platform started, and nothing else. Tells whether anything ran."""
        phones_ran = functions.stop(self.processes)
        found = self.processes.stop_all(list(airflow.COMPONENTS), seconds=_AIRFLOW_STOP_SECONDS)
        aws_ran = self.processes.running(aws.NAME) is not None
        aws.stop(self.processes)
        postgres_ran = self.processes.stop(POSTGRES)
        saved = self._saved_branches()
        branches_ran = branches.is_running(saved)
        branches.stop(saved)
        return found or phones_ran or aws_ran or postgres_ran or branches_ran

    def start_over(self, wanted: Dataset, held: Dataset) -> None:
        """Forget lake, warehouse and deliveries, because `wanted` can not follow on what is held."""
        self.say(f"other data wanted ({_difference(wanted, held)}): starting over with an empty lake and warehouse")
        self.empty()
        if wanted.branches != held.branches:
            branches.stop(self._saved_branches())

    def empty(self) -> None:
        """Forget lake, warehouse and deliveries."""
        self.fail_active_runs()
        self._forget_deliveries()
        dataset.forget(self.settings.state)

    def fail_active_runs(self) -> int:
        """End the runs an interrupted command left behind; returns how many."""
        if not self._airflow_runs():
            return 0
        ended = 0
        for dag in self.airflow.get("/dags", limit=100)["dags"]:
            for state in ("running", "queued"):
                path = f"/dags/{dag['dag_id']}/dagRuns"
                for run in self.airflow.get(path, limit=100, state=state)["dag_runs"]:
                    self.airflow.patch(f"{path}/{run['dag_run_id']}", {"state": "failed"})
                    ended += 1
        return ended

    def _airflow_runs(self) -> bool:
        return self.processes.running("airflow-api-server") is not None

    def revive(self) -> list[str]:
        """Start Airflow's components that have died; returns their names."""
        return airflow.start(self.settings, self.postgres, self.processes)

    def status(self) -> list[Status]:
        """What runs and where."""
        saved = self._saved_branches()
        found = []
        for name, where in (
            *((name, self.settings.airflow_url if "api" in name else "") for name in airflow.COMPONENTS),
            (POSTGRES, str(self.postgres.sockets)),
            (aws.NAME, self.settings.endpoint),
            (functions.NAME, self.settings.door),
        ):
            record = self.processes.running(name)
            found.append(Status(name, record is not None, record.pid if record else None, where))
        server = MariaDB(saved).pid()
        ports = f"{saved.port_of(saved.all_branches()[0])}-{saved.port_of(saved.all_branches()[-1])}"
        found.append(Status("mariadb", server is not None, server, f"127.0.0.1:{saved.port}"))
        proxy = faults.proxy_pid(saved)
        found.append(Status("branch links", proxy is not None, proxy, f"127.0.0.1:{ports}"))
        return found

    def branch_settings(self, count: int) -> BranchSettings:
        """The branch simulator's settings for so many branches."""
        ports = self.settings.ports
        return BranchSettings(
            self.settings.state, ports.mariadb, ports.first_branch, count, self.settings.hosts.branches
        )

    def _saved_branches(self) -> BranchSettings:
        return BranchSettings.load(self.settings.state)

    def _require_free_ports(self, wanted: Dataset) -> None:
        ports = self.settings.ports
        needed = []
        if self.processes.running("airflow-api-server") is None:
            needed.append(Wanted(ports.airflow, "Airflow", "PODEMOS_PORTS_AIRFLOW"))
        if self.processes.running(aws.NAME) is None:
            needed.append(Wanted(ports.aws, "the AWS stand-in", "PODEMOS_PORTS_AWS"))
        saved = self._saved_branches()
        if not MariaDB(saved).is_running():
            needed.append(Wanted(ports.mariadb, "MariaDB of the branches", "PODEMOS_PORTS_MARIADB"))
        if not faults.proxy_pid(saved):
            coming = self.branch_settings(wanted.branches)
            needed += [
                Wanted(coming.port_of(branch), f"branch {branch.id}", "PODEMOS_PORTS_FIRST_BRANCH")
                for branch in coming.all_branches()
            ]
        require_free(needed)

    def _start_airflow(self) -> None:
        with self._timed("Postgres and Airflow's tables"):
            if self.postgres.start():
                (self.settings.state / "airflow" / "migrated").unlink(missing_ok=True)
            airflow.migrate(self.settings, self.postgres, self.processes)
        airflow.start(self.settings, self.postgres, self.processes)

    def _start_aws(self, wanted: Dataset) -> None:
        with self._timed("AWS stand-in"):
            started = aws.start(self.settings, self.processes)
            if started and dataset.read(self.settings.state) and not self._provisioned():
                self.say(
                    "the AWS stand-in was killed and its state is lost: starting over with an empty lake and warehouse"
                )
                self._forget_deliveries()
                aws.start(self.settings, self.processes)
        with self._timed("buckets, tables, jobs, secrets"):
            self.provision(wanted)

    def start_aws_only(self) -> None:
        """The stand-in with buckets, state table, job and warehouse, for the command line without Airflow."""
        if self.processes.running(aws.NAME) is None:
            require_free([Wanted(self.settings.ports.aws, "the AWS stand-in", "PODEMOS_PORTS_AWS")])
        aws.start(self.settings, self.processes)
        names = platform_names()
        storage.provision(names, self.clients)
        mobile.provision(names, self.clients)
        jobs.provision(names, self.clients)
        tables.provision(names, self.clients)

    def start_functions(self) -> bool:
        """The phones' path, beside the AWS stand-in; the latter starts alone when nothing runs."""
        if self.processes.running(aws.NAME) is None:
            self.start_aws_only()
        mobile.provision(platform_names(), self.clients)
        return functions.start(self.settings, self.processes, self.clients)

    def _start_branches(self, wanted: Dataset) -> None:
        settings, saved = self.branch_settings(wanted.branches), self._saved_branches()
        with self._timed("MariaDB"):
            if settings != saved:
                branches.stop(saved)  # it has other ports, or links to another number of branches
            branches.start(settings)
        with self._timed(f"{wanted.branches} branches seeded"):
            self.seed_seconds = seed.seed(settings, wanted.business_date, rows=wanted.rows).seconds

    def provision(self, wanted: Dataset) -> bool:
        """Create what the configuration names; skipped when nothing it depends on has changed. Tells if it ran."""
        overrides: dict[str, Any] = {}
        if wanted.branches < 200:
            overrides["pilot_branches"] = wanted.branches
        names = platform_names(json.dumps(overrides))
        endpoints = branches.endpoints(self.branch_settings(wanted.branches))
        uris = [endpoint.uri() for endpoint in endpoints]
        digest = _digest(json.dumps([overrides, uris]))
        if self._provisioned() == digest:
            return False
        storage.provision(names, self.clients)
        mobile.provision(names, self.clients)
        secrets.provision(names, self.clients, endpoints, overrides)
        jobs.provision(names, self.clients)
        tables.provision(names, self.clients)
        self.clients("s3").put_object(Bucket=names.artifacts_bucket, Key=_PROVISIONED, Body=digest.encode())
        return True

    def _provisioned(self) -> str:
        """The digest of the last provisioning; empty when the stand-in holds nothing."""
        bucket = platform_names().artifacts_bucket
        try:
            return str(self.clients("s3").get_object(Bucket=bucket, Key=_PROVISIONED)["Body"].read().decode())
        except ClientError:
            return ""

    def _forget_deliveries(self) -> None:
        aws.forget(self.settings, self.processes)
        shutil.rmtree(self.settings.state / "truth" / "sources", ignore_errors=True)

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        took = time.monotonic() - started
        if took > 0.5:
            self.say(f"{what}: {took:.1f} s")


def _digest(extra: str) -> str:
    """Over everything that provisioning reads."""
    found = hashlib.sha256(extra.encode())
    files = [
        *(include() / "config").rglob("*.yaml"),
        *(include() / "sql" / name for name in tables.files()),
        *(include() / "glue").rglob("*.py"),
        *(ROOT / "dags" / "podemos").rglob("*.py"),
        *Path(__file__).parent.rglob("*.py"),
    ]
    for path in sorted(files):
        found.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def _difference(wanted: Dataset, held: Dataset) -> str:
    changed = [
        f"{key.replace('_', ' ')} {value} instead of {getattr(held, key)}"
        for key, value in vars(wanted).items()
        if value != getattr(held, key)
    ]
    return ", ".join(changed)
