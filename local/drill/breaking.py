"""Makes the faults: in the stand-ins, among the processes, in the bucket. The product does not know of them."""

from __future__ import annotations

import json
import os
import signal
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from local.aws import outages
from local.branches import faults as branch_faults
from local.drill.catalogue import Drill, Kind
from local.platform import airflow, deliveries
from local.platform.dataset import Dataset
from local.platform.stack import Stack
from local.platform.watch import Watch
from local.sources.catalog import find
from local.sources.deliver import upload
from local.sources.generate import generate, with_a_cent_more

SLOW_SECONDS: Mapping[str, float] = {"s3": 0.5, "redshift-data": 3.0}
_WORKER = "airflow worker -- "
_FIND_SECONDS = 60.0


@dataclass
class Scene:
    """What a fault is made in."""

    stack: Stack
    data: Dataset
    follow: Watch

    @property
    def day(self) -> date:
        """The business date."""
        return self.data.business_date


def make(drill: Drill, scene: Scene) -> str:
    """Make the fault; returns what was done, in one line. Sources that fail to deliver are planned, not made."""
    return _MAKERS[drill.fault.kind](drill, scene)


def mend(drill: Drill, scene: Scene) -> str:
    """Take the fault back, as far as that is possible; returns what was done, empty when nothing was to do."""
    kind = drill.fault.kind
    if kind in (Kind.SERVICE_REFUSES, Kind.SERVICE_SLOW):
        _outage(scene, drill.target, None)
        return f"{drill.target} answers as ever"
    if kind == Kind.BRANCH_OFFLINE:
        branch_faults.restore(scene.stack.branch_settings(scene.data.branches), drill.target)
        return f"branch {drill.target} can be reached again"
    if kind == Kind.SCHEDULER_KILLED:
        scene.follow.revives = True
        return f"started again: {', '.join(scene.stack.revive())}"
    return ""


def _refuse(drill: Drill, scene: Scene) -> str:
    _outage(scene, drill.target, {"kind": "refuse"})
    return f"{drill.target} refuses every call"


def _slow(drill: Drill, scene: Scene) -> str:
    seconds = SLOW_SECONDS[drill.target]
    _outage(scene, drill.target, {"kind": "slow", "seconds": seconds})
    return f"{drill.target} answers {seconds} s late"


def _outage(scene: Scene, service: str, body: Mapping[str, object] | None) -> None:
    """Begin or end an outage in the stand-in."""
    url = f"{scene.stack.settings.endpoint}{outages.PATH}/{service}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method="DELETE" if body is None else "PUT")  # noqa: S310 - http
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10).close()


def _planned(drill: Drill, scene: Scene) -> str:
    late = drill.fault.kind == Kind.SOURCE_LATE
    return f"{drill.target} {'will deliver after its cut-off' if late else 'does not deliver'}"


def _change(drill: Drill, scene: Scene) -> str:
    inbox, content = deliveries.of(scene.stack, scene.data)
    system = find(content.configured, drill.target)
    upload(inbox, with_a_cent_more(content, system, generate(content, system), 1 + content.rows_of(system) // 3))
    return f"one cent of {drill.target}'s file is changed, after its control file"


def _take_offline(drill: Drill, scene: Scene) -> str:
    branch_faults.fault(
        scene.stack.branch_settings(scene.data.branches), drill.target, branch_faults.Kind.OFFLINE
    )  # fmt: skip
    return f"branch {drill.target} can not be reached"


def _kill_worker(drill: Drill, scene: Scene) -> str:
    """Kill the process of the first task of the report that is seen to run."""
    deadline = time.monotonic() + _FIND_SECONDS
    while time.monotonic() < deadline:
        names = {task["id"]: task["task_id"] for run in scene.follow.runs[-1:] for task in run.tasks}
        for pid in scene.stack.processes.pids("airflow-scheduler"):
            title = _title(pid)
            if (task := names.get(title.removeprefix(_WORKER))) and title.startswith(_WORKER):
                os.kill(pid, signal.SIGKILL)
                return f"process {pid} of task {task} is killed"
        time.sleep(0.05)
    raise TimeoutError(f"no task of the report ran within {_FIND_SECONDS:.0f} s")


def _title(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0].decode(errors="replace").strip()
    except OSError:
        return ""


def _kill_scheduler(drill: Drill, scene: Scene) -> str:
    scene.follow.revives = False
    return f"killed: {_kill(scene, 'airflow-scheduler')} processes of the scheduler"


def _kill_airflow(drill: Drill, scene: Scene) -> str:
    scene.follow.revives = False
    return f"killed: {sum(_kill(scene, name) for name in airflow.COMPONENTS)} processes of Airflow, all there are"


def _kill(scene: Scene, name: str) -> int:
    """SIGKILL to a component and everything it started; returns how many there were."""
    found = scene.stack.processes.pids(name)
    for pid in found:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return len(found)


_MAKERS: Mapping[Kind, Callable[[Drill, Scene], str]] = {
    Kind.SERVICE_REFUSES: _refuse,
    Kind.SERVICE_SLOW: _slow,
    Kind.SOURCE_MISSING: _planned,
    Kind.SOURCE_LATE: _planned,
    Kind.SOURCE_CHANGED: _change,
    Kind.BRANCH_OFFLINE: _take_offline,
    Kind.WORKER_KILLED: _kill_worker,
    Kind.SCHEDULER_KILLED: _kill_scheduler,
    Kind.AIRFLOW_KILLED: _kill_airflow,
}
