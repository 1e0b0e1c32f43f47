"""Compares what the job left in the lake with what the generator knows, row contents included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import duckdb

from bench.curate.mix import NAMES, Mix, Totals, totals
from local.folder_store import FolderStore
from podemos.contracts.tables import contract
from podemos.core import manifest
from podemos.core.fingerprint import Fingerprint


def differences(lake: FolderStore, revision: Mapping[str, Any], mix: Mix) -> list[str]:
    """What is not as it must be, of each table, branch and day: rows, cents and digest.

    Three accounts must agree: the generator's, the files' (read by DuckDB), and the day manifests' (by the job itself).
    """
    curated, waiting = mix.curated(), mix.waiting()
    files, parked = _in_files(lake, revision)
    said = {term: _said(lake, revision, term) for term in ("curated", "quarantined", "winners")}
    both = {where: curated.get(where, Fingerprint()) + waiting.get(where, Fingerprint())
            for where in {*curated, *waiting}}  # fmt: skip
    return [
        *compare("curated files", curated, files),
        *compare("quarantine files", waiting, parked),
        *compare("manifests, curated", curated, said["curated"]),
        *compare("manifests, quarantined", waiting, said["quarantined"]),
        *compare("manifests, winners", both, said["winners"]),
    ]


def compare(what: str, expected: Totals, found: Totals) -> list[str]:
    """One line for each table, branch and day whose totals are not the expected ones."""
    wrong = [where for where in {*expected, *found} if expected.get(where) != found.get(where)]
    return [f"{what}, {where}: {expected.get(where)} expected, {found.get(where)} found" for where in sorted(wrong)]


def _in_files(lake: FolderStore, revision: Mapping[str, Any]) -> tuple[Totals, Totals]:
    files: Totals = {}
    parked: Totals = {}
    with duckdb.connect() as db:
        for name in NAMES:
            table = contract(name).compiled()
            days = revision["days"].get(name, {})
            found = [file for entry in days.values() for file in entry["files"]]
            if found:
                db.execute("CREATE OR REPLACE VIEW rows_ AS " + _reads(lake, found))
                files |= totals(db, table, "rows_", curated=True)
            if revision["quarantine"][name]["rows"]:
                db.execute("CREATE OR REPLACE VIEW rows_ AS " + _reads(lake, revision["quarantine"][name]["files"]))
                parked |= totals(db, table, "rows_", curated=False)
    return files, parked


def _reads(lake: FolderStore, files: list[dict[str, Any]]) -> str:
    paths = ", ".join(f"'{lake.root / file['key']}'" for file in files)
    return f"SELECT * FROM read_parquet([{paths}], hive_partitioning = false)"


def _said(lake: FolderStore, revision: Mapping[str, Any], term: str) -> Totals:
    found: Totals = {}
    for name in NAMES:
        for day, entry in revision["days"].get(name, {}).items():
            for branch, terms in manifest.read_ref(lake, entry["manifest"])["branches"].items():
                if term in terms:
                    found[name, int(branch), day] = Fingerprint.from_dict(terms[term])
    return found
