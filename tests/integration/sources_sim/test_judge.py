from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local.branches.truth import ExpectedMovement
from local.judge.expected import Truth, assemble
from local.judge.published import COLUMNS
from local.judge.verdict import MOST_LINES, Verdict, judge
from local.sources import truth as source_truth
from local.sources.day import Content, NightClock, Record
from local.sources.truth import NothingKnown
from podemos.regulatory.render import HEADER
from tests.integration.sources_sim.report import PAYMENTS, URI, Draft, honest, truth_of, write
from tests.integration.sources_sim.sample import CLIENTS, DAY


def verdict(
    s3: Any, content: Content, draft: Draft, truth: Truth | None = None, after: Callable[[Any], None] | None = None
) -> Verdict:
    return judge(write(s3, draft, content, after), DAY, client=s3, truth=truth or truth_of(content))


def test_an_honest_report_is_verified_to_the_cent(s3: Any, content: Content) -> None:
    found = verdict(s3, content, honest(content))
    assert found.differences == ()
    assert found.verified
    assert (found.status, found.movements, found.excepted, found.excepted_cents) == ("complete", 14 * 60 + 2, 1, 70_010)
    assert found.movements + found.excepted == found.expected
    assert found.cents + found.excepted_cents == found.expected_cents


def test_the_judge_reads_the_columns_that_the_platform_writes() -> None:
    assert tuple(HEADER) == COLUMNS


def add_a_cent(draft: Draft) -> None:
    draft.row("sucursales", "017-88213")["monto"] = "1250.01"


def add_a_cent_at_a_source(draft: Draft) -> None:
    draft.row("tarjetas")["monto"] = "9.99"


def lose_a_row(draft: Draft) -> None:
    draft.rows.remove(draft.row("sucursales", "017-88213"))


def lose_the_exception(draft: Draft) -> None:
    draft.excepted.clear()


def invent_a_row(draft: Draft) -> None:
    draft.rows.append({**draft.row("spei"), "id_movimiento": "X-1"})


def publish_what_is_pending(draft: Draft) -> None:
    draft.rows.append({**draft.row("sucursales"), "id_movimiento": "017-88214", "monto": "0.99"})


def publish_twice(draft: Draft) -> None:
    draft.rows.append(draft.row("sucursales", "017-88213"))


def publish_an_orphan(draft: Draft) -> None:
    row = {**draft.row("sucursales", "017-88213"), "id_movimiento": "017-88215", "monto": "700.10"}
    draft.rows.append(row)
    draft.excepted.clear()


def publish_and_except(draft: Draft) -> None:
    draft.rows.append({**draft.row("sucursales", "017-88213"), "id_movimiento": "017-88215", "monto": "700.10"})


def except_a_sound_row(draft: Draft) -> None:
    row = draft.row("sucursales", "017-88213")
    draft.rows.remove(row)
    draft.excepted.append({**draft.excepted[0], "id_movimiento": "017-88213", "cents": 125_000})


def except_another_amount(draft: Draft) -> None:
    draft.excepted[0]["cents"] = 70_011


def except_without_amount(draft: Draft) -> None:
    draft.excepted[0]["cents"] = None


def except_a_stranger(draft: Draft) -> None:
    draft.excepted.append({**draft.excepted[0], "id_movimiento": "017-1"})


def move_to_another_day(draft: Draft) -> None:
    draft.row("sucursales", "104-9007199254740993")["fecha_contable"] = "2026-11-20"


def turn_the_side(draft: Draft) -> None:
    row = draft.row("sucursales", "017-88213")
    row["tipo"] = "CARGO"


def move_to_another_branch(draft: Draft) -> None:
    draft.row("sucursales", "017-88213")["id_sucursal"] = "18"


def round_an_id(draft: Draft) -> None:
    draft.row("sucursales", "104-9007199254740993")["id_movimiento"] = "104-9007199254740992"


def shift_an_instant(draft: Draft) -> None:
    draft.row("spei")["instante_utc"] = "2026-11-19T06:00:01.000000Z"


def garble_a_concept(draft: Draft) -> None:
    next(row for row in draft.rows if "ó" in row["concepto"])["concepto"] = "DepÃ³sito"


def leave_a_source_out(draft: Draft) -> None:
    draft.drop("cajeros")


def call_a_source_missing(draft: Draft) -> None:
    draft.drop("cajeros")
    draft.missing_sources.add("cajeros")


def call_a_branch_missing(draft: Draft) -> None:
    draft.missing_branches.add("017")


