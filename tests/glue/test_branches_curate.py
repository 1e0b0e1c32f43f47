"""What the three nights say of winners, days, quarantine and deltas."""

from __future__ import annotations

from datetime import date, datetime

from podemos.branches import keys, narrow
from podemos.branches.curate import commit_result
from podemos.branches.terms import terms_of
from podemos.contracts.tables import contract
from podemos.core import fingerprint, manifest
from podemos.core.fingerprint import Fingerprint
from podemos.core.manifest import Ref
from podemos.core.money import parse_cents
from podemos.core.store import MemoryStore
from podemos.core.zones import zone_table

from .lab import pago
from .three_nights import CANCUN, PUEBLA, TIJUANA, Nights, amounts, tampered

PAGOS = contract("pagos").compiled()


def test_the_latest_snapshot_wins_although_its_cursor_is_older(nights: Nights) -> None:
    assert amounts(nights.lab.curated(nights.first, "pagos", PUEBLA)) == {1: "2.00"}
    assert amounts(nights.lab.curated(nights.second, "pagos", "003")) == {1: "6.00"}


def test_instants_and_accounting_days_follow_the_branchs_own_zone(nights: Nights) -> None:
    """Tijuana's 22:30 is half past midnight in Mexico City; Cancún's 00:15 still belongs to the day before."""
    rows = {row["id_pago"]: row for row in nights.lab.curated(nights.first, "pagos", TIJUANA)}
    assert rows[1]["fecha_contable"] == date(2026, 11, 18)
    assert (rows[2]["fecha_pago"], rows[2]["fecha_contable"]) == (date(2026, 11, 18), date(2026, 11, 19))
    assert rows[2]["fecha_pago_utc"] == datetime(2026, 11, 19, 6, 30)
    assert rows[2]["fecha_pago_origen"] == "2026-11-18 22:30:00"
    cancun = {row["id_pago"]: row["fecha_contable"] for row in nights.lab.curated(nights.first, "pagos", CANCUN)}
    assert cancun == {1: date(2026, 11, 18), 2: date(2026, 11, 19)}


def test_every_instant_is_the_one_that_the_zone_table_gives(nights: Nights) -> None:
    table, seen = zone_table(), 0
    for branch, zone in ((TIJUANA, "America/Tijuana"), (PUEBLA, "America/Mexico_City"), (CANCUN, "America/Cancun")):
        for row in nights.lab.curated(nights.third, "pagos", branch):
            for column in ("fecha_pago", "updated_at"):
                instant = table.resolve(zone, datetime.fromisoformat(row[f"{column}_origen"])).instant
                assert row[f"{column}_utc"] == instant.replace(tzinfo=None)
            paid = table.resolve(zone, datetime.fromisoformat(row["fecha_pago_origen"])).instant
            assert row["fecha_contable"] == table.accounting_day(paid)
            seen += 1
    assert seen == 7, "among them a doubled and a skipped hour"


def test_rows_in_a_doubled_or_skipped_hour_are_counted_and_named(nights: Nights) -> None:
    days = nights.third["days"]["pagos"]
    found = {day: manifest.read_ref(nights.lab.lake, entry["manifest"]).get("walls") for day, entry in days.items()}
    assert {day: walls for day, walls in found.items() if walls} == {
        "2025-11-02": {TIJUANA: {"fold": 1, "fold_keys": ["3"]}},
        "2026-03-08": {TIJUANA: {"gap": 1, "gap_keys": ["4"]}},
    }, "Tijuana's clocks follow the border's rule; on these days Puebla's have stood still since 2022"


def test_a_payment_that_changes_its_day_leaves_the_old_one(nights: Nights) -> None:
    before = {row["id_pago"]: row["_day"] for row in nights.lab.curated(nights.first, "pagos", "004")}
    after = {row["id_pago"]: row["_day"] for row in nights.lab.curated(nights.second, "pagos", "004")}
    assert before == {1: "2026-11-17", 2: "2026-11-17"}
    assert after == {1: "2026-11-16", 2: "2026-11-17"}
    assert nights.lab.terms(nights.second, "pagos", "2026-11-17", "004")["winners"]["count"] == 1


