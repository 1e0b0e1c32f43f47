"""The branches' ports of the command line: state, jobs, and connections."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from podemos import outside
from podemos.branches.dynamo_state import DynamoState
from podemos.branches.state import BranchState
from podemos.contracts.branches import Branch, Extraction
from podemos.core.errors import ContractViolation

_KNOWN = {"conn_type", "host", "port", "login", "password", "schema"}


class Outside(outside.Outside):
    """Everything outside of the branches."""

    @cached_property
    def state(self) -> BranchState:
        """Leases and watermarks."""
        return DynamoState(self.client("dynamodb"), self.platform.branch_state_table)

    @cached_property
    def glue(self) -> Any:
        """Jobs and the Data Catalog."""
        return self.client("glue")


@dataclass(frozen=True, slots=True)
class Server:
    """Where a branch's database is. The password is not shown."""

    host: str
    port: int
    user: str
    password: str
    schema: str

    def __repr__(self) -> str:
        return f"mysql://{self.user}@{self.host}:{self.port}/{self.schema}"

    def connect(self, limits: Extraction) -> Any:
        """An open MySQLdb connection with the client's own time limits.

        Raises:
            MySQLdb.Error: it does not answer or refuses.
        """
        from podemos.branches import opening, tls

        return opening.connect(
            host=self.host,
            port=self.port,
            user=self.user,
            passwd=self.password,
            db=self.schema,
            connect_timeout=limits.connect_seconds,
            read_timeout=limits.statement_seconds + limits.connect_seconds,
            write_timeout=limits.connect_seconds,
            **tls.options(limits),
        )


def connections(
    path: Path | None, environment: Mapping[str, str], limits: Extraction, dsn: str | None = None
) -> Callable[[Branch], Any]:
    """Opens a branch's database by the name of its connection.

    Args:
        path: a JSON file, connection name -> what Airflow keeps of a connection, as object or as URI.
        dsn: a URI for all branches instead, ``{id}`` standing for the branch's; MYSQL_PWD may hold the password.
        environment: a name that the file lacks is looked for as AIRFLOW_CONN_<NAME>, as Airflow does.
        limits: time limits.

    Raises:
        ContractViolation: the file is not such a file.
    """
    try:
        known = json.loads(path.read_text(encoding="utf-8")) if path else {}
    except (OSError, ValueError) as error:
        raise ContractViolation(f"{path}: {error}; give a JSON file of connections") from error
    if not isinstance(known, dict):
        raise ContractViolation(f"{path}: not a JSON object of connections by name")

    def connect(branch: Branch) -> Any:
        if dsn is not None:
            where = server(dsn.replace("{id}", branch.id), "--dsn", environment.get("MYSQL_PWD"))
            return where.connect(limits)
        variable = f"AIRFLOW_CONN_{branch.connection.upper()}"
        given = known.get(branch.connection) or environment.get(variable)
        if given is None:
            raise ContractViolation(
                f"no {branch.connection} in {path or 'a --connections file'}, no {variable}, and no --dsn"
            )
        return server(given, branch.connection).connect(limits)

    return connect


def server(given: Any, name: str, password: str | None = None) -> Server:
    """A connection from an object, its JSON text, or a URI ``mysql://user:password@host:port/schema``.

    Args:
        given: the connection.
        name: what errors call it.
        password: instead of the one in `given`, so that none has to be written into a command.

    Raises:
        ContractViolation: it is none of these, or something is missing.
    """
    if isinstance(given, str) and given.lstrip().startswith("{"):
        try:
            given = json.loads(given)
        except ValueError as error:
            raise ContractViolation(f"{name}: not JSON: {error}") from error
    found = _of_uri(given, name) if isinstance(given, str) else given
    if not isinstance(found, dict) or not found.keys() <= _KNOWN or found.get("conn_type", "mysql") != "mysql":
        raise ContractViolation(
            f"{name}: give mysql://user:password@host:port/schema, or an object of {sorted(_KNOWN)}"
        )
    missing = [key for key in ("host", "login", "schema") if not found.get(key)]
    if missing:
        raise ContractViolation(f"{name}: no {', '.join(missing)}")
    secret = found.get("password") if password is None else password
    return Server(found["host"], int(found.get("port") or 3306), found["login"], secret or "", found["schema"])


def _of_uri(uri: str, name: str) -> dict[str, Any]:
    try:
        parts = urlsplit(uri)
        port = parts.port
    except ValueError as error:
        raise ContractViolation(f"{name}: no URI: {error}") from None
    return {
        "conn_type": parts.scheme,
        "host": parts.hostname,
        "port": port,
        "login": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "schema": unquote(parts.path.strip("/")),
    }
