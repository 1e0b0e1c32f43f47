"""One private MariaDB server that holds every branch's schema. Data, socket and log stay in the state folder."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import stat
import subprocess
import time
from pathlib import Path
from typing import Any

import MySQLdb

from local.branches import credentials
from local.branches.settings import HOST, Settings, process_runs, require_free

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0
SEARCH_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin", "/usr/libexec"])

# Speed over durability: the data is seeded, and a crash of the machine only costs a reseed. Files survive kill -9.
SPEED_FLAGS = [
    "--innodb-buffer-pool-size=256M",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-flush-method=nosync",
    "--skip-innodb-doublewrite",
    "--sync-frm=OFF",
    "--skip-log-bin",
    "--performance-schema=OFF",
    "--max-connections=500",
    "--table-open-cache=2000",
]


class ServerFailed(RuntimeError):
    """MariaDB is missing, or did not start or stop; the message holds the end of its log or the remedy."""


class MariaDB:
    """The server of one state folder. Safe to construct anywhere: it does nothing until it is told to."""

    def __init__(self, settings: Settings) -> None:
        self.port = settings.port
        self.state = settings.state.resolve()
        self.folder = self.state / "mariadb"
        self.data = self.folder / "data"
        self.log = self.folder / "mariadb.log"
        self.pid_file = self.data / "mariadb.pid"

    def start(self, zone: str = "UTC") -> None:
        """Start and wait until it answers; does nothing when it already runs.

        Args:
            zone: the OS zone of the server's process, by default that of most servers.

        Raises:
            PortTaken: another process listens on the port.
            ServerFailed: the programs are missing, or the server died or did not answer in time.
        """
        if self.is_running():
            return
        require_free({self.port: "MariaDB of the branches, setting `port`"})
        server = _program("mariadbd", "mysqld")
        self.folder.mkdir(parents=True, exist_ok=True)
        user = _run_as(self.folder)
        if not (self.data / "mysql").is_dir():
            self._install(user)
        _hand_over(self.data, user)
        init_file = self._write_init_file(user)
        arguments = [
            server,
            "--no-defaults",
            *user,
            *self._arguments(),
            *SPEED_FLAGS,
            f"--init-file={init_file}",
        ]
        with self.log.open("ab") as log:
            # Its own session, so that Ctrl-C in the caller's terminal does not reach it.
            process = subprocess.Popen(
                arguments,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**os.environ, "TZ": zone},
            )
        self._wait_until_it_answers(process)
        init_file.unlink()

    def stop(self) -> None:
        """Stop our server and wait for its end; does nothing when it does not run.

        Raises:
            ServerFailed: it is still there after 30 s.
        """
        pid = self.pid()
        if pid is None:
            return
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while self.is_running():
            if time.monotonic() > deadline:
                raise ServerFailed(f"MariaDB (process {pid}) did not stop in {STOP_TIMEOUT_S:.0f} s; see {self.log}")
            time.sleep(0.05)

    def is_running(self) -> bool:
        """Whether *our* server is alive (not whether something listens on the port)."""
        return self.pid() is not None

    def pid(self) -> int | None:
        """Process id of our server, None when it does not run."""
        try:
            pid = int(self.pid_file.read_text())
        except (OSError, ValueError):
            return None
        return pid if process_runs(pid, str(self.data)) else None

    def connect(self, schema: str = "", **options: Any) -> Any:
        """A root connection (DB-API, autocommit). Over TCP: a socket path deeper than 107 bytes cannot be opened.

        Raises:
            ServerFailed: the server does not run.
        """
        if not self.is_running():
            raise ServerFailed(f"MariaDB of {self.state} does not run; remedy: python -m local.branches start")
        return self._connect(schema, **options)

    def _connect(self, schema: str = "", **options: Any) -> Any:
        password = credentials.passwords(self.state, [credentials.ROOT])[credentials.ROOT]
        connection = MySQLdb.connect(
            host=HOST, port=self.port, user="root", passwd=password, db=schema, charset="utf8mb4", **options
        )
        connection.autocommit(True)
        return connection

    def set_init_connect(self, root: Any, statement: str) -> None:
        """What every ordinary session runs first, now and after each start of the server."""
        root.cursor().execute("SET GLOBAL init_connect = %s", (statement,))
        literal = root.literal(statement).decode()
        (self.folder / "init_connect.sql").write_text(f"SET GLOBAL init_connect = {literal};\n", encoding="utf-8")

    def _arguments(self) -> list[str]:
        return [
            f"--datadir={self.data}",
            # Relative to the data folder, so that the length of the checkout's path does not matter.
            "--socket=mariadb.sock",
            f"--pid-file={self.pid_file}",
            f"--bind-address={HOST}",
            f"--port={self.port}",
            "--skip-name-resolve",
            "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_general_ci",
        ]

    def _install(self, user: list[str]) -> None:
        program = _program("mariadb-install-db", "mysql_install_db")
        self.data.mkdir(mode=0o700)
        _hand_over(self.data, user)
        arguments = [
            "--no-defaults",
            # `loose-` hides it from the script but not from the server: the script's own `--user` changes the owner
            # of a folder of the installed package, and breaks on a path with a space.
            *(argument.replace("--user", "--loose-user") for argument in user),
            f"--datadir={self.data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            "--skip-name-resolve",
        ]
        done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            shutil.rmtree(self.data, ignore_errors=True)
            raise ServerFailed(f"mariadb-install-db failed:\n{(done.stdout + done.stderr)[-2000:]}")

    def _write_init_file(self, user: list[str]) -> Path:
        """Statements run before anybody can connect: root's password is the one in the secrets file, at every start."""
        password = credentials.passwords(self.state, [credentials.ROOT])[credentials.ROOT]
        path = self.data / "init.sql"
        path.write_text(
            f"ALTER USER 'root'@'localhost' IDENTIFIED BY '{password}';\n"
            f"ALTER USER 'root'@'127.0.0.1' IDENTIFIED BY '{password}';\n"
            "DROP USER IF EXISTS 'root'@'::1';\n" + self._init_connect()
        )
        path.chmod(0o600)
        _hand_over(path, user)
        return path

    def _init_connect(self) -> str:
        path = self.folder / "init_connect.sql"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def _wait_until_it_answers(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                self._connect().close()
            except MySQLdb.OperationalError as failure:
                if process.poll() is not None:
                    raise ServerFailed(f"MariaDB ended at once; {self._log_tail()}") from None
                if time.monotonic() > deadline:
                    process.terminate()
                    raise ServerFailed(f"MariaDB does not answer: {failure}; {self._log_tail()}") from None
                time.sleep(0.05)
            else:
                return

    def _log_tail(self) -> str:
        return "\n".join([f"end of {self.log}:", *self.log.read_text(errors="replace").splitlines()[-15:]])


def _program(*names: str) -> str:
    for name in names:
        if found := shutil.which(name, path=SEARCH_PATH):
            return found
    raise ServerFailed(f"{names[0]} is not installed; remedy: apt-get install mariadb-server")


def _run_as(folder: Path) -> list[str]:
    """The `--user` argument: MariaDB refuses root unless told; the mysql user must be able to reach the folder."""
    if os.geteuid() != 0:
        return []
    try:
        pwd.getpwnam("mysql")
    except KeyError:
        return ["--user=root"]
    reachable = all(parent.stat().st_mode & stat.S_IXOTH for parent in [folder, *folder.parents])
    return ["--user=mysql"] if reachable else ["--user=root"]


def _hand_over(path: Path, user: list[str]) -> None:
    """Give the files to the user that the server runs as: an earlier start may have run as another one."""
    if not user:
        return
    name = user[0].removeprefix("--user=")
    for file in [path, *path.rglob("*")]:
        shutil.chown(file, name)
