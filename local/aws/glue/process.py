"""A run's folder and its operating-system process: a group of its own, so that nothing of it survives a stop."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from moto.s3.exceptions import S3ClientError
from moto.s3.models import s3_backends

from local.aws.glue import arguments, spark
from local.aws.options import ServerOptions

JOBSIDE = Path(__file__).resolve().parent / "jobside"
MODULES = Path(__file__).resolve().parent / "glue-5.0-modules.txt"
_CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": "us-east-1",
}
_MAX_ERROR = 2_000


class MissingObject(Exception):
    """The script or a file of --extra-py-files is not in S3."""


@dataclass(frozen=True)
class Outcome:
    """The end of a run: SUCCEEDED, FAILED, STOPPED or TIMEOUT, and what GetJobRun shows as ErrorMessage."""

    state: str
    error: str | None = None


@dataclass(frozen=True)
class Prepared:
    """A run ready to be started: its folder, command line and environment."""

    folder: Path
    command: tuple[str, ...]
    environment: Mapping[str, str]

    @property
    def stdout(self) -> Path:
        """Where the process's standard output goes."""
        return self.folder / "stdout.log"

    @property
    def stderr(self) -> Path:
        """Where the process's standard error goes."""
        return self.folder / "stderr.log"

    @property
    def result(self) -> Path:
        """Where the runner leaves the error of a script that raised."""
        return self.folder / "result.json"


class Workshop:
    """Prepares runs under `<home>/glue/<run id>/`."""

    def __init__(self, options: ServerOptions) -> None:
        self._options = options

    def prepare(
        self, job: str, run_id: str, account: str, command: Mapping[str, str], given: Mapping[str, str]
    ) -> Prepared:
        """Fetch the script and the extra files, write the Spark settings, build the command line.

        Raises:
            UnsupportedArgument: an argument this Glue can not honour.
            MissingObject: a file is not in S3.
            CompilerMissing: there is no javac to build the s3:// file system.
        """
        asked = arguments.read(given)
        folder = self._options.home / "glue" / run_id
        (folder / "extra").mkdir(parents=True)
        (folder / "tmp").mkdir()
        script = folder / Path(command["ScriptLocation"]).name
        self._fetch(command["ScriptLocation"], script, account)
        roots = [self._fetch(uri, folder / "extra" / Path(uri).name, account) for uri in asked.extra_py_files]
        path = [str(root if root.suffix == ".zip" else root.parent) for root in roots]
        conf = spark.write_settings(folder / "conf", self._options, asked.spark_conf)
        arguments_of_script = [script.name, "--JOB_NAME", job, "--JOB_ID", job, "--JOB_RUN_ID", run_id]
        for name, value in given.items():
            arguments_of_script += [name, str(value)]
        order = {
            "script": str(script),
            "argv": arguments_of_script,
            "import_path": path,
            "modules": str(MODULES),
            "result": str(folder / "result.json"),
        }
        (folder / "job.json").write_text(json.dumps(order, indent=1))
        (folder / "stdout.log").touch()
        (folder / "stderr.log").touch()
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG", "JAVA_HOME", "TZ") if name in os.environ},
            **_CREDENTIALS,
            **spark.environment(self._options, conf),
            "AWS_ENDPOINT_URL": self._options.endpoint,
            "PYTHONPATH": os.pathsep.join([str(JOBSIDE), *path]),  # for Spark's Python workers; the driver runs with -I
            "LOCAL_GLUE_JOB": str(folder / "job.json"),
            "TMPDIR": str(folder / "tmp"),
        }
        argv = (sys.executable, "-I", str(JOBSIDE / "runner.py"), str(folder / "job.json"))
        return Prepared(folder, argv, environment)

    def _fetch(self, uri: str, target: Path, account: str) -> Path:
        """From the server's own S3, without a request to itself: it may be stopping."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        try:
            found = s3_backends[account]["aws"].get_object(bucket, key)
        except S3ClientError as error:
            raise MissingObject(f"{uri}: {error.message}") from error
        if found is None:
            raise MissingObject(f"{uri}: no such object")
        target.write_bytes(found.value)
        return target


class JobProcess:
    """The running process group of one run."""

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        with prepared.stdout.open("ab") as out, prepared.stderr.open("ab") as err:
            self._process = subprocess.Popen(
                prepared.command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=dict(prepared.environment),
                cwd=prepared.folder,
                start_new_session=True,
            )

    def kill(self) -> None:
        """Kill the whole group: the script, its JVM and Spark's Python workers."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def watch(self, limit_seconds: float, *, every: float) -> Iterator[Outcome | None]:
        """Yield None every `every` seconds while it runs, then the outcome, once."""
        deadline = time.monotonic() + limit_seconds
        outcome = None
        while outcome is None:
            try:
                self._process.wait(timeout=max(0.01, min(every, deadline - time.monotonic())))
                outcome = self._judge(self._process.returncode)
            except subprocess.TimeoutExpired:
                if time.monotonic() >= deadline:
                    outcome = Outcome("TIMEOUT", "Job run exceeded its timeout")
                else:
                    yield None
        self.kill()
        self._process.wait()
        shutil.rmtree(self._prepared.folder / "tmp", ignore_errors=True)
        yield outcome

    def _judge(self, code: int) -> Outcome:
        if code == 0:
            return Outcome("SUCCEEDED")
        if self._prepared.result.exists():
            error = json.loads(self._prepared.result.read_text())["error"]
            return Outcome("FAILED", str(error)[:_MAX_ERROR])
        if code < 0:
            return Outcome("FAILED", f"The job's process was killed by {signal.Signals(-code).name}")
        return Outcome("FAILED", f"Command failed with exit code {code}")
