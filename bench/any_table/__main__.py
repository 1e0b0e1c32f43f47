"""`python -m bench.any_table`: sample databases through the whole chain, before and after planted faults.

For each database: `inspect` proposes the contracts, which are taken as they are; `run` ingests; the warehouse is
compared with the branches row by row; then rows are changed, also behind every cursor, and two more runs must find and
heal it.
The last line is JSON; exit 1 when anything differs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import yaml

from bench.any_table import houses, world
from bench.any_table.compare import compare
from bench.any_table.houses import HOUSES, House
from bench.any_table.world import Terminal
from local.branches.server import MariaDB

ACCOUNTS, MOVES = 20, 300


def main(argv: list[str] | None = None) -> int:
    """All houses, or those named."""
    parser = argparse.ArgumentParser(prog="python -m bench.any_table", description=__doc__)
    parser.add_argument("house", nargs="*", default=[house.name for house in HOUSES])
    parser.add_argument("--keep", type=Path, help="work here and leave it")
    given = parser.parse_args(argv)
    started, results = time.monotonic(), {}
    with tempfile.TemporaryDirectory() as temporary:
        root = given.keep or Path(temporary)
        root.mkdir(parents=True, exist_ok=True)
        with world.mariadb(root / "mariadb") as server:
            for house in HOUSES:
                if house.name in given.house:
                    results[house.name] = _trial(house, server, root / house.name)
    faults = sum(len(found["faults"]) for found in results.values())
    total = {
        "databases": len(results),
        "tables": sum(found["tables"] for found in results.values()),
        "branches": sum(found["branches"] for found in results.values()),
        "rows": sum(found["rows"] for found in results.values()),
        "cents": sum(found["cents"] for found in results.values()),
        "healed": sum(found["healed"] for found in results.values()),
        "certified": all(found["certified"] for found in results.values()),
        "faults": faults,
        "seconds": round(time.monotonic() - started),
    }
    print(world.last_line(total))
    return int(bool(faults) or not total["certified"])


def _trial(house: House, server: MariaDB, folder: Path) -> dict[str, Any]:
    schemas = {n: f"{house.name}_{n:03d}" for n in range(1, house.branches + 1)}
    for branch, schema in schemas.items():
        world.execute(server, "", f"CREATE DATABASE {schema}")
        rows = houses.berka_rows(branch, ACCOUNTS, MOVES) if house.name == "berka" else []
        world.execute(server, schema, *house.statements(), *rows)
    result: dict[str, Any] = {"tables": 0, "branches": house.branches, "rows": 0, "cents": 0, "healed": 0}
    with world.terminal(folder, server, f"{house.name}_{{id}}") as at:
        contracts = _inspect(house, at)
        world.write_branches(at.config, house.branches, list(contracts))
        faults = _step(house, "first", at, server, schemas, contracts, result)
        for branch, schema in schemas.items():
            changes, silent = house.changes, house.silent
            if house.name == "berka":
                changes, silent = map(tuple, houses.berka_faults(branch))
            world.execute(server, schema, *changes, *silent)
        code, said = at.run()
        print(f"{house.name}: run after the faults: {at.seconds:.0f} s, exit {code}", flush=True)
        faults += [] if code in (0, 1) else [said[-2000:]]
        result["healed"] += _healed(at)
        faults += _step(house, "healed", at, server, schemas, contracts, result)
        result["healed"] += _healed(at)
    result |= {"tables": len(contracts), "faults": faults}
    return result


def _inspect(house: House, at: Terminal) -> dict[str, dict[str, Any]]:
    """Contracts as `inspect` proposes them."""
    dsn = at.dsn.replace("{id}", "001")
    code, said = at("inspect", "--dsn", dsn, "--out", str(at.config))
    print(said, flush=True)
    for table, wishes in house.wishes.items():
        (at.config / "tables" / f"{table}.yaml").unlink()
        code, said = at("inspect", "--dsn", dsn, "--out", str(at.config), "--table", table, *wishes)
        if code == 2:
            raise SystemExit(said)
    found = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((at.config / "tables").iterdir())]
    return {contract["table"]: contract for contract in found}


def _step(
    house: House,
    name: str,
    at: Terminal,
    server: MariaDB,
    schemas: dict[int, str],
    contracts: dict[str, dict[str, Any]],
    result: dict[str, Any],
) -> list[str]:
    code, said = at.run()
    print(f"{house.name}: {name} run: {at.seconds:.0f} s, exit {code}", flush=True)
    faults = [] if code == 0 else [f"{house.name}, {name} run: exit {code}: {said[-3000:]}"]
    certification = at.certification() if code in (0, 1) else {"tables": [], "messages": [], "branches": []}
    proven = {entry["table"]: entry for entry in certification["tables"]}
    states = {branch["state"] for branch in certification["branches"]}
    result["certified"] = states == {"certified"}
    faults += [f"{house.name}, {name} run: {line}" for line in certification["messages"][:10]]
    result["rows"] = result["cents"] = 0
    for table, contract in contracts.items():
        found = compare(server, schemas, contract, at, house.parked.get(table, 0))
        entry = proven.get(table, {"certified": 0, "examined": 0, "quarantined": 0})
        verdict = "equal" if not found.faults else f"{len(found.faults)} DIFFER: {found.faults[0]}"
        print(
            f"  {table:18} {found.rows:>7} rows {found.cents:>12} cents, {entry['certified']}/{entry['examined']} "
            f"branch-days certified, {entry['quarantined']} in quarantine, cursor {contract.get('cursor')}: {verdict}",
            flush=True,
        )
        faults += [f"{table}: {line}" for line in found.faults]
        result["rows"] += found.rows
        result["cents"] += found.cents
    return faults


def _healed(at: Terminal) -> int:
    entries = at.certification()["healed"]
    return sum(entry.get(kind, 0) for entry in entries for kind in ("edited", "late", "deleted"))


if __name__ == "__main__":
    sys.exit(main())
