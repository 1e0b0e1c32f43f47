"""Remembers, per process, what the two engines read of the same bytes: cases of one night differ in a file or two.

Reading a source is a function of its sealed entry, its control file and its files' bytes (first engine), and of its
files' bytes in order (second engine); those are the keys. The bytes are fetched and their digests compared in every
case, by the shipped `fetch`. `proven` reads without memory and compares: the stages' manifests are named by content,
so equal keys are equal bytes. The suites do that for a sample of their cases.

The second engine's files are asked through one database of the process, each in a catalog of its own: a new database
costs more than its questions.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self
from unittest.mock import patch

import duckdb

from podemos.contracts.sources import Source
from podemos.core.errors import DataFault, NotFound
from podemos.core.manifest import canonical as document_bytes
from podemos.core.manifest import sha256 as digest_of
from podemos.core.store import ObjectStore
from podemos.regulatory import canonical, narrow, normalise, second_reader
from podemos.regulatory.canonical import Canonical, canonical_file
from podemos.regulatory.frozen import fetch, sha256_of
from podemos.regulatory.movement import MovementFile
from podemos.regulatory.second_reader import SecondReader, Unreadable

_NOTHING = 0
_ASKED = {"threads": "1", "memory_limit": "256MB"}
"""How the shipped `SecondEngine` connects, apart from where it spills."""
PROVEN_EVERY = 50
"""One case in so many is read with and without memory."""


class Memory:
    """What was read so far. One per process; `forget` when the content changes, to stay small."""

    def __init__(self) -> None:
        self._canonical: dict[str, tuple[Canonical, bytes, bytes]] = {}
        self._parts: dict[tuple[Any, ...], int | str] = {}
        self._engines: dict[date, SecondReader] = {}
        self._asked = duckdb.connect(config=_ASKED)
        self._catalogs = count(1)
        self._scratch = TemporaryDirectory(prefix="memory-")

    def forget(self) -> None:
        """Everything read so far."""
        self._canonical.clear()
        self._parts.clear()
        for engine in self._engines.values():
            engine.database.execute("DELETE FROM leidos")

    def close(self) -> None:
        """Ends the second engine's database."""
        for engine in self._engines.values():
            engine.database.close()
        self._asked.close()
        self._scratch.cleanup()

    @contextmanager
    def used(self) -> Iterator[None]:
        """While the stages read."""
        memory, connect = self, duckdb.connect

        def connected(*given: Any, **named: Any) -> Any:
            if given or not named.get("config", {}).items() >= _ASKED.items():
                return connect(*given, **named)
            return _Catalog(memory._asked, f"archivo_{next(memory._catalogs)}")

        class Remembering(_Remembering):
            def __init__(self, day: date, scratch: Path, size: int = 0) -> None:
                super().__init__(memory, day)

        with (
            patch.object(normalise, "canonical_file", self.canonical_file),
            patch.object(narrow, "canonical_file", self.canonical_file),
            patch.object(second_reader, "SecondReader", Remembering),
            patch.object(duckdb, "connect", connected),
        ):
            yield

    def canonical_file(
        self, source: Source, sealed: Mapping[str, Any], day: date, lake: ObjectStore, work: Path
    ) -> Canonical:
        """As the shipped one, which runs for anything new and whenever its writer is one with a planted fault."""
        control = lake.get(sealed["control"]["key"], sealed["control"]["version"])
        try:
            for file in sealed["files"]:
                fetch(lake, file, work / "sealed")
        except (DataFault, NotFound):
            return canonical_file(source, sealed, day, lake, work)
        if canonical.MovementFile is not MovementFile:
            return canonical_file(source, sealed, day, lake, work)
        about = {"entry": sealed, "control": digest_of(control), "day": day.isoformat(), "source": repr(source)}
        key = digest_of(document_bytes(about))
        if key not in self._canonical:
            read = canonical_file(source, sealed, day, lake, work)
            self._canonical[key] = (read, read.movements.path.read_bytes(), read.excepted.path.read_bytes())
            return read
        read, movements, excepted = self._canonical[key]
        return replace(
            read,
            movements=_at(read.movements, work / read.movements.path.name, movements),
            excepted=_at(read.excepted, work / read.excepted.path.name, excepted),
        )

    def engine(self, day: date) -> SecondReader:
        """The second engine of this process, with its zones, and `leidos`: the movements of each part read."""
        if day not in self._engines:
            engine = SecondReader(day, Path(self._scratch.name))
            engine.database.execute("CREATE TABLE leidos AS SELECT 0 AS parte, * FROM movimientos LIMIT 0")
            self._engines[day] = engine
        return self._engines[day]

    def part(self, before: int, source: Source, path: Path, sha256: str, engine: SecondReader) -> int:
        """The number of the part that holds `before`, an earlier part of the source, and this file.

        Raises:
            Unreadable: as the shipped reader; the part stays what it was.
        """
        key = (before, source.id, repr(source), sha256, sha256_of(path))
        if key not in self._parts:
            take(engine, [before])
            try:
                engine.add(source, path, sha256)
            except Unreadable as error:
                self._parts[key] = str(error)
            else:
                number = len(self._parts) + 1
                engine.database.execute("INSERT INTO leidos SELECT ?, * FROM movimientos", [number])
                self._parts[key] = number
        found = self._parts[key]
        if isinstance(found, str):
            raise Unreadable(found)
        return found


