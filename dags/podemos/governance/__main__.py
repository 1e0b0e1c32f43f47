"""`python -m podemos.governance publish | codeowners`: tells others what the contracts say.

python -m podemos.governance publish                  # to the Glue Data Catalog of platform.yaml
python -m podemos.governance codeowners > CODEOWNERS  # after an owner or a table has changed
"""

from __future__ import annotations

import argparse
import sys

from podemos.contracts.branches import branches
from podemos.contracts.governance import warehouse_tables
from podemos.contracts.tables import TableContract, contract
from podemos.core.errors import PodemosError
from podemos.governance.codeowners import render
from podemos.governance.publish import publish
from podemos.outside import Outside


def main(arguments: list[str] | None = None) -> int:
    """Runs a command; 2 says what is wrong with the configuration."""
    parser = argparse.ArgumentParser(prog="python -m podemos.governance", description=__doc__)
    commands = parser.add_subparsers(required=True)
    told = commands.add_parser("publish", help="write owners, comments and sensitivity to the Glue Data Catalog")
    told.add_argument("--endpoint", help="where AWS is, when it is a stand-in")
    told.set_defaults(run=_publish)
    owners = commands.add_parser("codeowners", help="print CODEOWNERS")
    owners.set_defaults(run=_codeowners)
    args = parser.parse_args(arguments)
    try:
        args.run(args)
    except PodemosError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def contracts() -> list[TableContract]:
    """Every contract that is ingested."""
    return [contract(name) for name in branches().extraction.tables]


def _publish(args: argparse.Namespace) -> None:
    outside, every = Outside(args.endpoint), contracts()
    database = outside.platform.catalog_database
    changed = publish(outside.client("glue"), database, outside.lake, every)
    sys.stdout.write(f"{database}: {len(every)} contracts, {len(changed)} changed: {', '.join(changed) or 'none'}\n")


def _codeowners(args: argparse.Namespace) -> None:
    sys.stdout.write(render(contracts(), warehouse_tables()))


if __name__ == "__main__":
    sys.exit(main())
