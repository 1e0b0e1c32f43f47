"""What a night leaves for people to read, and the clients that must not be in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
from psycopg2 import sql

from local.branches.server import MariaDB
from local.branches.settings import Settings as BranchSettings
from local.platform.clients import Clients
from local.platform.postgres import DATABASE, SUPERUSER, Postgres
from local.platform.processes import Processes
from local.platform.settings import settings
from podemos.contracts.platform import platform

Texts = list[tuple[str, str]]
_FOLDERS = ("regulatory/datadocs/", "regulatory/nights/", "manifests/", "certificates/", "index/", "board/")
"""Of the lake; the rest is data, which holds clients."""


def clients(state: Path) -> set[str]:
    """Names, CURPs and telephones of all clients; what is shorter than eight letters is left out."""
    saved = BranchSettings.load(state)
    found: set[str] = set()
    with closing(MariaDB(saved).connect()) as root:
        cursor = root.cursor()
        for branch in saved.all_branches():
            cursor.execute(f"SELECT nombre, curp, telefono FROM {branch.schema}.clientes")
            found |= {text for row in cursor.fetchall() for text in row if text}
    return {text for text in found if len(text) >= 8}


def found(texts: Texts, clients: set[str]) -> list[str]:
    """Where a client is named, letters as they are or as JSON escapes them; digits within a longer number are none."""
    told = []
    for who in clients:
        for spelt in {who, json.dumps(who)[1:-1]}:
            whole = re.compile(rf"(?<!\w){re.escape(spelt)}(?!\w)")
            told += [f"{name}: {who}" for name, text in texts if spelt in text and whole.search(text)]
    return sorted(told)


def log_files(state: Path) -> Texts:
    """Airflow's, every process's, Glue's and the stand-in's; the branches' own server is the branch's."""
    files = [
        *(state / "airflow" / "logs").rglob("*.log"),
        *(state / "log").glob("*.log"),
        *(state / "aws").rglob("*.log"),
    ]
    return [(str(path.relative_to(state)), path.read_text(errors="replace")) for path in files]


def xcoms(state: Path) -> Texts:
    """Every table of Airflow's database that holds what tasks handed on, rendered or were told."""
    postgres = Postgres(state, Processes(state))
    with closing(psycopg2.connect(host=str(postgres.sockets), user=SUPERUSER, dbname=DATABASE)) as connection:
        cursor = connection.cursor()
        found = []
        for table in ("xcom", "rendered_task_instance_fields", "dag_run", "log", "hitl_detail"):
            cursor.execute(sql.SQL("SELECT row_to_json(t)::text FROM {} AS t").format(sql.Identifier(table)))
            found += [
                (table, text.encode().decode("unicode_escape", "replace") + text) for (text,) in cursor.fetchall()
            ]
        return found


def evidence(state: Path) -> Texts:
    """Data Docs, certificates, manifests and boards in the lake, and all of a published report but its rows."""
    using = settings({"PODEMOS_STATE": str(state), **_ports(state)})
    s3, names = Clients(using)("s3"), platform()
    found = []
    for bucket, wanted in ((names.lake_bucket, _FOLDERS), (names.reports_bucket, ("reports/",))):
        for key in _keys(s3, bucket):
            if key.startswith(wanted) and re.search(r"\.(json|html|txt|md|log)$", key):
                body = s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode(errors="replace")
                found.append((f"{bucket}/{key}", body))
    return found


def _ports(state: Path) -> dict[str, str]:
    """The stand-in's port is in its command line's record, which its health knows."""
    log = (state / "aws" / "server.log").read_text(errors="replace")
    port = re.findall(r"listening on http://127\.0\.0\.1:(\d+)", log)[-1]
    return {"PODEMOS_PORTS_AWS": port}


def _keys(s3: object, bucket: str) -> Iterator[str]:
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):  # type: ignore[attr-defined]
        yield from (entry["Key"] for entry in page.get("Contents", ()))