def test_an_orphan_waits_and_is_released_when_its_parent_arrives(nights: Nights) -> None:
    assert nights.lab.waiting(nights.first, "prestamos", "005") == {1: ("padre_desconocido", "clientes 1")}
    assert nights.lab.waiting(nights.first, "pagos", "005") == {1: ("padre_desconocido", "clientes 1")}
    assert nights.lab.curated(nights.first, "pagos", "005") == []
    assert nights.lab.waiting(nights.second, "pagos", "005") == {}
    (row,) = nights.lab.curated(nights.second, "pagos", "005")
    assert row["snapshot_seq"] == 1, "the very row that had waited"
    assert [row["id_pago"] for row in nights.lab.delta(nights.second, "pagos", "005")] == [1]


def test_a_parent_that_changes_in_the_same_night_does_not_double_its_children(nights: Nights) -> None:
    rows = nights.lab.curated(nights.second, "pagos", "014")
    assert [(row["id_pago"], str(row["monto"])) for row in rows] == [(1, "14.00"), (2, "14.01")]
    assert [row["nombre"] for row in nights.lab.curated(nights.second, "clientes", "014")] == ["Con Otro Nombre"]


def test_a_chain_of_orphans_is_released_together(nights: Nights) -> None:
    assert nights.lab.waiting(nights.second, "prestamos", "006") == {7: ("padre_desconocido", "clientes 9")}
    assert set(nights.lab.waiting(nights.second, "pagos", "006")) == {1}
    assert nights.lab.waiting(nights.third, "prestamos", "006") == {}
    assert nights.lab.waiting(nights.third, "pagos", "006") == {1: ("padre_desconocido", "clientes 1")}


def test_a_curated_row_whose_new_version_is_bad_is_withdrawn_and_comes_back(nights: Nights) -> None:
    assert amounts(nights.lab.curated(nights.first, "pagos", "007")) == {1: "7.00", 2: "7.01"}
    assert amounts(nights.lab.curated(nights.second, "pagos", "007")) == {2: "7.01"}
    assert nights.lab.waiting(nights.second, "pagos", "007")[1][0] == "texto_largo"
    gone = [row for row in nights.lab.delta(nights.second, "pagos", "007") if row["id_pago"] == 1]
    assert [(row["borrado"], row["snapshot_seq"], str(row["monto"])) for row in gone] == [(True, 2, "7.00")]
    assert amounts(nights.lab.curated(nights.third, "pagos", "007")) == {1: "7.75", 2: "7.01"}
    assert nights.lab.waiting(nights.third, "pagos", "007") == {}


def test_rows_that_no_engine_could_hold_wait_with_their_reason(nights: Nights) -> None:
    assert nights.lab.waiting(nights.third, "pagos", "008") == {
        1: ("fecha_imposible", "fecha_pago 0000-00-00 00:00:00"),
        2: ("texto_con_nul", "otros_datos a\\0b"),
        3: ("texto_largo", "otros_datos " + "ñ" * 40),
        4: ("fecha_fuera_de_tabla", "fecha_pago 2041-01-01 00:00:00"),
        6: ("fecha_imposible", "fecha_pago 2026-02-30 10:00:00"),
    }
    assert list(amounts(nights.lab.curated(nights.third, "pagos", "008"))) == [5], "256 characters of two bytes fit"


def test_a_chunk_altered_after_its_manifest_is_not_used_and_the_cent_is_named(nights: Nights) -> None:
    assert nights.lab.curated(nights.first, "pagos", "010") == []
    (entry,) = nights.first["altered"]["pagos"]
    assert entry["key"] == nights.altered.key
    nights.lab.lake.replace(nights.altered.key, tampered(nights.lab, "010"))
    try:
        lines = narrow.altered_chunk(nights.lab.lake, PAGOS, entry)
    finally:
        nights.lab.lake.replace(nights.altered.key, nights.good)
    assert lines == ["sucursal 010, 2026-11-19, pago 88213: 1,250.00 at the till, 1,250.01 in the landed chunk"]


