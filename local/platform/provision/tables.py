"""The warehouse's schemas and tables: every `include/sql/**/create_*.sql`, through the Data API."""

from __future__ import annotations

from local.platform.clients import Clients
from podemos.contracts.platform import Platform
from podemos.core.paths import include
from podemos.warehouse.port import DataApi


def files() -> list[str]:
    """The DDL files relative to include/sql, schemas before tables."""
    folder = include() / "sql"
    found = [str(path.relative_to(folder)) for path in folder.rglob("create_*.sql")]
    return sorted(found, key=lambda name: ("create_schema" not in name, name))


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
