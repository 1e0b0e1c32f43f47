"""The proof pages: from a total, click to its source, to the sealed file, to the row; links alone, nothing that runs.

`prueba.html` has the totals, `prueba-<source>.html` a source's sealed files, `prueba-<source>-<file>-<page>.html` the
rows of one file. They are a function of the report's rows, its documents and the night's seal, and work from a folder
without a network. What else lies on a row's way (a branch's chunk, its pull) is found by `trace`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

from podemos.core.money import format_pesos
from podemos.core.states import State
from podemos.regulatory.movement import ABONO, CARGO
from podemos.regulatory.pages import page
from podemos.regulatory.second import SecondEngine

PROOF = "prueba"
PROOF_PAGE = f"{PROOF}.html"
PROOF_SINCE = 3
"""The first renderer that wrote proof pages."""
PAGE_ROWS = 5_000
"""Rows of one page: half a megabyte, which any browser opens at once."""
LISTED = 250_000
"""Movements of a report whose rows are all listed; of a larger one, each file's first page is."""


def is_proof(name: str) -> bool:
    """Whether a file of a version is a proof page."""
    return name == PROOF_PAGE or name.startswith(f"{PROOF}-")


@dataclass(frozen=True, slots=True)
class _File:
    """A sealed file and its part of the totals, in movements and cents. `number` counts from 1 within its source."""

    number: int
    source: str
    sealed: Mapping[str, Any]
    by_type: Mapping[str, Mapping[str, int]]
    excepted: list[Mapping[str, Any]]
    most: int

    @property
    def movements(self) -> int:
        return sum(total["movements"] for total in self.by_type.values())

    @property
    def listed(self) -> int:
        """Its rows that are listed."""
        return min(self.movements, self.most)

    @property
    def pages(self) -> list[str]:
        """Names of the pages of its rows."""
        count = -(-self.listed // PAGE_ROWS)
        return [f"{PROOF}-{self.source}-{self.number}-{page}.html" for page in range(1, count + 1)]


def proof_pages(
    rows: Path,
    summary: Mapping[str, Any],
    exceptions: Mapping[str, Any] | None,
    seal: Mapping[str, Any],
    evidence: Mapping[str, Mapping[str, str]],
    institution: str,
) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of each page, one at a time.

    Args:
        rows: the movements in the report's order, as parquet.
        summary: `resumen.json`.
        exceptions: `exceptions.json`, or None.
        seal: the night's seal.
        evidence: references to name at the end: what they are, in Spanish -> key and SHA-256.
        institution: whose report it is.
    """
    most = summary["movements"] if summary["movements"] <= LISTED else PAGE_ROWS
    sealed = {entry["source"]: entry for entry in seal["sources"]}
    engine = SecondEngine(rows)
    try:
        parts = _parts(engine, summary["business_date"])
        yield PROOF_PAGE, page("prueba.html", summary=summary, institution=institution, evidence=evidence)
        for source in summary["sources"]:
            entry = sealed[source["id"]]
            excepted = [one for one in (exceptions or {}).get("movements", ()) if one["source"] == source["id"]]
            files = _files(entry, parts.get(source["id"], {}), excepted, most)
            names = {file.sealed["name"] for file in files}
            yield (
                f"{PROOF}-{source['id']}.html",
                page(
                    "prueba_fuente.html",
                    summary=summary,
                    source=source,
                    entry=entry,
                    missing=entry["state"] == State.MISSING,
                    files=files,
                    excepted=[one for one in excepted if one["file"] not in names],
                    page_rows=PAGE_ROWS,
                ),
            )
            for file in files:
                yield from _row_pages(engine, file, source, summary["business_date"])
    finally:
        engine.close()


_Parts = dict[str, dict[str, dict[str, dict[str, int]]]]
"""System -> SHA-256 of a file -> tipo -> movements and cents."""


def _parts(engine: SecondEngine, day: str) -> _Parts:
    found: _Parts = {}
    for row in engine.fetch("second/balance_systems.sql", {"business_date": day}):
        found.setdefault(str(row["id_sistema"]), {})[str(row["archivo_sha256"])] = {
            CARGO: {"movements": int(row["cargos"]), "cents": int(row["centavos_cargo"])},
            ABONO: {"movements": int(row["abonos"]), "cents": int(row["centavos_abono"])},
        }
    return found


def _files(
    entry: Mapping[str, Any],
    parts: Mapping[str, Mapping[str, Mapping[str, int]]],
    excepted: list[Mapping[str, Any]],
    most: int,
) -> list[_File]:
    """The sealed files. Of two with the same bytes the first one has the movements: ids are published once."""
    none = {tipo: {"movements": 0, "cents": 0} for tipo in (CARGO, ABONO)}
    left = dict(parts)
    return [
        _File(
            number,
            entry["source"],
            file,
            left.pop(file["sha256"], none),
            [one for one in excepted if one["file"] == file["name"]],
            most,
        )
        for number, file in enumerate(entry["files"], 1)
    ]


def _row_pages(engine: SecondEngine, file: _File, source: Mapping[str, Any], day: str) -> Iterator[tuple[str, bytes]]:
    about = {"id_sistema": file.source, "archivo": file.sealed["sha256"], "most": file.listed}
    rows = iter(engine.fetch("second/proof_rows.sql", about)) if file.pages else iter(())
    for at, name in enumerate(file.pages):
        listed = list(islice(rows, PAGE_ROWS))
        totals = {
            tipo: {
                "movements": sum(row["tipo"] == tipo for row in listed),
                "cents": sum(int(row["centavos"]) for row in listed if row["tipo"] == tipo),
            }
            for tipo in (CARGO, ABONO)
        }
        yield (
            name,
            page(
                "prueba_renglones.html",
                day=day,
                source=source,
                file=file,
                at=at,
                totals=totals,
                first=at * PAGE_ROWS + 1,
                rows=Markup("").join(map(_row, listed)),
                count=len(listed),
            ),
        )


def _row(row: Mapping[str, Any]) -> Markup:
    """A line of the table, in the one form that `verify_report.py` reads."""
    cents = int(row["centavos"])
    amount = f"{'-' if cents < 0 else ''}{format_pesos(abs(cents))}"
    return Markup("<tr><td>{}<td>{}<td>{}<td>{}<td>{}<td>{}\n").format(
        row["fila"], escape(row["id_movimiento"]), row["tipo"], amount, row["instante_utc"], row["registro"]
    )