@pytest.mark.parametrize(
    ("lie", "count", "line"),
    [
        (add_a_cent, 1, "sucursal 017, 2026-11-19, pago 88213: 1,250.00 at the till, 1,250.01 in the report"),
        (add_a_cent_at_a_source, 1, "at the source, 9.99 in the report"),
        (lose_a_row, 1, "sucursal 017, 2026-11-19, pago 88213: 1,250.00 at the till, neither published nor excepted"),
        (lose_the_exception, 1, "pago 88215: 700.10 at the till, neither published nor excepted"),
        (invent_a_row, 1, "spei, 2026-11-19, movement X-1: 0.01 in the report, unknown at the source"),
        (publish_what_is_pending, 1, "pago 88214: 0.99 in the report, unknown at the till"),
        (publish_twice, 1, "pago 88213: published 2 times"),
        (publish_an_orphan, 1, "pago 88215: published although it lacks its prestamos"),
        (publish_and_except, 2, "pago 88215: both published and excepted"),
        (except_a_sound_row, 1, "pago 88213: excepted (quarantined: no loan), although nothing is wrong with it"),
        (except_another_amount, 1, "pago 88215: 700.10 at the till, 700.11 in the exceptions"),
        (except_without_amount, 1, "pago 88215: 700.10 at the till, no amount in the exceptions"),
        (except_a_stranger, 1, "pago 1: excepted (quarantined: no loan), unknown at the till"),
        (move_to_another_day, 1, "pago 9007199254740993: fecha_contable 2026-11-20 in the report"),
        (turn_the_side, 1, "pago 88213: tipo ABONO at the till, CARGO in the report"),
        (move_to_another_branch, 1, "pago 88213: id_sucursal 17 at the till, 18 in the report"),
        (round_an_id, 2, "pago 9007199254740992: 0.01 in the report, unknown at the till"),
        (shift_an_instant, 1, "instante_utc 2026-11-19 06:00:00+00:00 at the source, 2026-11-19 06:00:01+00:00 in the"),
        (garble_a_concept, 1, "DepÃ³sito in the report"),
        (leave_a_source_out, 60, "at the source, neither published nor excepted"),
        (call_a_source_missing, 1, "cajeros: reported missing, but it had delivered before its cut-off"),
        (call_a_branch_missing, 1, "sucursal 017: reported missing, but it is not offline"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_lie_is_named(s3: Any, content: Content, lie: Callable[[Draft], None], count: int, line: str) -> None:
    draft = honest(content)
    lie(draft)
    found = verdict(s3, content, draft)
    assert not found.verified
    assert found.difference_count == count, found.differences
    assert any(line in difference for difference in found.differences), found.differences


def test_a_row_without_a_whole_amount_is_named(s3: Any, content: Content) -> None:
    def thousandth(files: dict[str, bytes]) -> None:
        files["movimientos.csv"] = files["movimientos.csv"].replace(b",1250.00,", b",1250.001,")

    found = verdict(s3, content, honest(content), after=thousandth)
    assert any("'1250.001' in the report is not an amount in whole cents" in line for line in found.differences)


def test_a_file_changed_after_the_manifest_is_named_with_its_row(s3: Any, content: Content) -> None:
    def change(files: dict[str, bytes]) -> None:
        files["movimientos.csv"] = files["movimientos.csv"].replace(b",1250.00,", b",1250.01,")

    found = verdict(s3, content, honest(content), after=change)
    assert not found.verified
    assert found.differences[0].startswith("movimientos.csv: SHA-256 ")
    assert any("1,250.00 at the till, 1,250.01 in the report" in line for line in found.differences)
    assert any(line.startswith("resumen.json: sucursales ABONO: 2 movements and") for line in found.differences)


def test_a_file_that_the_manifest_does_not_list_is_named(s3: Any, content: Content) -> None:
    def smuggle(files: dict[str, bytes]) -> None:
        files["nota.txt"] = b"hola"

    found = verdict(s3, content, honest(content), after=smuggle)
    assert found.differences == ("nota.txt: lies in the folder, but the manifest does not list it",)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"movimientos.csv": b"fecha_contable,id_sistema\n"}, "column id_movimiento, id_sucursal"),
        ({"movimientos.csv": "año".encode("latin-1")}, "movimientos.csv is not UTF-8 CSV"),
        ({"movimientos.csv": ",".join(COLUMNS).encode() + b"\n1,2\n"}, "line 2 has 2 fields, the header has 10"),
        ({"resumen.json": b"{"}, "resumen.json is not JSON"),
        ({"resumen.json": b"{}"}, "lacks 'business_date'"),
        ({"resumen.json": b"[]"}, "resumen.json is not a JSON object"),
    ],
)
def test_what_cannot_be_read_is_not_verified(s3: Any, content: Content, files: dict[str, bytes], message: str) -> None:
    found = verdict(s3, content, honest(content), after=lambda published: published.update(files))
    assert not found.verified
    assert message in found.differences[0]


def test_a_report_that_does_not_exist_is_not_verified(s3: Any, content: Content) -> None:
    found = judge(URI, DAY, client=s3, truth=truth_of(content))
    assert not found.verified
    assert "manifest.json cannot be read: NoSuchKey" in found.differences[0]


