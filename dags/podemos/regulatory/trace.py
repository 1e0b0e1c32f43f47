"""From a published total to the lines it is made of, their sealed files and row numbers, and on to the branches.

The second engine's movements are in the order of system and id, with the file and the row of each; its index has the
sums of each cell, and proves the few MiB that hold the lines. Every document on the way is read by its SHA-256.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from podemos.core.errors import NotFound
from podemos.core.manifest import read, read_ref
from podemos.core.money import cents_of
from podemos.core.store import ObjectStore
from podemos.regulatory import index, keys, trace_lake
from podemos.regulatory.canonical import LAKE
from podemos.regulatory.configuration import of_seal
from podemos.regulatory.versions import MANIFEST, newest

LINES = 5
"""Lines shown of a total."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One total of the report: a source and a type."""

    source: str
    tipo: str


def trace(
    day: date,
    cell: Cell,
    *,
    lake: ObjectStore,
    reports: ObjectStore,
    version: int | None = None,
    movement: str | None = None,
) -> dict[str, Any]:
    """What a total of a published version is made of.

    Args:
        day: the business day.
        cell: the total.
        lake: the evidence.
        reports: the published versions.
        version: which one; None is the newest.
        movement: one line of the total; None shows the first ones.

    Returns:
        The total, its `lines` (each with its file and row; those of the branches with chunk and pull) and its `files`.

    Raises:
        NotFound: there is no such version, source or movement.
        DataFault: evidence was changed.
    """
    manifest, report = _version(day, version, reports)
    reconciliation = read_ref(lake, manifest["reconciliation"])
    normalised = read_ref(lake, reconciliation["normalised"])
    seal = read_ref(lake, normalised["seal"])
    sealed = next((entry for entry in seal["sources"] if entry["source"] == cell.source), None)
    entry = next((found for found in normalised["sources"] if found["source"] == cell.source), None)
    if sealed is None or entry is None:
        raise NotFound(f"{report}: source {cell.source}")
    second = read_ref(lake, reconciliation["second"])
    if "index" not in second:
        raise NotFound(f"{report}: an index of its movements; trace it with the revision that published it")
    cells = second["index"]["cells"]
    files = [found for found in cells if (found["id_sistema"], found["tipo"]) == (cell.source, cell.tipo)]
    proven = index.Proven(lake, second["data"], second["index"]["blocks"])
    most = 1 if movement else LINES
    lines = list(index.lines(proven, cell.source, cell.tipo, first=movement or "", most=most))
    if movement and [line["id_movimiento"] for line in lines] != [movement]:
        raise NotFound(f"{report}: movement {movement} in {cell.source} {cell.tipo}")
    by_sha256 = {file["sha256"]: file for file in sealed["files"]}
    branches = sealed["control"] if of_seal(lake, seal).source(cell.source).format == LAKE else None
    return {
        "report": report,
        "version": manifest["version"],
        "cell": f"{cell.source}/{cell.tipo}",
        "movements": sum(int(file["movimientos"]) for file in files),
        "cents": sum(int(file["centavos"]) for file in files),
        "state": entry["state"],
        "normalised": entry.get("data"),
        "seal": normalised["seal"],
        "control": sealed["control"],
        "files": [_file(by_sha256[found["archivo_sha256"]], found) for found in files],
        "lines": [_line(line, by_sha256, lake, branches) for line in lines],
    }


def _version(day: date, version: int | None, reports: ObjectStore) -> tuple[dict[str, Any], str]:
    folder = keys.reports_folder(day, rehearsal=False)
    if version is None:
        found = newest(reports, day, rehearsal=False)
        if found is None:
            raise NotFound(reports.uri(f"{folder}v1/{MANIFEST}"))
        return found.manifest, reports.uri(found.ref.key)
    key = f"{folder}v{version}/{MANIFEST}"
    return read(reports, key)[0], reports.uri(key)


def _file(sealed: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """A file: how it was sealed, what its source declared of all of it, and its part of the total."""
    about = {name: sealed[name] for name in ("name", "key", "version", "sha256", "declared")}
    return about | {"movements": int(found["movimientos"]), "cents": int(found["centavos"])}


def _line(
    line: Mapping[str, Any],
    files: Mapping[str, Mapping[str, Any]],
    lake: ObjectStore,
    branches: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """A line and where it stood: key, version and row of its file; further back for a payment of the branches."""
    file = files[line["archivo_sha256"]]
    found = {name: line[name] for name in ("id_movimiento", "id_sucursal", "id_cliente", "tipo", "instante_utc")}
    found |= {"cents": cents_of(line["monto"]), "concepto": line["concepto"]}
    found["file"] = {name: file[name] for name in ("key", "version", "sha256")} | {"row": int(line["fila"])}
    if branches is not None:
        found["lake"] = trace_lake.origin(lake, branches, file, int(line["fila"]))
    return found
