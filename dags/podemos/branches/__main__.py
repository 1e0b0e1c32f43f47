"""The command line of this concern: `python -m podemos.branches <command>`; `--help` lists the commands.

The same library as the DAG, without Airflow. AWS by boto3's own credentials, names by platform.yaml and
PODEMOS_PLATFORM, branches and tables by the configuration folder (--config or PODEMOS_CONFIG; default include/config).

    python -m podemos.branches inspect --dsn mysql://user@host/schema --table payments --out my  # then my/branches.yaml
    eval "$(python -m local aws)"           # a lake, a Glue and a Redshift on this machine, unless AWS is meant
    python -m podemos.branches run --config my --dsn 'mysql://user@host/branch_{id}'
"""

from __future__ import annotations

import argparse
import os
import socket
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import MySQLdb
from botocore.exceptions import BotoCoreError, ClientError

from podemos.branches import (
    certify,
    ddl,
    plan,
    proposal,
    pull,
    push,
    quarantine_command,
    rebuild,
    revisions,
    stages,
)
from podemos.branches.inspection import base_tables, look
from podemos.branches.outside import Outside, connections, server
from podemos.branches.status import newest_certification, status
from podemos.contracts.branches import Extraction, branches
from podemos.contracts.tables import tables
from podemos.core import manifest
from podemos.core.clock import iso, system_clock
from podemos.core.errors import ContractViolation, PodemosError
from podemos.core.paths import CONFIG_VARIABLE, include
from podemos.core.zones import zone_table

_PUSH = """On a branch's own machine: `pull --push --branch NNN`, with a connection to localhost and that machine's role
(`push-policy`). Only finished chunks cross the link, and nothing reaches the branch from outside. Landing, leases and
certificates are the same as of the DAG's own pull, which leaves a branch with `mode: push` in branches.yaml alone."""


def main(argv: list[str] | None = None) -> int:
    """Runs one command: 0 when it went well, 1 when a branch or a table is in trouble, 2 when it could not run."""
    args = _parser().parse_args(argv)
    if getattr(args, "config", None):
        os.environ[CONFIG_VARIABLE] = args.config
    try:
        return int(args.run(args) or 0)
    except (PodemosError, MySQLdb.Error) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
    except (BotoCoreError, ClientError) as error:
        remedy = "check credentials, platform.yaml and --endpoint; `python -m local aws` starts a local one"
        sys.stderr.write(f"AWS: {error}; {remedy}\n")
    return 2


def _parser() -> argparse.ArgumentParser:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m podemos.branches", description=__doc__, formatter_class=raw)
    commands = parser.add_subparsers(dest="command", required=True)
    aws = argparse.ArgumentParser(add_help=False)
    aws.add_argument("--endpoint", help="endpoint of all AWS services; default: AWS, or AWS_ENDPOINT_URL")

    config = argparse.ArgumentParser(add_help=False)
    config.add_argument("--config", help=f"folder with branches.yaml and tables/; default: {CONFIG_VARIABLE}")
    aws.add_argument("--config", help=f"folder with branches.yaml and tables/; default: {CONFIG_VARIABLE}")
    links = argparse.ArgumentParser(add_help=False)
    links.add_argument("--branch", help="ids, 001,002; default: all, in the order of the plan")
    links.add_argument("--connections", type=Path, help="JSON file: sucursal_001 -> connection; else AIRFLOW_CONN_…")
    links.add_argument("--dsn", help="mysql://user@host:port/schema_{id} for all branches; password in MYSQL_PWD")
    links.add_argument("--owner", help="who holds the leases; the same name takes its own leases over after a crash")
    day = argparse.ArgumentParser(add_help=False)
    day.add_argument("--date", type=date.fromisoformat, help="business day, YYYY-MM-DD; default yesterday, Mexico City")

    found = commands.add_parser("sql", help="write the SQL files of the contracts, for review", parents=[config])
    found.set_defaults(run=lambda args: write_sql())

    found = commands.add_parser("pull", help="pull branches now", parents=[aws, links], epilog=_PUSH,
                                formatter_class=raw)  # fmt: skip
    found.add_argument("--push", action="store_true", help="this is the branch's own machine: its own prefix and role")
    found.set_defaults(run=_pull)

    found = commands.add_parser("push-policy", help="print the IAM policy for a branch's own machine")
    found.add_argument("--branch", required=True)
    found.add_argument("--account", required=True, help="AWS account of the state table")
    found.set_defaults(run=_push_policy)

    found = commands.add_parser("curate", help="curate what was landed, by the Glue job, and publish", parents=[aws])
    found.set_defaults(run=lambda args: stages.curate(Outside(args.endpoint), branches(), _line) and 0)

    found = commands.add_parser("load", help="merge the newest revision into the warehouse", parents=[aws])
    found.set_defaults(run=_load)

    found = commands.add_parser("certify", help="certify a business day of the newest revision", parents=[aws, day])
    found.set_defaults(run=_certify)

    found = commands.add_parser("run", help="pull, curate, load and certify", parents=[aws, links, day])
    found.set_defaults(run=_run, push=False)

    found = commands.add_parser("status", help="what the last certification says of each branch", parents=[aws])
    found.set_defaults(run=lambda args: _say(status(Outside(args.endpoint).lake)))

    quarantine_command.add(commands, aws)

    found = commands.add_parser("inspect", help="propose a table's contract and say what is wrong with it",
                                parents=[config])  # fmt: skip
    found.add_argument("--dsn", required=True, help="mysql://user@host:port/schema")
    found.add_argument("--table", help="a table, or several: a,b; default: all of the schema, with --out")
    found.add_argument("--out", type=Path, help="configuration folder: writes tables/<table>.yaml there, not over one")
    found.add_argument(
        "--password-env", default="MYSQL_PWD", help="variable that holds the password; default MYSQL_PWD"
    )
    found.add_argument("--cursor", help="column to use as cursor instead of the likeliest")
    found.add_argument("--business-date", help="column to use as business date instead of the likeliest")
    found.add_argument("--amount", help="column to use as amount instead of the likeliest")
    found.set_defaults(run=_inspect)

    found = commands.add_parser(
        "rebuild-state",
        help="recreate lost leases and watermarks from the manifests",
        description="Reads every pull manifest's name and the newest manifest of each branch-table. Items that are as "
        "new stay. To rebuild one that is wrong, delete its item first.",
        parents=[aws],
    )
    found.set_defaults(run=_rebuild)
    return parser


