"""Which systems deliver files and in which form: `include/config/sources.yaml`, read without the platform's code."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
SOURCES_FILE = REPOSITORY / "include" / "config" / "sources.yaml"
PLATFORM_FILE = REPOSITORY / "include" / "config" / "platform.yaml"

Entry = TypeVar("Entry")


class UnknownSource(ValueError):
    """A system that the configuration does not name, or an entry of it that cannot be understood."""


@dataclass(frozen=True)
class Fields:
    """The system's own names of the canonical columns, its codes, unit and zone. None: it does not send that column."""

    id_movimiento: str
    monto: str
    tipo: str
    tipo_values: dict[str, str]
    instante: str
    monto_unit: str = "pesos"
    instante_zone: str | None = None
    id_sucursal: str | None = None
    id_cliente: str | None = None
    concepto: str | None = None
    moneda: str | None = None

    def code_of(self, tipo: str) -> str:
        """The system's code for CARGO or ABONO."""
        return next(code for code, meaning in self.tipo_values.items() if meaning == tipo)


@dataclass(frozen=True)
class System:
    """One system that delivers files. Keys are those of the configuration; what only the platform needs is left out."""

    id: str
    criticality: str
    cutoff: str
    format: str
    mapping: Fields
    compression: str | None = None
    delimiter: str = ","
    encoding: str = "utf-8"
    balanced: bool = False
    expected_rows: int = field(default=0)


@dataclass(frozen=True)
class Lake:
    """The id of our own branch lake among the sources: it delivers no file."""

    id: str


@cache
def systems(path: Path = SOURCES_FILE) -> tuple[System, ...]:
    """The systems that deliver files, in the order of the configuration.

    Raises:
        UnknownSource: an entry lacks a key; the message names file, entry and key.
    """
    return tuple(_system(path, entry) for entry in _entries(path) if entry.get("format") != "lake")


@cache
def branch_lake(path: Path = SOURCES_FILE) -> Lake | None:
    """The branch lake's entry, if the configuration has one."""
    return next((Lake(entry["id"]) for entry in _entries(path) if entry.get("format") == "lake"), None)


@cache
def platform_names(path: Path = PLATFORM_FILE) -> dict[str, Any]:
    """Names of buckets, topics and the warehouse."""
    names: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return names


def find(known: Iterable[System], source_id: str) -> System:
    """The system of that id.

    Raises:
        UnknownSource: it is not among `known`.
    """
    by_id = {system.id: system for system in known}
    if source_id not in by_id:
        raise UnknownSource(f"source {source_id!r} delivers no files here; known: {', '.join(by_id)}")
    return by_id[source_id]


def _entries(path: Path) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]
    return entries


def _system(path: Path, entry: dict[str, Any]) -> System:
    where = f"{path.name}: source {entry.get('id', '?')}"
    mapping = _build(Fields, entry.get("mapping") or {}, f"{where}: mapping")
    for tipo in ("CARGO", "ABONO"):
        if tipo not in mapping.tipo_values.values():
            raise UnknownSource(f"{where}: mapping.tipo_values has no code for {tipo}; add one")
    return _build(System, {**entry, "mapping": mapping}, where)


def _build(entry_type: type[Entry], values: dict[str, Any], where: str) -> Entry:
    """An entry from the keys it knows."""
    known = fields(entry_type)  # type: ignore[arg-type]
    missing = [one.name for one in known if one.default is MISSING and one.name not in values]
    if missing:
        raise UnknownSource(f"{where}: {', '.join(missing)} is missing; add it")
    return entry_type(**{one.name: values[one.name] for one in known if one.name in values})
