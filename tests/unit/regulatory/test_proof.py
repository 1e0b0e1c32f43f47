"""The proof pages: by clicking alone, from a total to the row of the sealed file that holds the cents."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from podemos.core.manifest import read
from podemos.core.store import MemoryStore
from podemos.regulatory import proof
from podemos.regulatory.render import sum_of, totals_of, write_csv
from podemos.regulatory.seal import seal
from podemos.regulatory.second import read_sealed
from tests.unit.regulatory.deliveries import ALL, DAY, NIGHT, clock, deliver, lines, memory, only

COUNT = 24
SOURCES = only("tarjetas", "dispersion", "nomina")
EVIDENCE = {"Sello de las fuentes": {"key": "regulatory/seal.json", "sha256": "5" * 64}}
BAD = "<script>alert('x')</script>"


class Page(HTMLParser):
    """Links and table rows of a page."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.links: list[str] = []
        self.rows: list[list[str]] = []
        self.tags: set[str] = set()
        self.feed(data.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag == "a":
            self.links.append(dict(attrs)["href"] or "")
        if tag == "tr":
            self.rows.append([])
        if tag == "td":
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == "tbody":
            self.rows.append([])

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip()


def night(lake: MemoryStore, folder: Path) -> tuple[dict[str, bytes], list[dict[str, str]], dict[str, Any]]:
    """The proof of a night, by name; the published movements; and the seal's entries by source."""
    key = seal(NIGHT, ["tarjetas:arrived", "dispersion:arrived"], lake=lake, clock=clock, sources=SOURCES)
    sealed = read(lake, key)[0]
    rows, published = folder / "rows.parquet", folder / "movimientos.csv"
    assert read_sealed(sealed, rows, lake=lake, sources=SOURCES) == {}
    _, totals = write_csv([rows], published)
    whole = sum_of(totals)
    found = {
        "business_date": DAY.isoformat(),
        "movements": whole.count,
        "cents": whole.cents,
        "sources": [
            {
                "id": source.id,
                "name": source.nombre,
                "state": entry["state"],
                "published": totals_of(totals, source.id),
                "expected": entry["declared"],
                "excepted": {"rows": 1, "cents": 0, "unknown_rows": 1} if source.id == "tarjetas" else {
                    "rows": 0, "cents": 0, "unknown_rows": 0},
            }
            for source, entry in zip(SOURCES.sources, sealed["sources"], strict=True)
        ],
    }  # fmt: skip
    excepted = {"source": "tarjetas", "file": "datos-1", "fila": 5, "id_movimiento": BAD, "cents": None, "rows": 1}
    listed = {"movements": [excepted | {"reason": "unreadable_amount"}]}
    pages = dict(proof.proof_pages(rows, found, listed, sealed, EVIDENCE, "Podemos"))
    with published.open(encoding="utf-8", newline="") as file:
        movements = list(csv.DictReader(file))
    return pages, movements, {entry["source"]: entry for entry in sealed["sources"]}


def delivered() -> MemoryStore:
    lake = memory()
    deliver(lake, ALL.source("tarjetas"), lines("tarjetas", COUNT))
    deliver(lake, ALL.source("dispersion"), lines("dispersion", COUNT))
    return lake


def listed(pages: Mapping[str, bytes], source: str) -> Iterator[list[str]]:
    """The rows that are reached from the first page by links, through the source's page."""
    first = Page(pages["prueba.html"])
    assert f"prueba-{source}.html" in first.links
    for link in Page(pages[f"prueba-{source}.html"]).links:
        if link.startswith(f"prueba-{source}-"):
            yield from (row for row in Page(pages[link]).rows if len(row) == 6)


def test_each_published_movement_is_reached_by_links_and_is_that_row_of_the_sealed_file(tmp_path: Path) -> None:
    lake = delivered()
    pages, movements, sealed = night(lake, tmp_path)
    for source_id in ("tarjetas", "dispersion"):
        (file,) = sealed[source_id]["files"]
        source, data = ALL.source(source_id), lake.get(file["key"], file["version"])
        data = gzip.decompress(data) if source.compression else data
        text = io.StringIO(data.decode(source.encoding))
        records = [json.loads(line) for line in text] if source.format == "jsonl" else list(csv.DictReader(text))
        seen = set()
        for fila, movement, tipo, amount, instant, place in listed(pages, source_id):
            published = movements[int(place) - 1]
            assert [movement, tipo, amount.replace(",", ""), instant] == [
                published[name] for name in ("id_movimiento", "tipo", "monto", "instante_utc")
            ]
            assert source.mapping is not None
            assert str(records[int(fila) - 1][source.mapping.id_movimiento]) == movement
            seen.add(movement)
        assert seen == {row["id_movimiento"] for row in movements if row["id_sistema"] == source_id}
        text_of = pages[f"prueba-{source_id}.html"].decode()
        assert all(str(file[name]) in text_of for name in ("key", "version", "sha256"))


def test_a_missing_source_says_so_and_what_a_source_wrote_is_escaped(tmp_path: Path) -> None:
    pages, _, _ = night(delivered(), tmp_path)
    assert "Sin entrega válida antes de su hora de corte" in pages["prueba-nomina.html"].decode()
    assert BAD not in pages["prueba-tarjetas.html"].decode()
    assert "importe ilegible" in pages["prueba-tarjetas.html"].decode()


def test_no_page_runs_or_loads_anything_and_every_link_leads_to_another_one(tmp_path: Path) -> None:
    pages, _, _ = night(delivered(), tmp_path)
    for name, data in pages.items():
        found = Page(data)
        assert not found.tags & {"script", "link", "img", "iframe", "form", "object"}, name
        assert {link.partition("#")[0] for link in found.links} <= pages.keys(), name
        for link in found.links:
            target, _, anchor = link.partition("#")
            assert not anchor or f'id="{anchor}"' in pages[target].decode(), link


def test_long_files_are_cut_into_pages_and_a_large_report_lists_the_first_page_of_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "PAGE_ROWS", 10)
    (tmp_path / "all").mkdir()
    pages, movements, _ = night(delivered(), tmp_path / "all")
    names = [f"prueba-tarjetas-1-{at}.html" for at in (1, 2, 3)]
    assert [len([row for row in Page(pages[name]).rows if len(row) == 6]) for name in names] == [10, 10, COUNT - 20]
    places = [int(row[5]) for source in ("tarjetas", "dispersion") for row in listed(pages, source)]
    assert sorted(places) == list(range(1, len(movements) + 1))
    monkeypatch.setattr(proof, "LISTED", len(movements) - 1)
    (tmp_path / "large").mkdir()
    pages, _, _ = night(delivered(), tmp_path / "large")
    assert len(list(listed(pages, "tarjetas"))) == 10
    assert f"los primeros 10 de {COUNT} movimientos" in pages["prueba-tarjetas.html"].decode()
    assert "prueba-tarjetas-1-2.html" not in pages