def test_an_altered_chunk_is_tried_again_and_lands_once_it_is_restored(nights: Nights) -> None:
    assert nights.lab.curated(nights.second, "pagos", "010") == []
    assert amounts(nights.lab.curated(nights.third, "pagos", "010")) == {88213: "1250.00", 88214: "10.00"}
    assert nights.third["altered"]["pagos"] == []


def test_a_row_landed_again_unchanged_rewrites_nothing(nights: Nights) -> None:
    day = "2026-11-10"
    assert nights.first["days"]["pagos"][day] == nights.second["days"]["pagos"][day]
    assert nights.lab.curated(nights.second, "pagos", "011")[0]["snapshot_seq"] == 1


def test_extreme_values_survive(nights: Nights) -> None:
    rows = {row["id_pago"]: row for row in nights.lab.curated(nights.third, "pagos", "012")}
    assert str(rows[2**53 + 1]["monto"]) == "90071992547409.93"
    assert (str(rows[9]["monto"]), rows[9]["otros_datos"]) == ("-0.01", "tab\tñ\n'\"\\N🙂")


def test_control_totals_are_those_of_the_rows(nights: Nights) -> None:
    rows = [pago(2**53 + 1, "90071992547409.93"), pago(9, "-0.01", note="tab\tñ\n'\"\\N🙂")]
    texts = [[None if value is None else str(value) for value in row] for row in rows]
    expected = fingerprint.of_rows(texts, [parse_cents(row[3]) for row in rows])
    terms = nights.lab.terms(nights.third, "pagos", "2026-11-19", "012")
    assert Fingerprint.from_dict(terms["winners"]) == Fingerprint.from_dict(terms["curated"]) == expected


def test_winners_are_curated_plus_quarantined_everywhere(nights: Nights) -> None:
    seen = 0
    for revision in (nights.first, nights.second, nights.third):
        for days in revision["days"].values():
            for entry in days.values():
                document = manifest.read_ref(nights.lab.lake, entry["manifest"])
                for terms in document["branches"].values():
                    found = terms_of(None, terms, Fingerprint())
                    assert found.complete, found
                    seen += 1
    assert seen > 50


def test_each_day_is_one_file_sorted_by_branch_and_key_with_the_warehouses_columns(nights: Nights) -> None:
    import io

    import pyarrow.parquet as pq

    names = [column.name for column in PAGOS.curated_columns()]
    for entry in nights.third["days"]["pagos"].values():
        assert len(entry["files"]) <= 1
        for file in entry["files"]:
            data = nights.lab.lake.get(file["key"])
            assert manifest.sha256(data) == file["sha256"]
            found = pq.read_table(io.BytesIO(data))
            assert found.column_names == names
            order = list(zip(found["id_sucursal"].to_pylist(), found["id_pago"].to_pylist(), strict=True))
            assert order == sorted(order)
            assert file["rows"] == len(order)


def test_no_file_is_written_without_rows(nights: Nights) -> None:
    lake = nights.lab.lake
    assert list(lake.list("quarantine/clientes/")) == [], "no client ever waited"
    assert {found.key.split("/")[1] for found in lake.list("quarantine/")} == {"prestamos", "pagos"}
    for revision in (nights.first, nights.second, nights.third):
        for what in ("quarantine", "delta", "decided"):
            for entry in revision[what].values():
                assert all(file["rows"] for file in entry["files"])
                assert entry["rows"] == sum(file["rows"] for file in entry["files"])


def test_a_delta_that_nobody_saw_arrive_is_carried_on(nights: Nights) -> None:
    """No certification confirmed the first two loads: the third delta holds everything, each key once."""
    third = nights.lab.delta(nights.third, "pagos", "007")
    assert sorted((row["id_pago"], str(row["monto"]), row["borrado"]) for row in third) == [
        (1, "7.75", False),
        (2, "7.01", False),
    ]
    assert [row["id_pago"] for row in nights.lab.delta(nights.third, "pagos", "003")] == [1]


def test_of_two_attempts_at_one_plan_the_first_result_stands() -> None:
    lake, plan = MemoryStore(), Ref(keys.plan(1, "p" * 64), "p" * 64)
    assert commit_result(lake, plan, "one", {})
    assert not commit_result(lake, plan, "two", {})
    assert manifest.read(lake, keys.result_of(plan.key))[0]["rev"] == "one"
