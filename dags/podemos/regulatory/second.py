"""The second engine: the day's movements, read from the sealed bytes once more by DuckDB, apart from the warehouse.

It runs every night, beside the load: what the warehouse reports must be the same lines. When the warehouse is down, its
lines are the report.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from podemos.contracts.sources import Sources
from podemos.core.errors import ContractViolation, DataFault, NotFound
from podemos.core.states import State
from podemos.core.store import ObjectStore
from podemos.regulatory import index, keys
from podemos.regulatory.frozen import fetch, store
from podemos.warehouse.literals import Typed
from podemos.warehouse.port import Row
from podemos.warehouse.statements import Script, Value, read

ENGINE = "duckdb"
FOLDER = "regulatory/second"


def second(seal_key: str, *, lake: ObjectStore, sources: Sources) -> str:
    """Reads the sealed bytes by the second engine and returns the key of what it found.

    A file that it cannot read is named in the manifest, and none of its movements are in the result.
    """
    seal, ref = keys.read_stage(lake, seal_key, "seal")
    day = seal["business_date"]
    with TemporaryDirectory(prefix="second-") as name:
        path = Path(name) / "movimientos.parquet"
        unreadable = read_sealed(seal, path, lake=lake, sources=sources)
        data = store(lake, f"{FOLDER}/{day}/", path, "parquet")
        found = _index(path)
    document = {
        "stage": "second",
        "business_date": day,
        "night": seal["night"],
        "rehearsal": seal["rehearsal"],
        "seal": ref.to_dict(),
        "data": data,
        "index": found,
        "unreadable": unreadable,
    }
    return keys.commit_stage(lake, keys.folder_of(seal_key), "second", document).key


def _index(path: Path) -> dict[str, Any]:
    """What `trace` needs: see `podemos.regulatory.index`."""
    engine = SecondEngine(path)
    try:
        cells = [dict(row) for row in engine.fetch("second/index_cells.sql")]
    finally:
        engine.close()
    return {"block": index.BLOCK, "blocks": index.blocks(path), "cells": cells}


def read_sealed(seal: Mapping[str, Any], path: Path, *, lake: ObjectStore, sources: Sources) -> dict[str, str]:
    """Writes the day's movements of all sealed files, in the report's order, as one parquet file.

    Args:
        seal: the night's seal.
        path: where to write.
        lake: holds the sealed files.
        sources: the configured sources.

    Returns:
        Why a file could not be read, by `<source>/<file>`.
    """
    from podemos.regulatory.second_reader import SecondReader, Unreadable

    unreadable: dict[str, str] = {}
    day = date.fromisoformat(seal["business_date"])
    size = sum(file["bytes"] for sealed in seal["sources"] for file in sealed["files"])
    with TemporaryDirectory(prefix="sealed-") as name, SecondReader(day, Path(name), size) as reader:
        local = Path(name) / "sealed"
        for sealed in seal["sources"]:
            source = sources.source(sealed["source"])
            for file in sealed["files"] if sealed["state"] != State.MISSING else ():
                try:
                    fetch(lake, file, local)
                    reader.add(source, local, file["sha256"])
                except (DataFault, NotFound, Unreadable) as error:
                    unreadable[f"{source.id}/{file['name']}"] = str(error)
        reader.write(path)
    return unreadable


class SecondEngine:
    """What the second engine found, asked like the warehouse: `include/sql/second/` has the same questions.

    Args:
        path: the movements as parquet.
        changed: why it is not the file that was written; empty when it is.

    Raises:
        DataFault: it was changed into something that is no table of movements.
    """

    def __init__(self, path: Path, changed: str = "") -> None:
        import duckdb

        from podemos.regulatory.second_reader import said

        self.changed = changed
        spill = str(path.with_name("spill"))
        self._database = duckdb.connect(config={"threads": "1", "memory_limit": "256MB", "temp_directory": spill})
        try:
            self._database.read_parquet(str(path), file_row_number=True).create_view("movimientos")
        except duckdb.Error as error:
            raise DataFault(changed or said(error, path)) from error

    def fetch(
        self, sql: str | Script, values: Mapping[str, Value] | None = None, literals: Mapping[str, Typed] | None = None
    ) -> Iterator[Row]:
        """Rows of a question.

        Raises:
            ContractViolation: it is none that this engine can answer.
        """
        if not isinstance(sql, str) or literals:
            raise ContractViolation("the second engine answers the questions of include/sql/second/ only")
        (statement,) = read(f"second/{sql.rpartition('/')[2]}")
        answer = self._database.execute(statement, dict(values or {}))
        names = [column[0] for column in answer.description or ()]
        while rows := answer.fetchmany(10_000):
            yield from (dict(zip(names, row, strict=True)) for row in rows)

    def execute(
        self, sql: str | Script, values: Mapping[str, Value] | None = None, literals: Mapping[str, Typed] | None = None
    ) -> None:
        """Nothing is written here.

        Raises:
            ContractViolation: always.
        """
        raise ContractViolation("the second engine is read only")

    def close(self) -> None:
        """Ends it."""
        self._database.close()


@contextmanager
def opened(document: Mapping[str, Any], lake: ObjectStore) -> Iterator[SecondEngine]:
    """What a manifest of stage `second` names, to be asked.

    If its file was changed since, `changed` of the engine says so: its rows can still be compared and named.

    Raises:
        DataFault: its file was changed into something that is no table of movements.
    """
    with TemporaryDirectory(prefix="second-") as name:
        path = Path(name) / "movimientos.parquet"
        changed = ""
        try:
            fetch(lake, document["data"], path)
        except DataFault as fault:
            changed = str(fault)
        engine = SecondEngine(path, changed)
        try:
            yield engine
        finally:
            engine.close()
