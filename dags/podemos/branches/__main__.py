"""The command line of this concern: `python -m podemos.branches sql`."""

from __future__ import annotations

import argparse
import sys

from podemos.branches import ddl
from podemos.contracts.branches import branches
from podemos.contracts.tables import tables
from podemos.core.paths import include


def main(argv: list[str] | None = None) -> int:
    """Runs one command; 0 when it went well."""
    parser = argparse.ArgumentParser(prog="python -m podemos.branches", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("sql", help="write the SQL files that the table contracts determine")
    parser.parse_args(argv)
    for table in tables(branches().extraction.tables):
        for path, content in ddl.files(table).items():
            target = include() / "sql" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
