"""The pages: exact figures, everything escaped, nothing that runs or is loaded, the same bytes everywhere."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import podemos
from podemos.contracts.sources import policy
from podemos.core.paths import include
from podemos.regulatory.pages import REASONS, long_date, money, notice_page, summary_page
from podemos.regulatory.results import Level, Pair, Result, Rule
from tests.unit.regulatory.deliveries import ALL

POLICY = policy().model_dump(mode="json")
DAGS = str(Path(podemos.__file__).parents[1])
BAD = "<script>alert('cuidado')</script> & \"Cía\""


def both(cargo: tuple[int, int], abono: tuple[int, int]) -> dict[str, Any]:
    pairs = {"CARGO": cargo, "ABONO": abono}
    return {tipo: {"movements": rows, "cents": cents} for tipo, (rows, cents) in pairs.items()}


def summary(name: str = "Cajeros & red") -> dict[str, Any]:
    none = {"rows": 0, "cents": 0, "unknown_rows": 0}
    return {
        "business_date": "2026-11-19",
        "outcome": "partial",
        "movements": 1_234_003,
        "cents": 123_456_789_03,
        "sources": [
            {
                "id": "sucursales", "name": "Lago de sucursales", "criticality": "critical", "state": "sealed",
                "published": both((1_234_000, 123_456_788_00), (1, 50)), "expected": {"rows": 1_234_003, "cents": 1},
                "excepted": none | {"rows": 2, "cents": -7},
            },
            {
                "id": "spei", "name": "SPEI", "criticality": "important", "state": "sealed",
                "published": both((1, 28), (1, 25)), "expected": {"rows": 2, "cents": 53}, "excepted": none,
            },
            {
                "id": "cajeros", "name": name, "criticality": "minor", "state": "missing",
                "published": both((0, 0), (0, 0)), "expected": None, "excepted": None,
            },
        ],
        "completeness": {
            "sources_expected": 3,
            "sources_incomplete": [
                {"source": "cajeros", "criticality": "minor", "state": "missing", "effect": "Faltan retiros en cajero"}
            ],
            "branches_expected": 200,
            "branches_not_certified": [{"id": "017", "state": "missing", "as_of": None}],
            "excepted_movements": 2,
            "unknown_clients": [{"source": "spei", "movements": 1, "cents": 25}],
        },
    }  # fmt: skip


def exceptions() -> dict[str, Any]:
    gap = {"source": "cajeros", "criticality": "minor", "state": "missing", "reason": "no control file", "owner": "x"}
    nothing = {"usual_rows": 1500, "expected": None, "published": {"rows": 0, "cents": 0}, "excepted": None}
    rows = [{"source": "sucursales", "reason": "quarantined", "rows": 1}] * 2
    return {
        "sources": [gap | nothing | {"effect": "Faltan retiros en cajero", "contact": "x"}],
        "movements": rows,
        "branches": [],
    }


def reconciliation(reason: str = "") -> dict[str, Any]:
    same = Pair(3, 1_250_01, "77")
    rows = [Result(source, Level.WAREHOUSE, Rule.SECOND, same, same).to_dict() for source in ("spei", "sucursales")]
    return {"engine_reason": reason, "results": rows}


class Reader(HTMLParser):
    """Texts and tags as a browser sees them; fails on a tag that is not closed."""

    VOID = frozenset({"meta", "br", "rect"})

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.texts: list[str] = []
        self.feed(page.decode())
        assert self.open == []
        self.text = " ".join(" ".join(self.texts).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        assert not {name for name, _ in attrs} & {"src", "href", "onload", "onclick"}
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.texts.append(data)


def test_the_summary_states_every_figure_in_one_form() -> None:
    page = Reader(summary_page(summary(), exceptions(), reconciliation(), POLICY))
    for said in (
        "Resumen del jueves 19 de noviembre de 2026",
        "Entrega parcial: 1 de 3 fuentes incompletas",
        "1,234,003 movimientos publicados",
        "$123,456,789.03 cargos más abonos",
        "Cajeros & red (menor): no entregó. Faltan retiros en cajero.",
        "Sucursales: 199 de 200 certificadas.",
        "Lago de sucursales: 2 por estar en cuarentena en el lago de sucursales.",
        "SPEI: 1, por $0.25.",
        "leyó 6 movimientos por $2,500.02 en 2 fuentes; coincide en cada renglón",
        "Almacén: se concilió",
    ):
        assert said in page.text, said
    assert "-$0.07" in page.text
    assert not page.tags & {"script", "link", "img", "iframe"}


def test_a_bar_is_as_long_as_its_amount() -> None:
    page = summary_page(summary(), exceptions(), reconciliation(), POLICY).decode()
    bars = [part.partition('"')[0] for part in page.split('fill="#eef1f6"/><rect width="')[1:]]
    assert bars == ["1000", "0", "0", "0", "0", "0"]


def test_the_second_engine_alone_is_told_in_spanish() -> None:
    page = Reader(summary_page(summary(), None, reconciliation("the load did not succeed"), POLICY))
    assert "Almacén: no se pudo comparar" in page.text
    assert "load" not in page.text


def test_the_notice_says_what_is_missing_its_effect_and_when_the_rest_follows() -> None:
    page = Reader(notice_page(summary(), exceptions(), POLICY, ALL))
    for said in (
        "Comisión Nacional Bancaria y de Valores",
        "con vencimiento a las 06:00 horas",
        "De las 3 fuentes que lo integran, 1 está incompleta",
        f"No se recibió una entrega válida antes de la hora de corte ({ALL.source('cajeros').cutoff} horas).",
        "Faltan retiros en cajero.",
        "No se conoce en un día usual, 1,500 movimientos",
        "1 de 200 sucursales no está certificada (017)",
        POLICY["notice"]["completion"],
        POLICY["notice"]["contact"],
    ):
        assert said in page.text, said


def test_what_a_source_wrote_is_escaped_in_both_pages() -> None:
    for page in (
        summary_page(summary(BAD), exceptions(), reconciliation(), POLICY),
        notice_page(summary(BAD), exceptions(), POLICY, ALL),
    ):
        assert b"<script" not in page
        assert BAD in Reader(page).text


def test_another_process_locale_zone_and_hash_seed_give_the_same_page() -> None:
    program = (
        "import hashlib; from tests.unit.regulatory.test_pages import *;"
        "page = summary_page(summary(), exceptions(), reconciliation(), POLICY);"
        "print(hashlib.sha256(page + notice_page(summary(), exceptions(), POLICY, ALL)).hexdigest())"
    )
    found = set()
    for seed, zone, locale in (("1", "Asia/Tokyo", "C"), ("77", "America/Tijuana", "es_MX.UTF-8")):
        own = {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale, "PYTHONPATH": f"{DAGS}:{Path(DAGS).parent}"}
        done = subprocess.run([sys.executable, "-c", program], env=os.environ | own, capture_output=True, check=True)
        found.add(done.stdout)
    assert len(found) == 1


def test_the_summary_has_the_bytes_of_renderer_2_or_the_renderer_is_another_one() -> None:
    page = summary_page(summary(), exceptions(), reconciliation(), POLICY)
    assert hashlib.sha256(page).hexdigest() == "6b4d9c5611ba3810846d97df31cf5dab10e309307f9c71faa95e1606f6f28186"


def test_the_notice_has_the_words_of_its_renderer() -> None:
    page = notice_page(summary(), exceptions(), POLICY, ALL, renderer=2)
    assert "No se recibió su entrega antes de la hora de corte" in Reader(page).text
    assert page != notice_page(summary(), exceptions(), POLICY, ALL)


def test_every_reason_of_the_exceptions_has_its_words() -> None:
    schema = json.loads((include() / "schemas/exceptions.schema.json").read_text(encoding="utf-8"))
    assert set(schema["properties"]["movements"]["items"]["properties"]["reason"]["enum"]) == REASONS.keys()


@pytest.mark.parametrize(
    ("cents", "text"), [(0, "$0.00"), (-1, "-$0.01"), (123_456_789, "$1,234,567.89"), (100, "$1.00")]
)
def test_money_has_one_form(cents: int, text: str) -> None:
    assert money(cents) == text
    assert long_date("2026-01-01") == "jueves 1 de enero de 2026"
