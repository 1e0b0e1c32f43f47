"""The warehouse's schemas, tables and their comments: every DDL file of `include/sql`, through the Data API."""

from __future__ import annotations

from local.platform.clients import Clients
from podemos.contracts.platform import Platform
from podemos.core.paths import include
from podemos.warehouse.port import DataApi


def files() -> list[str]:
    """The DDL files relative to include/sql, in order: schemas, tables, comments. Athena's are another engine's."""
    folder = include() / "sql"
    return [
        str(path.relative_to(folder))
        for pattern in ("create_schema*.sql", "create_[!s]*.sql", "comment_*.sql")
        for path in sorted(folder.rglob(pattern))
        if path.parent.name != "athena"
    ]


def provision(platform: Platform, clients: Clients) -> None:
    """Run the files; each must be harmless when its objects exist.

    Raises:
        DataFault: the warehouse refused a statement; the message names the file.
    """
    warehouse = DataApi(
        clients("redshift-data"), platform.warehouse.workgroup, platform.warehouse.database, poll_seconds=0.02
    )
    for name in files():
        warehouse.execute(name)
