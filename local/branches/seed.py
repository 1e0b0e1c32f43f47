"""Fill the branch databases: same arguments, same bytes. Runs again only when something it depends on has changed."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, astuple, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from local.branches import credentials, faults, planted, truth
from local.branches.catalog import Branch
from local.branches.generator import (
    MINIMUM_ROWS,
    Client,
    Loan,
    Payment,
    clients,
    generator_of,
    loans,
    money,
    payments,
    wall_time,
)
from local.branches.planted import Planted
from local.branches.server import MariaDB
from local.branches.settings import Settings

DEFAULT_SEED = 20261119
SCHEMA_SQL = Path(__file__).with_name("sql") / "schema.sql"
# Raise it when the generated content changes: databases seeded by older code are then seeded again.
CONTENT_VERSION = 1
WORKERS = 2
LOAD = "LOAD DATA LOCAL INFILE %s INTO TABLE {table} CHARACTER SET utf8mb4"


class TooFewRows(ValueError):
    """A branch too small to hold its planted defects."""


@dataclass(frozen=True)
class Seeded:
    """What `seed` did. `fresh` is False when the databases already held exactly this."""

    branches: int
    pagos: int
    fresh: bool
    seconds: float


@dataclass(frozen=True)
class BranchRows:
    """All rows of one branch and the record of what was planted in them."""

    clients: list[Client]
    loans: list[Loan]
    payments: list[Payment]
    planted: list[Planted]


def seed(
    settings: Settings,
    business_date: date,
    *,
    rows: int = 1000,
    seed: int = DEFAULT_SEED,
    process_privilege: bool = False,
    again: bool = False,
) -> Seeded:
    """Create and fill every branch of `settings` on the running server; drop branches beyond them.

    Args:
        settings: of a running platform.
        business_date: the day the night will report; payments cover the fourteen local days that end with it.
        rows: payments per branch; clients are a tenth and loans an eighth of it.
        seed: another number gives other rows.
        process_privilege: also grant PROCESS, which shows open transactions but also every session's SQL text.
        again: seed even if the databases hold this seed already (for example after `mutate`).

    Raises:
        TooFewRows: `rows` cannot hold the planted defects.
        ServerFailed: the server does not run.
    """
    if rows < MINIMUM_ROWS:
        raise TooFewRows(f"rows={rows}: a branch needs at least {MINIMUM_ROWS} payments to hold the planted defects")
    started = time.monotonic()
    branches = settings.all_branches()
    server = MariaDB(settings)
    parameters = {
        "content": CONTENT_VERSION,
        "seed": seed,
        "rows": rows,
        "business_date": business_date.isoformat(),
        "branches": [[branch.id, branch.zone] for branch in branches],
        "process": process_privilege,
    }
    with closing(server.connect()) as root:
        if not again and _seeded_with(root) == parameters:
            _grant(root, settings, branches, process_privilege)
            return Seeded(len(branches), rows * len(branches), False, time.monotonic() - started)
        _reset(root, branches)
        _grant(root, settings, branches, process_privilege)
        _set_clocks(root, server, branches, business_date)

    def fill(branch: Branch) -> tuple[str, list[Planted]]:
        made = generate(branch, rows, seed, business_date)
        with closing(server.connect(local_infile=1)) as connection:
            _load(connection, branch, made, settings.folder)
        return branch.id, made.planted

    settings.folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(WORKERS) as pool:
        record = dict(pool.map(fill, branches))
    truth.record_seed(settings, parameters, {branch: [asdict(one) for one in ones] for branch, ones in record.items()})
    with closing(server.connect("simulador")) as root:
        root.cursor().execute("INSERT INTO semilla VALUES (%s)", (json.dumps(parameters),))
    return Seeded(len(branches), rows * len(branches), True, time.monotonic() - started)


def generate(branch: Branch, rows: int, seed: int, business_date: date) -> BranchRows:
    """The rows of one branch, without a database."""

    def rng(part: str) -> Any:
        return generator_of(seed, business_date, rows, branch.number, branch.zone, part)

    people = clients(rng("clientes"), max(3, rows // 10), business_date)
    credit = loans(rng("prestamos"), max(3, rows // 8), len(people), business_date)
    drafts = planted.drafts(rng("planted"), branch, credit, rows, business_date)
    regular = payments(rng("pagos"), rows - len(drafts), credit, business_date)
    edits = planted.edit_in_place(rng("edits"), branch, regular, business_date)
    extra, record = planted.with_ids(drafts, first_id=len(regular) + 1)
    return BranchRows(people, credit, regular + extra, record + edits)


def _seeded_with(root: Any) -> Any:
    cursor = root.cursor()
    cursor.execute("SELECT COUNT(*) FROM information_schema.tables WHERE table_schema='simulador'")
    if cursor.fetchone() == (0,):
        return None
    cursor.execute("SELECT parametros FROM simulador.semilla")
    row = cursor.fetchone()
    return json.loads(row[0]) if row else None


def _reset(root: Any, branches: list[Branch]) -> None:
    """Drop every branch there is and create the schemas anew. The mark of a finished seed goes first and comes last."""
    cursor = root.cursor()
    cursor.execute("DROP DATABASE IF EXISTS simulador")
    cursor.execute("CREATE DATABASE simulador")
    cursor.execute("CREATE TABLE simulador.semilla (parametros LONGTEXT NOT NULL)")
    cursor.execute("SELECT schema_name FROM information_schema.schemata WHERE schema_name REGEXP '^sucursal_[0-9]{3}$'")
    for (schema,) in cursor.fetchall():
        cursor.execute(f"DROP DATABASE {schema}")
    cursor.execute("SELECT user FROM mysql.user WHERE user REGEXP '^sucursal_[0-9]{3}$'")
    for (user,) in cursor.fetchall():
        cursor.execute("DROP USER %s@'%%'", (user,))
    tables = [text for text in SCHEMA_SQL.read_text().split(";\n") if "CREATE TABLE" in text]
    for branch in branches:
        cursor.execute(f"CREATE DATABASE {branch.schema}")
        cursor.execute(f"USE {branch.schema}")
        for table in tables:
            cursor.execute(table)


def _grant(root: Any, settings: Settings, branches: list[Branch], process_privilege: bool) -> None:
    """Each branch has its own user, which may only read its own schema."""
    known = credentials.passwords(settings.state, [branch.schema for branch in branches])
    cursor = root.cursor()
    for branch in branches:
        user = (branch.schema,)
        cursor.execute("CREATE USER IF NOT EXISTS %s@'%%' IDENTIFIED BY %s", (*user, known[branch.schema]))
        cursor.execute("ALTER USER %s@'%%' IDENTIFIED BY %s", (*user, known[branch.schema]))
        # The underscore is a wildcard in a grant: escaped, or the user could also read a schema named sucursalX001.
        pattern = branch.schema.replace("_", r"\_")
        cursor.execute(f"GRANT SELECT ON `{pattern}`.* TO %s@'%%'", user)
        if process_privilege:
            cursor.execute("GRANT PROCESS ON *.* TO %s@'%%'", user)
    faults.set_account_locks(root, branches, faults.locked_ids(settings))


def _set_clocks(root: Any, server: MariaDB, branches: list[Branch], business_date: date) -> None:
    """A branch's sessions live in its local time, although the server's OS zone is UTC.

    `init_connect` runs for every session of an ordinary user. Fixed offsets: zone tables are usually not loaded.
    """
    zones: dict[str, list[str]] = {}
    for branch in branches:
        offset = f"{wall_time(branch, business_date, '01:00').replace(tzinfo=branch.tz):%z}"
        zones.setdefault(f"{offset[:3]}:{offset[3:]}", []).append(branch.schema)
    user = "SUBSTRING_INDEX(CURRENT_USER(), '@', 1)"
    arms = " ".join(f"WHEN FIND_IN_SET({user}, '{','.join(users)}') THEN '{offset}'" for offset, users in zones.items())
    server.set_init_connect(root, f"SET time_zone = CASE {arms} ELSE 'SYSTEM' END")


def _load(connection: Any, branch: Branch, made: BranchRows, folder: Path) -> None:
    cursor = connection.cursor()
    cursor.execute(f"USE {branch.schema}")
    cursor.execute("SET unique_checks = 0")
    tables: dict[str, Iterable[str]] = {
        "clientes": (_line(astuple(row)) for row in made.clients),
        "prestamos": (_line(astuple(row)[:-1]) for row in made.loans),
        "pagos": map(_payment_line, made.payments),
    }
    file = folder / f".load.{branch.id}.{os.getpid()}"
    try:
        for table, lines in tables.items():
            file.write_text("".join(lines), encoding="utf-8", newline="")
            cursor.execute(LOAD.format(table=table), (str(file.resolve()),))
    finally:
        file.unlink(missing_ok=True)


def _line(values: tuple[str | int | None, ...]) -> str:
    return "\t".join(["\\N" if value is None else _escaped(str(value)) for value in values]) + "\n"


def _payment_line(row: Payment) -> str:
    note = "\\N" if row.otros_datos is None else _escaped(row.otros_datos)
    return (
        f"{row.id_pago}\t{row.id_prestamo}\t{row.id_cliente}\t{money(row.cents)}\t{row.fecha_pago}\t"
        f"{row.status_pago}\t{note}\t{row.updated_at}\n"
    )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
