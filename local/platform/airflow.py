"""Airflow itself, configured as MWAA configures it as far as that is possible on one machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Protocol

from local.platform.keys import keys
from local.platform.processes import Processes, StartFailed
from local.platform.rest import Airflow, AirflowDown
from local.platform.settings import ROOT, Settings
from podemos.core.clock import iso, system_clock

# Name of the process -> Airflow's command. Logs are read from the shared folder, so nobody serves them over HTTP.
COMPONENTS: Mapping[str, tuple[str, ...]] = {
    "airflow-api-server": ("api-server",),
    "airflow-scheduler": ("scheduler", "--skip-serve-logs"),
    "airflow-dag-processor": ("dag-processor",),
    "airflow-triggerer": ("triggerer", "--skip-serve-logs"),
}
DAGS = ROOT / "dags"
_WARM = Path(__file__).with_name("warm") / "scheduler.py"
_AIRFLOW = (sys.executable, "-P", "-m", "airflow")
MIGRATE: Sequence[str] = (*_AIRFLOW, "db", "migrate")


class Database(Protocol):
    """Where Airflow keeps its metadata."""

    def url(self, driver: str = "psycopg2") -> str:
        """As SQLAlchemy wants it, with this driver."""


class ImportErrors(RuntimeError):
    """DAG files that Airflow could not import; the message holds each error."""


def aws_environment(settings: Settings) -> dict[str, str]:
    """What makes boto3 and aiobotocore talk to the stand-in, and to nothing else."""
    nowhere = str(settings.state / "no-aws-profile")
    direct = ",".join(sorted({"127.0.0.1", "localhost", *vars(settings.hosts).values()}))
    return {
        "AWS_ENDPOINT_URL": settings.endpoint,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": nowhere,
        "AWS_SHARED_CREDENTIALS_FILE": nowhere,
        "NO_PROXY": direct,
        "no_proxy": direct,
    }


def clean_environment() -> dict[str, str]:
    """The caller's environment without what would change the platform: real AWS credentials, another Airflow."""
    dropped = ("AWS_", "AIRFLOW_", "AIRFLOW__", "PODEMOS_", "PYTHONDONTWRITEBYTECODE", "SPARK_", "GX_")
    return {name: value for name, value in os.environ.items() if not name.startswith(dropped)}


def environment(settings: Settings, database: Database) -> dict[str, str]:
    """The environment of every Airflow process."""
    own = keys(settings.state)
    home = settings.state / "airflow"
    backend = {
        "connections_prefix": "airflow/connections",
        "variables_prefix": "airflow/variables",
        # MWAA excludes it too: looking aws_default up would need the connection that is looked up.
        "connections_lookup_pattern": "^(?!aws_default$).*$",
    }
    sections: dict[str, dict[str, object]] = {
        "core": {
            "auth_manager": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
            "dags_folder": DAGS,
            # MWAA starts a new interpreter per task (True); forking saves 5 s of imports each and changes no result.
            "execute_tasks_new_python_interpreter": False,
            "execution_api_server_url": f"{settings.airflow_url}/execution/",
            "executor": "LocalExecutor",
            "fernet_key": own.fernet,
            "load_examples": False,
            "parallelism": settings.airflow.parallelism,
            "plugins_folder": ROOT / "plugins",
            "simple_auth_manager_all_admins": True,
        },
        "api": {"base_url": settings.airflow_url, "host": "127.0.0.1", "port": settings.ports.airflow,
                "secret_key": own.session, "workers": 1},
        "api_auth": {"jwt_secret": own.jwt},
        "dag_processor": {"refresh_interval": 5, "parsing_processes": 1},
        "database": {"sql_alchemy_conn": database.url(), "sql_alchemy_conn_async": database.url("asyncpg"),
                     "sql_alchemy_pool_size": 20, "sql_alchemy_max_overflow": 20},
        "logging": {"base_log_folder": home / "logs"},
        # A night is started by a person or a test, never by the clock of this machine. After a killed scheduler or
        # worker its tasks are given to a new one within a minute instead of five.
        "scheduler": {"use_job_schedule": False, "scheduler_idle_sleep_time": 0.5, "scheduler_heartbeat_sec": 2,
                      "orphaned_tasks_check_interval": 20, "task_instance_heartbeat_timeout": 60},
        "openlineage": _lineage(settings),
        "secrets": {"backend": "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend",
                    "backend_kwargs": json.dumps(backend)},
        "usage_data_collection": {"enabled": False},
        # A loaded laptop answers late; the default of 5 s turns that into failed tasks.
        "workers": {"execution_api_timeout": 30},
    }  # fmt: skip
    values = {
        f"AIRFLOW__{section}__{key}".upper(): str(value)
        for section, options in sections.items()
        for key, value in options.items()
    }
    return {
        **clean_environment(),
        **aws_environment(settings),
        **values,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW_CONN_AWS_DEFAULT": json.dumps({"conn_type": "aws", "extra": {"region_name": "us-east-1"}}),
        "GX_ANALYTICS_ENABLED": "false",
        "PYTHONPATH": os.pathsep.join([str(DAGS), str(ROOT / "plugins")]),
        "SCARF_ANALYTICS": "false",
        "TZ": "UTC",
    }


