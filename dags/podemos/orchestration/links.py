"""Links to the branches' databases, through Airflow connections `sucursal_NNN`."""

from __future__ import annotations

from typing import Any

from podemos.contracts.branches import Branch, Extraction


def connect(branch: Branch, limits: Extraction) -> Any:
    """An open MySQLdb connection with the client's own time limits, which the provider's hook does not set.

    A link that hangs is cut by the client: `read_timeout` is the statement's limit on the server plus the time to
    connect, so that a server that still answers reports its own limit first.

    Raises:
        MySQLdb.Error: the branch does not answer or refuses; the puller records it as a state.
    """
    import MySQLdb
    from airflow.providers.mysql.hooks.mysql import MySqlHook

    hook = MySqlHook(mysql_conn_id=branch.connection)
    settings = hook._get_conn_config_mysql_client(hook.get_connection(branch.connection))
    return MySQLdb.connect(
        **{"charset": "utf8mb4"} | settings,
        connect_timeout=limits.connect_seconds,
        read_timeout=limits.statement_seconds + limits.connect_seconds,
        write_timeout=limits.connect_seconds,
    )
