"""A bare MariaDB whose OS zone is none of its sessions' zones, for schemas that are not the simulator's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import MySQLdb

from local.branches.server import MariaDB
from local.branches.settings import HOST, Settings
from local.branches.testing import claimed_ports

OS_ZONE = "Asia/Kolkata"
GLOBAL_ZONE = "+09:00"
SESSION_ZONE = "-08:00"
PASSWORD = "contraseña-de-prueba"


@dataclass(frozen=True)
class Bare:
    """Users: `lector` may read, `vigia` also has PROCESS, `caja` writes."""

    port: int
    server: MariaDB

    def connect(self, user: str, schema: str = "tienda") -> Any:
        connection = MySQLdb.connect(
            host=HOST, port=self.port, user=user, passwd=PASSWORD, db=schema, charset="utf8mb4"
        )
        connection.query(f"SET time_zone = '{SESSION_ZONE}'")
        return connection

    def run(self, *statements: str, schema: str = "") -> None:
        with closing(self.server.connect(schema)) as root:
            for statement in statements:
                root.cursor().execute(statement)


@contextmanager
def bare(folder: Path) -> Iterator[Bare]:
    with claimed_ports() as port:
        server = MariaDB(Settings(state=folder, port=port))
        server.start(zone=OS_ZONE)
        running = Bare(port, server)
        try:
            running.run(f"SET GLOBAL time_zone = '{GLOBAL_ZONE}'", "CREATE DATABASE tienda")
            for user, rights in (("lector", "SELECT"), ("vigia", "SELECT"), ("caja", "ALL")):
                running.run(
                    f"CREATE USER {user}@'%' IDENTIFIED BY '{PASSWORD}'", f"GRANT {rights} ON *.* TO {user}@'%'"
                )
            running.run("REVOKE PROCESS ON *.* FROM caja@'%'", "GRANT PROCESS ON *.* TO vigia@'%'")
            yield running
        finally:
            server.stop()
