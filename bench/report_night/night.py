"""One night of a size through the shipped stages, each in a process of its own, against the local AWS.

`second` runs beside `normalise` and `load`, as in the DAG. The server that stands in for S3, KMS and Redshift shares
the cores with what it serves.
"""

from __future__ import annotations

import csv
import json
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import boto3

from bench.branches.measure import Cost, run
from bench.report_night import content, stage
from local.aws.testing import health, running_server
from local.platform.provision import storage
from podemos.contracts.platform import platform
from podemos.warehouse.port import DataApi
from podemos.warehouse.statements import Script

KEYS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_DEFAULT_REGION": "us-east-1"}
CLIENTS = """
INSERT INTO core.clientes (
    id_sucursal, id_cliente, nombre, fecha_alta_origen, fecha_alta, updated_at_origen, updated_at_utc, snapshot_seq,
    borrado
)
SELECT s.id_sucursal, c.id_cliente, 'X', '2026-01-01', '2026-01-01', '2026-01-01', '2026-01-01', 1, FALSE
FROM (SELECT DISTINCT id_sucursal FROM core.pagos_historicos) AS s
CROSS JOIN (SELECT DISTINCT id_cliente FROM core.pagos_historicos) AS c;
"""
TABLES = (
    "regulatory/create_movimientos.sql",
    "branches/ops/create_loads.sql",
    "branches/pagos/create_pagos.sql",
    "branches/clientes/create_clientes.sql",
)
AFTER = (stage.RECONCILE, stage.GATE, stage.DECIDE, stage.BUILD, stage.PUBLISH)


@dataclass
class Run:
    """A night. `costs` are of the processes: seconds with start-up, megabytes at the peak, CPU of the server."""

    movements: int
    costs: dict[str, Cost] = field(default_factory=dict)
    traces: dict[str, float] = field(default_factory=dict)
    seal_to_signature_s: float = 0.0
    differences: list[str] = field(default_factory=list)

    @property
    def peak_rss_mb(self) -> float:
        """Of every task but the gate, in which Great Expectations runs."""
        return max(cost.rss_mb for name, cost in self.costs.items() if name != stage.GATE)


def night(folder: Path, rows: int, scratch: Path, port: int | None) -> Run:
    """Runs a night whose content lies in `folder`."""
    found = Run(rows)
    with tempfile.TemporaryDirectory(prefix="night-", dir=scratch) as name, world(Path(name), port) as (endpoint, pid):
        deliver(folder, endpoint)
        tasks = Tasks(Path(name), endpoint, pid, found.costs)
        tasks.run(stage.SEAL)
        began = time.monotonic()
        with ThreadPoolExecutor(1) as beside:
            second = beside.submit(tasks.run, stage.SECOND)
            tasks.run(stage.NORMALISE)
            tasks.run(stage.LOAD)
            second.result()
        for name_ in AFTER:
            tasks.run(name_)
        found.seal_to_signature_s = time.monotonic() - began
        report = Path(name) / "movimientos.csv"
        manifest = tasks.keys[stage.PUBLISH]
        client("s3", endpoint).download_file(
            platform().reports_bucket, manifest.replace("manifest.json", report.name), str(report)
        )
        found.differences = list(differences(folder, report))
        found.traces = traces(tasks, report)
    return found


class Tasks:
    """Runs stages in order; what each returned is given to those after it."""

    def __init__(self, work: Path, endpoint: str, pid: int, costs: dict[str, Cost]) -> None:
        self.keys: dict[str, str] = {}
        self._work, self._pid, self.costs, self._lock = work, pid, costs, threading.Lock()
        self._environment = KEYS | {"AWS_ENDPOINT_URL": endpoint, "TMPDIR": str(work)}

    def run(self, name: str, **more: str) -> str:
        target = self._work / f"{name}.out"
        command = [sys.executable, "-m", "bench.report_night.stage", name, json.dumps(self.keys | more), str(target)]
        cost = run(command, self._pid, **self._environment)
        told = json.loads(target.read_text(encoding="utf-8"))
        returned, cost = str(told["returned"]), replace(cost, rss_mb=told["peak_mb"])
        with self._lock:
            self.keys[name] = returned
            self.costs[name] = cost
        print(f"    {name:10}{cost.wall:8.1f} s {cost.rss_mb:6.0f} MB", flush=True)
        return returned


@contextmanager
def world(work: Path, port: int | None) -> Iterator[tuple[str, int]]:
    """A running stand-in with buckets, key and tables; its endpoint and process."""
    with running_server(work / "aws", port, "--no-persist") as endpoint:
        names = platform()
        storage.provision(names, lambda service: client(service, endpoint))
        for file in TABLES:
            warehouse(endpoint).execute(file)
        yield endpoint, int(str(health(endpoint)["pid"]))


def client(service: str, endpoint: str) -> Any:
    return boto3.client(
        service, endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106 - the stand-in checks no credentials
    )  # fmt: skip


def warehouse(endpoint: str) -> DataApi:
    names = platform().warehouse
    return DataApi(client("redshift-data", endpoint), names.workgroup, names.database)


def deliver(folder: Path, endpoint: str) -> None:
    """What is there before the night: the deliveries, and the branches' history and clients in the warehouse."""
    names = platform()
    s3, lake, role = client("s3", endpoint), names.lake_bucket, names.warehouse.copy_role_arn
    for path in sorted((folder / "lake").rglob("*")):
        if path.is_file():
            with path.open("rb") as body:
                s3.put_object(Bucket=lake, Key=path.relative_to(folder / "lake").as_posix(), Body=body)
    history = f"COPY core.pagos_historicos FROM 's3://{lake}/curated/pagos/' IAM_ROLE '{role}' FORMAT AS PARQUET;"
    warehouse(endpoint).execute(Script("history", history))
    warehouse(endpoint).execute(Script("clients", CLIENTS))


def differences(folder: Path, report: Path) -> Iterator[str]:
    """Where the published file is not the night that was delivered: rows, cents, ids, amounts and clients."""
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    found = content.published(report)
    for system in sorted(truth.keys() | found.keys()):
        if truth.get(system) != found.get(system):
            yield f"{system}: {found.get(system)} published, {truth.get(system)} delivered"


def traces(tasks: Tasks, report: Path) -> dict[str, float]:
    """Seconds of the command, start-up included: two totals, and one line from the middle of the report."""
    with report.open("rb") as file:
        file.seek(report.stat().st_size // 2)
        file.readline()
        _, source, name, _, _, tipo, *_ = next(csv.reader([file.readline().decode()]))
    cells = {
        "total of the branches": {"source": content.lake_id(), "tipo": "ABONO"},
        "total of a system": {"source": "contabilidad", "tipo": "CARGO"},
        f"line {name}": {"source": source, "tipo": tipo, "movement": name},
    }
    found = {}
    for what, cell in cells.items():
        told = json.loads(tasks.run(stage.TRACE, **cell))["found"]
        assert told["lines"][0]["file"]["row"], told  # noqa: S101 - a trace without its row is none
        found[what] = tasks.costs.pop(stage.TRACE).wall
    return found
