"""The command line of this concern: `python -m podemos.branches sql|status`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator

from podemos.branches import ddl, keys, revisions
from podemos.contracts.branches import branches
from podemos.contracts.platform import platform
from podemos.contracts.tables import tables
from podemos.core import manifest
from podemos.core.paths import include
from podemos.core.store import ObjectStore, S3Store


def main(argv: list[str] | None = None) -> int:
    """Runs one command; 0 when it went well."""
    parser = argparse.ArgumentParser(prog="python -m podemos.branches", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("sql", help="write the SQL files that the table contracts determine")
    commands.add_parser("status", help="what the last certification says of each branch")
    if parser.parse_args(argv).command == "sql":
        write_sql()
        return 0
    import boto3

    lake = S3Store(boto3.client("s3"), platform(os.environ.get("PODEMOS_PLATFORM")).lake_bucket)
    for line in status(lake):
        sys.stdout.write(line + "\n")
    return 0


def write_sql() -> None:
    """Writes every generated file under include/sql/."""
    for table in tables(branches().extraction.tables):
        for path, content in ddl.files(table).items():
            target = include() / "sql" / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, encoding="utf-8")


def status(lake: ObjectStore) -> Iterator[str]:
    """The revision in force and, of its newest certification, each branch that is not certified."""
    revision = revisions.latest(lake)
    if revision is None:
        yield "no revision yet: run branch_ingestion"
        return
    yield f"revision {revision.number}, planned {revision.document['planned']}"
    found = [manifest.read(lake, info.key)[0] for info in lake.list(keys.certifications(revision.number))]
    if not found:
        yield "not certified yet"
        return
    newest = max(found, key=lambda document: str(document["certified"]))
    states = [branch["state"] for branch in newest["branches"]]
    counts = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))
    yield f"business day {newest['business_date']}, certified {newest['certified']}: {counts}"
    for branch in newest["branches"]:
        if branch["state"] != "certified":
            yield f"  {branch['id']} {branch['state']}, last snapshot {branch['as_of'] or 'never'}"
    yield from (f"  {line}" for line in newest["messages"])
    for debt in newest.get("debts", ()):
        yield f"  owed: sucursal {debt['branch']}, {debt['day']}, {debt['table']}: the next pull reads it whole"
    for one in newest.get("healed", ()):
        counts = ", ".join(f"{one[kind]} {kind}" for kind in ("edited", "late", "deleted") if kind in one)
        yield f"  healed: sucursal {one['branch']}, {one['day']}, {one['table']}: {counts}"


if __name__ == "__main__":
    sys.exit(main())