def test_a_report_of_another_day_is_not_verified(s3: Any, content: Content) -> None:
    draft = replace(honest(content), business_date=DAY.replace(day=18))
    assert "manifest.json: business_date 2026-11-18, expected 2026-11-19" in verdict(s3, content, draft).differences


def test_a_partial_report_that_names_what_never_arrived_is_verified(s3: Any, content: Content) -> None:
    draft = honest(content)
    for source_id in ("movil", "cajeros"):
        draft.drop(source_id)
        draft.missing_sources.add(source_id)
    found = verdict(s3, content, draft, truth_of(content, movil="", cajeros="2026-11-20T09:00:01+00:00"))
    assert (found.verified, found.status, found.missing_sources) == (True, "partial", ("cajeros", "movil"))


def test_what_is_called_missing_must_not_be_published(s3: Any, content: Content) -> None:
    draft = honest(content)
    draft.missing_sources.add("movil")
    found = verdict(s3, content, draft, truth_of(content, movil=""))
    assert found.differences == ("movil: reported missing, yet movements of it are published",)


def test_a_compressed_night_has_compressed_cutoffs(s3: Any, content: Content) -> None:
    draft = honest(content)
    draft.drop("spei")
    draft.missing_sources.add("spei")
    night = NightClock("2026-11-20T08:00:00+00:00", 30)
    cutoff_passed = truth_of(content, night=night, spei="2026-11-20T08:01:01+00:00")
    assert verdict(s3, content, draft, cutoff_passed).verified
    in_time = truth_of(content, night=night, spei="2026-11-20T08:00:59+00:00")
    assert not verdict(s3, content, draft, in_time).verified


def test_an_offline_branch_must_be_named(s3: Any, content: Content) -> None:
    draft = honest(content)
    draft.rows = [row for row in draft.rows if row["id_sucursal"] != "104" or row["id_sistema"] != "sucursales"]
    truth = truth_of(content, offline=("104",))
    found = verdict(s3, content, draft, truth)
    assert found.differences == (
        "sucursal 104, 2026-11-19, pago 9007199254740993: 0.01 at the till, neither published nor excepted; "
        "the branch is offline and the report does not name it",
    )
    draft.missing_branches.add("104")
    found = verdict(s3, content, draft, truth)
    assert (found.verified, found.status, found.missing_branches) == (True, "complete", ("104",))


def test_a_movement_of_an_unknown_client_may_be_excepted(s3: Any, content: Content) -> None:
    draft = honest(content)
    stranger = next(row for row in draft.rows if int(row["id_cliente"]) > 9_000_000)
    draft.rows.remove(stranger)
    cents = int(stranger["monto"].replace(".", ""))
    entry = {"source": "remesas", "id_movimiento": stranger["id_movimiento"], "cents": cents, "reason": "r", "rows": 1}
    draft.excepted.append(entry)
    assert verdict(s3, content, draft).verified


@pytest.mark.parametrize(("cents", "verified"), [(70_010, True), (70_011, False)])
def test_rows_excepted_without_a_name_must_add_up(s3: Any, content: Content, cents: int, verified: bool) -> None:
    draft = honest(content)
    draft.excepted[0].update(id_movimiento=None, cents=cents)
    assert verdict(s3, content, draft).verified is verified


def test_the_lines_are_limited_but_counted(s3: Any, content: Content) -> None:
    draft = honest(content)
    draft.drop("movil")
    found = verdict(s3, content, draft)
    assert found.difference_count == 60
    assert len(found.differences) == MOST_LINES


def test_without_a_delivery_there_is_nothing_to_judge(tmp_path: Path) -> None:
    with pytest.raises(NothingKnown, match=r"no source has delivered for 2026-11-19; run `python -m local\.sources"):
        source_truth.record_of(tmp_path, DAY)


def test_two_hundred_branches_are_judged_in_six_seconds(s3: Any) -> None:
    payments = [
        ExpectedMovement(branch, payment, payment, DAY, "PAGADO", ())
        for branch in range(1, 201)
        for payment in range(1, 501)
    ]
    big = Content(DAY, CLIENTS, rows=2000)
    draft = honest(big, payments)
    uri = write(s3, draft, big)
    started = time.process_time()
    truth = assemble(Record(big, None, {}), payments, ())
    found = judge(uri, DAY, client=s3, truth=truth)
    assert found.verified
    assert found.movements == 100_000 + 28_000
    assert time.process_time() - started < 6


def test_the_sample_has_an_orphan_and_a_pending_payment() -> None:
    """What the tests above rely on."""
    assert [payment.id_pago for payment in PAYMENTS if payment.missing] == [88215]
    assert [payment.id_pago for payment in PAYMENTS if payment.status_pago == "PENDIENTE"] == [88214]
