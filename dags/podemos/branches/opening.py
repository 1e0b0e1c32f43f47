"""Opens a branch's connection in two round trips, TCP and login, where the driver's own way takes four.

The driver repeats the login's character set in a statement, and switches autocommit off in another one. The first is
part of `query.session`, the second is of no use to a session that only reads, in transactions that it begins itself.
TLS adds its own round trips, and so does an authentication plugin that asks back.
"""

from __future__ import annotations

from typing import Any

from MySQLdb.connections import Connection


class _Session(Connection):  # type: ignore[misc]  # the driver has no types
    def set_character_set(self, charset: str, collation: str | None = None) -> None:
        self.encoding = "utf8"


def connect(**settings: Any) -> Any:
    """A connection of MySQLdb that may send packets of statements (see `pipeline`), with the driver's own settings.

    Raises:
        MySQLdb.Error: the server does not answer or refuses.
    """
    return _Session(**{"charset": "utf8mb4"} | settings | {"autocommit": None, "multi_statements": True})
