"""Whom the movements may name: clients that the branches really have."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

from local.branches.planted import MISSING_PARENT
from local.branches.server import MariaDB
from local.branches.settings import Settings
from local.sources.movements import Clients

MOST_PER_BRANCH = 100


def of_branches(state: Path) -> Clients:
    """The first clients of each branch of the running simulator; those that arrive after the seed are left out.

    Raises:
        ServerFailed: MariaDB does not run.
    """
    settings = Settings.load(state)
    found: dict[int, list[int]] = {}
    with closing(MariaDB(settings).connect()) as root:
        cursor = root.cursor()
        for branch in settings.all_branches():
            cursor.execute(
                f"SELECT id_cliente FROM {branch.schema}.clientes WHERE id_cliente < %s ORDER BY id_cliente LIMIT %s",
                (MISSING_PARENT, MOST_PER_BRANCH),
            )
            found[branch.number] = [row[0] for row in cursor.fetchall()]
    return found


def of_file(path: Path) -> Clients:
    """From JSON such as `{"1": [1, 2, 3]}`: branch number -> ids."""
    return {int(number): ids for number, ids in json.loads(path.read_text(encoding="utf-8")).items()}