def _lineage(settings: Settings) -> dict[str, str]:
    """The provider's configuration: a file, or nothing, which disables it."""
    if not settings.airflow.lineage:
        return {}
    path = settings.state / "lineage" / "events.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    transport = {"type": "file", "log_file_path": str(path), "append": True}
    return {"namespace": "podemos-local", "transport": json.dumps(transport)}


def migrate(settings: Settings, postgres: Database, processes: Processes) -> None:
    """Bring the database to this version of Airflow; does nothing when it was done by this version already.

    Raises:
        StartFailed: with the end of its output.
    """
    mark, version = settings.state / "airflow" / "migrated", metadata.version("apache-airflow")
    if mark.exists() and mark.read_text() == version:
        return
    mark.parent.mkdir(parents=True, exist_ok=True)
    settings.logs.mkdir(parents=True, exist_ok=True)
    with processes.log("airflow-migrate").open("ab") as sink:
        done = subprocess.run(
            MIGRATE,
            stdout=sink, stderr=sink, check=False, env=environment(settings, postgres), cwd=ROOT,
        )  # fmt: skip
    if done.returncode != 0:
        raise StartFailed(f"airflow db migrate failed:\n{processes.log_tail('airflow-migrate')}")
    mark.write_text(version)


def start(settings: Settings, postgres: Database, processes: Processes) -> list[str]:
    """Start the components that do not run; returns their names."""
    started = [name for name in COMPONENTS if processes.running(name) is None]
    for name in started:
        processes.stop(name, seconds=1.0)  # what a killed one left behind
        processes.start(
            name, command(name), environment=environment(settings, postgres), folder=settings.state / "airflow"
        )
    return started


def command(name: str) -> list[str]:
    """The command line of a component."""
    program = (sys.executable, str(_WARM)) if name == "airflow-scheduler" else _AIRFLOW
    return [*program, *COMPONENTS[name]]


def wait_until_healthy(settings: Settings, processes: Processes, api: Airflow) -> None:
    """Return when all four components report health.

    Raises:
        StartFailed: one of them ended, or the time is over.
    """
    last: object = "no answer"

    def healthy() -> bool:
        nonlocal last
        try:
            last = api.health()
        except AirflowDown:
            return False
        parts = ("metadatabase", "scheduler", "dag_processor", "triggerer")
        return all(last.get(part) == "healthy" for part in parts)

    _wait(healthy, processes, settings, lambda: f"Airflow is not healthy: {last}")


def wait_for_dags(settings: Settings, processes: Processes, api: Airflow) -> list[str]:
    """Return the ids of the DAGs once every DAG file has been parsed, and unpause them.

    The scheduler makes no scheduled runs here (`use_job_schedule` is off), so unpausing starts nothing.

    Raises:
        ImportErrors: a file could not be imported.
        StartFailed: the time is over.
    """
    files = {path.name for path in DAGS.glob("*.py")}
    found: dict[str, str] = {}
    begun = iso(system_clock())

    def parsed() -> bool:
        known = api.get("/importErrors", limit=100)["import_errors"]
        if known and not (errors := [error for error in known if error["timestamp"] >= begun]):
            return False  # of an earlier parsing; the next one, seconds away, decides
        if known:
            told = "\n".join(f"{error['filename']}:\n{error['stack_trace'].rstrip()}" for error in errors)
            raise ImportErrors(f"Airflow could not import {len(errors)} DAG file(s):\n{told}")
        dags = api.get("/dags", limit=100, exclude_stale="true")["dags"]
        found.clear()
        found.update({dag["dag_id"]: Path(dag["fileloc"]).name for dag in dags})
        return files <= set(found.values())

    _wait(parsed, processes, settings, lambda: f"not parsed: {', '.join(sorted(files - set(found.values())))}")
    for dag_id in found:
        api.patch(f"/dags/{dag_id}", {"is_paused": False})
    return sorted(found)


def _wait(
    condition: Callable[[], bool], processes: Processes, settings: Settings, complaint: Callable[[], str]
) -> None:
    deadline = time.monotonic() + settings.airflow.start_seconds
    while not condition():
        for name in COMPONENTS:
            processes.require_running(name)
        if time.monotonic() > deadline:
            logs = ", ".join(str(processes.log(name)) for name in COMPONENTS)
            raise StartFailed(f"{complaint()} after {settings.airflow.start_seconds} s; see {logs}")
        time.sleep(0.3)
