"""A night of so many movements, in the proportions of `sources.yaml`: made once, kept as files by key, with its truth.

The fourteen systems deliver what the simulators draw; the branch lake's payments are made by DuckDB, since they are two
thirds of the night. `python -m bench.report_night.content ROWS SEED` makes it in a process of its own.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import duckdb

from local.sources.catalog import branch_lake, systems
from local.sources.day import Content
from local.sources.generate import generate
from podemos.contracts.sources import sources
from podemos.contracts.tables import contract
from podemos.core import fingerprint
from podemos.core.manifest import canonical, sha256
from podemos.regulatory.frozen import sha256_of
from podemos.regulatory.keys import inbox

DAY = date(2026, 11, 19)
BRANCHES, CLIENTS = 200, 500
KEPT = Path(__file__).resolve().parents[2] / ".local" / "bench-report"
PART_ROWS = 1_000_000
FORM = 1
"""Raised when a night of the same rows and seed would be another one."""
REVISION = "manifests/branches/revisions/000000000001.json"
_SQL = Path(__file__).with_name("lake.sql").read_text(encoding="utf-8")
_DIGEST = "SUM(CAST('0x' || LEFT(MD5({text}), 15) AS HUGEINT))"


def kept(rows: int, seed: int) -> Path:
    """Where the night of this size, seed and generator is."""
    code = hashlib.sha256(f"{FORM} {_SQL}".encode()).hexdigest()[:12]
    return KEPT / f"{rows}-{seed}-{code}"


def clients() -> dict[int, range]:
    """The clients that each branch has."""
    return {branch: range(1, CLIENTS + 1) for branch in range(1, BRANCHES + 1)}


def scaled(rows: int, seed: int) -> tuple[Content, int]:
    """The systems' content, and how many payments the lake has, in the proportions of `sources.yaml`."""
    expected = sum(source.expected_rows for source in sources().sources)
    configured = tuple(replace(s, expected_rows=max(4, s.expected_rows * rows // expected)) for s in systems())
    content = Content(DAY, clients(), None, seed, configured)
    return content, rows - sum(system.expected_rows for system in configured)


def make(rows: int, seed: int) -> Path:
    """The night's folder: `lake/<key>`, `history.parquet` for the warehouse, `truth.json`."""
    folder = kept(rows, seed)
    if folder.exists():
        return folder
    work = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    content, payments = scaled(rows, seed)
    with ProcessPoolExecutor(2, get_context("spawn")) as pool:
        made = [pool.submit(deliver, work, rows, seed, system.id) for system in content.configured]
        truth = {lake_id(): lake(work, payments, seed)}
        truth |= {system.id: one.result() for system, one in zip(content.configured, made, strict=True)}
    (work / "truth.json").write_text(json.dumps(truth, sort_keys=True), encoding="utf-8")
    work.rename(folder)
    return folder


def lake_id() -> str:
    found = branch_lake()
    assert found is not None  # noqa: S101 - sources.yaml has one
    return found.id


def deliver(work: Path, rows: int, seed: int, system_id: str) -> dict[str, Any]:
    """One system's delivery as files; returns what it holds: rows, cents and digest per type."""
    content, _ = scaled(rows, seed)
    system = next(one for one in content.configured if one.id == system_id)
    delivery = generate(content, system)
    for key, data in delivery.objects():
        path = work / "lake" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    found: dict[str, Any] = {tipo: {"movements": 0, "cents": 0, "digest": 0} for tipo in ("CARGO", "ABONO")}
    for file in delivery.files:
        for one in file.movements:
            total = found[one.tipo]
            total["movements"] += 1
            total["cents"] += one.cents
            text = f"{system_id}|{one.id_movimiento}|{one.cents}|{one.id_cliente}"
            total["digest"] += int(hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:15], 16)
    return found


def lake(work: Path, payments: int, seed: int) -> dict[str, Any]:
    """The lake's curated files, revision and control file, and the rows of the warehouse's history."""
    database = duckdb.connect(config={"threads": "1", "memory_limit": "2GB", "temp_directory": str(work / "spill")})
    database.execute("SET TimeZone = 'UTC'")
    database.execute(_SQL, {"rows": payments, "seed": seed, "branches": BRANCHES, "clients": CLIENTS, "day": DAY})
    (total,) = _one(database, "SELECT COUNT(*) FROM pagos")
    files = []
    for part in range(-(-total // PART_ROWS)):
        key = f"curated/pagos/fecha={DAY}/rev=1/part-{part}.parquet"
        path = work / "lake" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = (
            f"SELECT * EXCLUDE (n) FROM pagos WHERE n >= {part * PART_ROWS} AND n < {(part + 1) * PART_ROWS} ORDER BY n"
        )
        database.execute(f"COPY ({rows}) TO '{path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 100000)")
        (count, cents) = _one(database, f"SELECT COUNT(*), CAST(SUM(monto) * 100 AS BIGINT) FROM '{path}'")
        files.append({"key": key, "rows": count, "cents": cents, "sha256": sha256_of(path)})
    moving = f"status_pago = 'PAGADO' AND NOT borrado AND fecha_contable = DATE '{DAY}'"
    select = fingerprint.duckdb(contract("pagos").compiled(), curated=True)
    count, cents, digest = _one(database, f"SELECT {select} FROM pagos WHERE {moving}")
    revision = canonical({"files": [file["key"] for file in files]})
    control = {
        "source": lake_id(),
        "business_date": DAY.isoformat(),
        "kind": "lake",
        "revision": {"key": REVISION, "sha256": sha256(revision)},
        "certificates": [],
        "files": files,
        "rows": count,
        "cents": cents,
        "digest": str(int(digest)),
        "excepted": [],
        "branches": [{"id": f"{b:03d}", "state": "certified", "as_of": None} for b in range(1, BRANCHES + 1)],
    }
    for key, data in ((REVISION, revision), (f"{inbox(lake_id(), DAY)}control-0001.json", canonical(control))):
        (work / "lake" / key).parent.mkdir(parents=True, exist_ok=True)
        (work / "lake" / key).write_bytes(data)
    text = (
        f"'{lake_id()}|' || PRINTF('%03d-%d', id_sucursal, id_pago) || '|' || CAST(monto * 100 AS BIGINT) "
        "|| '|' || id_cliente"
    )
    (own,) = _one(database, f"SELECT {_DIGEST.format(text=text)} FROM pagos WHERE {moving}")
    database.close()
    shutil.rmtree(work / "spill", ignore_errors=True)
    return {"CARGO": {"movements": 0, "cents": 0, "digest": 0},
            "ABONO": {"movements": count, "cents": cents, "digest": int(own)}}  # fmt: skip


def published(csv: Path) -> dict[str, Any]:
    """What a report's file holds, read by DuckDB: rows, cents and digest per system and type."""
    cents = "CAST(CAST(monto AS DECIMAL(18, 2)) * 100 AS BIGINT)"
    text = f"id_sistema || '|' || id_movimiento || '|' || {cents} || '|' || id_cliente"
    database = duckdb.connect(config={"memory_limit": "2GB"})
    rows = database.execute(
        f"SELECT id_sistema, tipo, COUNT(*), CAST(SUM(CAST(monto AS DECIMAL(18, 2))) * 100 AS BIGINT), "
        f"{_DIGEST.format(text=text)} FROM READ_CSV(?, header = true, all_varchar = true, quote = '\"', escape = '\"') "
        "GROUP BY ALL",
        [str(csv)],
    ).fetchall()
    empty = {"movements": 0, "cents": 0, "digest": 0}
    found: dict[str, Any] = {row[0]: {"CARGO": dict(empty), "ABONO": dict(empty)} for row in rows}
    for system, tipo, count, total, digest in rows:
        found[system][tipo] = {"movements": count, "cents": total, "digest": int(digest)}
    return found


def _one(database: Any, sql: str) -> tuple[Any, ...]:
    found: tuple[Any, ...] = database.execute(sql).fetchone()
    return found


if __name__ == "__main__":
    print(make(int(sys.argv[1]), int(sys.argv[2])))