def write_sql() -> None:
    """Writes every generated file under include/sql/."""
    for table in tables(branches().extraction.tables):
        for path, content in ddl.files(table).items():
            target = include() / "sql" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, encoding="utf-8")


def _pull(args: argparse.Namespace) -> int:
    outside, config = Outside(args.endpoint), branches()
    left = push.left(outside.lake, push.own_branch(config, args.branch)) if args.push else None
    batches = [args.branch] if args.branch else plan.due_batches(
        config, state=outside.state, clock=system_clock, pilot=outside.platform.pilot_branches
    )  # fmt: skip
    troubled = False
    for batch in batches:
        key = pull.pull_batch(
            batch,
            lake=outside.lake,
            state=outside.state,
            connect=connections(args.connections, os.environ, config.extraction, args.dsn),
            config=config,
            clock=system_clock,
            owner=args.owner or f"cli/{socket.gethostname()}/{os.getpid()}",
            left=left,
        )
        for found in manifest.read(outside.lake, key)[0]["branches"]:
            troubled |= found["state"] != "pulled"
            _say(_outcome(found))
        _say([key])
    return int(troubled)


def _outcome(found: dict[str, object]) -> Iterator[str]:
    yield f"{found['branch']} {found['state']}: {found['rows']} rows, {found['tail_rows']} of them will come again"
    if found["message"]:
        yield f"  {found['message']}; {found['remedy']}"
    hold_back = found["hold_back"]
    if isinstance(hold_back, dict):
        yield from (f"  {alert}" for alert in hold_back["alerts"])


def _push_policy(args: argparse.Namespace) -> int:
    _say([push.policy(branches().branch(args.branch), Outside().platform, args.account)])
    return 0


def _certify(args: argparse.Namespace) -> int:
    outside = Outside(args.endpoint)
    revision = revisions.latest(outside.lake)
    if revision is None:
        _say(status(outside.lake))
        return 1
    certify.certify_days(
        revision.ref.key,
        args.date or zone_table().accounting_day(system_clock()) - timedelta(days=1),
        lake=outside.lake,
        warehouse=outside.warehouse,
        clock=system_clock,
        config=branches(),
        pilot=outside.platform.pilot_branches,
    )
    _say(status(outside.lake))
    return int(
        any(branch["state"] == "differs" for branch in newest_certification(outside.lake, revision.number)["branches"])
    )


def _load(args: argparse.Namespace) -> int:
    outside = Outside(args.endpoint)
    revision = revisions.latest(outside.lake)
    if revision is None:
        _say(status(outside.lake))
        return 1
    stages.load_tables(outside, branches(), revision.ref.key, _line)
    return 0


def _run(args: argparse.Namespace) -> int:
    troubled = _pull(args)
    outside = Outside(args.endpoint)
    stages.load_tables(outside, branches(), stages.curate(outside, branches(), _line), _line)
    return max(_certify(args), troubled)


def _inspect(args: argparse.Namespace) -> int:
    limits = Extraction(tables=("inspected",))
    if not args.table and not args.out:
        raise ContractViolation("inspect: name a --table, or a folder for all of them with --out")
    where = server(args.dsn, "--dsn", os.environ.get(args.password_env))
    connection = where.connect(limits)
    wanted, blocked = proposal.Wishes(args.cursor, args.business_date, args.amount), False
    try:
        for name in args.table.split(",") if args.table else base_tables(connection):
            found = proposal.propose(look(connection, name), wanted)
            blocked |= found.blocked
            if args.out:
                _say(_write_contract(args.out, found))
            else:
                sys.stdout.write(found.text())
    finally:
        connection.close()
    return int(blocked)


def _write_contract(folder: Path, found: proposal.Proposal) -> Iterator[str]:
    path = folder / "tables" / f"{found.contract['table']}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(found.text())
    except FileExistsError:
        yield f"{path}: exists and stays as it is"
        return
    yield f"{path}: {len(found.findings)} findings{', one blocks' if found.blocked else ''}"


def _rebuild(args: argparse.Namespace) -> int:
    outside = Outside(args.endpoint)
    for found in rebuild.rebuild(outside.lake, outside.state):
        part, did = found.part, "restored" if found.restored else "was as new"
        _say([f"{part.table} {part.branch}: sequence {part.seq}, snapshot of {iso(part.as_of)}: {did}"])
    return 0


def _line(line: str) -> None:
    _say([line])


def _say(lines: Iterator[str] | list[str]) -> None:
    for line in lines:
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    sys.exit(main())