def take(engine: SecondReader, parts: Sequence[int]) -> None:
    """Puts the movements of these parts, and no others, where the second engine keeps what it read.

    In a new table: DuckDB's statistics outlive the rows, and decide which columns a parquet file calls nullable.
    """
    engine.database.execute("DROP TABLE movimientos")
    engine._run("prepare_movements.sql")
    if wanted := [part for part in parts if part != _NOTHING]:
        engine.database.execute(
            "INSERT INTO movimientos SELECT * EXCLUDE (parte) FROM leidos WHERE LIST_CONTAINS(?, parte)", [wanted]
        )


class _Remembering(SecondReader):
    """The second reader of one night, over the process's memory."""

    def __init__(self, memory: Memory, day: date) -> None:
        self._memory, self._engine = memory, memory.engine(day)
        self._held: dict[str, int] = {}

    def add(self, source: Source, path: Path, sha256: str) -> None:
        """As the shipped one."""
        before = self._held.get(source.id, _NOTHING)
        self._held[source.id] = self._memory.part(before, source, path, sha256, self._engine)

    def write(self, path: Path) -> None:
        """As the shipped one, of what was added."""
        take(self._engine, list(self._held.values()))
        self._engine.write(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The database stays open."""


class _Catalog:
    """A connection to a database of its own, inside another one."""

    def __init__(self, database: Any, name: str) -> None:
        self._connection, self._name = database.cursor(), name
        self._connection.execute(f"ATTACH ':memory:' AS {name}")
        self._connection.execute(f"USE {name}")

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def close(self) -> None:
        """Ends it, with whatever is in it."""
        self._connection.execute("USE memory")
        self._connection.execute(f"DETACH {self._name}")
        self._connection.close()


def _at(written: Any, path: Path, data: bytes) -> Any:
    """The same file, in another place."""
    path.write_bytes(data)
    found = copy.copy(written)
    found.path = path
    return found


def differing(read: Callable[[], Mapping[str, str]], memory: Memory) -> list[str]:
    """Reads by the shipped engines alone and with memory, and names the stages whose manifests differ.

    Args:
        read: runs the reading stages over inputs of its own and returns each one's key.
        memory: to be proven.
    """
    alone = read()
    with memory.used():
        remembered = read()
    return [
        f"{stage}: {key} alone, {remembered.get(stage)} with memory"
        for stage, key in alone.items()
        if key != remembered.get(stage)
    ]
