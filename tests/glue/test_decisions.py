"""What operators decide about quarantined rows, and text that is none: told by the three nights."""

from __future__ import annotations

from datetime import date

from podemos.branches import decisions
from podemos.branches.terms import terms_of
from podemos.core import fingerprint
from podemos.core.fingerprint import Fingerprint
from podemos.core.money import parse_cents

from .lab import pago
from .three_nights import Nights, amounts


def test_a_row_that_was_accepted_is_loaded_although_its_parent_is_unknown(nights: Nights) -> None:
    assert nights.lab.waiting(nights.first, "pagos", "015")[1] == ("padre_desconocido", "prestamos 99")
    assert amounts(nights.lab.curated(nights.second, "pagos", "015")) == {1: "15.00"}
    assert [row["id_pago"] for row in nights.lab.delta(nights.second, "pagos", "015")] == [1]
    assert amounts(nights.lab.curated(nights.third, "pagos", "015")) == {1: "15.00"}, "though it was landed again"
    assert nights.lab.waiting(nights.third, "pagos", "015")[3][0] == "texto_con_nul", "of which nobody decided"
    told = [one for one in decisions.in_force(nights.lab.lake, nights.third) if one["branch"] == "015"]
    assert [(one["key"], one["action"], one["by"]) for one in told] == [("1", "accept", "ana")]


def test_a_correction_that_leaves_another_fault_loads_nothing_and_keeps_the_branchs_own_row(nights: Nights) -> None:
    assert nights.lab.waiting(nights.second, "pagos", "015")[2] == ("padre_desconocido", "prestamos 98")
    rows = [row for row in nights.lab.quarantined(nights.second, "pagos") if row["id_sucursal"] == 15]
    assert {row["id_pago"]: row["otros_datos"] for row in rows} == {2: None, 3: "a\x00b"}


def test_a_corrected_row_is_loaded_on_its_new_day_and_the_branchs_own_stays_beside_it(nights: Nights) -> None:
    rows = {row["id_pago"]: row for row in nights.lab.curated(nights.second, "pagos", "016")}
    assert (str(rows[1]["monto"]), rows[1]["_day"]) == ("16.50", "2026-11-18")
    assert rows[1]["fecha_contable"] == date(2026, 11, 18)
    told, _ = (one for one in decisions.in_force(nights.lab.lake, nights.second) if one["branch"] == "016")
    assert (told["source_day"], told["source_cents"]) == ("0000-00-00", 1600)
    assert (told["key"], told["day"], told["cents"]) == ("1", "2026-11-18", 1650)
    terms = terms_of(None, nights.lab.terms(nights.second, "pagos", "2026-11-18", "016"), Fingerprint())
    assert (terms.winners.count, terms.curated.cents, terms.corrected.cents, terms.original.count) == (0, 1650, 1650, 0)
    terms = terms_of(None, nights.lab.terms(nights.second, "pagos", "0000-00-00", "016"), Fingerprint())
    assert (terms.winners.cents, terms.curated.count, terms.original.cents) == (1600, 0, 1600)


def test_a_corrected_row_stays_while_its_day_here_is_swept_since_the_branch_has_it_on_another(nights: Nights) -> None:
    rows = nights.lab.curated(nights.third, "pagos", "016")
    assert [(row["id_pago"], str(row["monto"]), row["borrado"]) for row in rows] == [
        (1, "16.50", False),
        (4, "16.30", False),
    ]


def test_a_newer_version_from_the_branch_is_judged_afresh(nights: Nights) -> None:
    second = {row["id_pago"]: row["otros_datos"] for row in nights.lab.curated(nights.second, "pagos", "016")}
    assert second[2] == "café"
    assert nights.lab.waiting(nights.third, "pagos", "016")[2] == ("texto_invalido", "otros_datos \\0bytes:636166e9")


def test_bytes_that_are_no_text_wait_with_their_reason_and_count_as_the_branch_has_them(nights: Nights) -> None:
    assert nights.lab.waiting(nights.first, "pagos", "016")[3] == ("texto_invalido", "otros_datos \\0bytes:ff")
    assert amounts(nights.lab.curated(nights.first, "pagos", "016")) == {4: "16.30"}
    rows = [pago(2, "16.10", note=b"caf\xe9"), pago(3, "16.20", note=b"\xff"), pago(4, "16.30")]
    texts = [[v if v is None or isinstance(v, bytes) else str(v) for v in row] for row in rows]
    expected = fingerprint.of_rows(texts, [parse_cents(row[3]) for row in rows])
    terms = nights.lab.terms(nights.first, "pagos", "2026-11-19", "016")
    assert Fingerprint.from_dict(terms["winners"]) == expected
