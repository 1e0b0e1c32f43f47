"""Links to the branches' databases, through Airflow connections `sucursal_NNN`."""

from __future__ import annotations

from functools import cache
from typing import Any

from podemos.contracts.branches import Branch, Extraction


def connect(branch: Branch, limits: Extraction) -> Any:
    """An open MySQLdb connection with the client's own time limits, which the provider's hook does not set.

    A link that hangs is cut by the client: `read_timeout` is the statement's limit on the server plus the time to
    connect, so that a server that still answers reports its own limit first.

    Raises:
        MySQLdb.Error: the branch does not answer or refuses; the puller records it as a state.
    """
    from airflow.providers.mysql.hooks.mysql import MySqlHook

    from podemos.branches import opening, tls

    hook = MySqlHook(mysql_conn_id=branch.connection)
    settings = hook._get_conn_config_mysql_client(_connection(branch.connection))
    return opening.connect(
        **settings | tls.options(limits),
        connect_timeout=limits.connect_seconds,
        read_timeout=limits.statement_seconds + limits.connect_seconds,
        write_timeout=limits.connect_seconds,
    )


def _connection(conn_id: str) -> Any:
    """The connection, from a secrets backend that is built once.

    Airflow builds its backends, and with them a boto3 session and client, for every lookup: a fifth of a CPU second
    for each of 200 branches. What it does not have is looked up Airflow's own way, which also says what is missing.
    """
    from airflow.sdk import BaseHook
    from airflow.sdk.log import mask_secret

    backend = _backend()
    found = backend.get_connection(conn_id) if backend else None
    if found is None:
        return BaseHook.get_connection(conn_id)
    mask_secret(found.password)
    return found


@cache
def _backend() -> Any:
    """The secrets backend that this environment configures for its workers, or None."""
    from airflow.sdk.configuration import get_custom_secret_backend
    from airflow.sdk.definitions.connection import Connection

    backend = get_custom_secret_backend(worker_mode=True) or get_custom_secret_backend()
    if backend is not None:
        backend._set_connection_class(Connection)
    return backend
