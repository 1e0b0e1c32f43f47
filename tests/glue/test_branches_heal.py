"""What no watermark sees: three nights of many stories, one branch each, curated together by the shipped Spark code."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from pyspark.sql import SparkSession

from podemos.branches import look_back
from podemos.branches.landing import Range
from podemos.core import fingerprint, manifest
from podemos.core.fingerprint import Fingerprint
from podemos.core.money import parse_cents

from .lab import Lab, Row, cliente, pago

DAY, BEFORE, LONG_AGO = "2026-11-17", "2026-11-16", "2026-11-05"
DAYS = (DAY, BEFORE, LONG_AGO)


def paid(key: int, amount: str = "10.00", day: str = DAY, **more: Any) -> Row:
    return pago(key, amount, f"{day} 09:00:00", **more)


def live(rows: list[dict[str, Any]]) -> dict[int, str]:
    """Amount by key of the rows that are not marked as deleted."""
    return {row["id_pago"]: str(row["monto"]) for row in rows if not row["borrado"]}


def prints(rows: list[Row]) -> Fingerprint:
    texts = [[None if value is None else str(value) for value in row] for row in rows]
    return fingerprint.of_rows(texts, [parse_cents(row[3]) for row in rows])


@dataclass
class Nights:
    lab: Lab
    first: dict[str, Any]
    second: dict[str, Any]
    third: dict[str, Any]

    def rows(self, night: dict[str, Any], branch: str) -> list[dict[str, Any]]:
        return self.lab.curated(night, "pagos", branch)


@pytest.fixture(scope="module")
def nights(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Nights:
    lab = Lab.at(spark, tmp_path_factory.mktemp("heal") / "lake")
    for number in range(1, 16):
        lab.family(f"{number:03d}", 1)

    # first night
    for branch in ("001", "002", "003", "004", "005", "006", "008", "011", "013"):
        lab.land("pagos", branch, 1, [paid(1), paid(2, "20.00")])
    lab.land("pagos", "007", 1, [paid(1), paid(2, "20.00", loan=7)])
    lab.land("pagos", "009", 1, [paid(1), paid(2), paid(3), paid(4)])
    lab.land("clientes", "010", 2, [cliente(1), cliente(2)], part=2)
    lab.land("pagos", "012", 1, [paid(1)])
    lab.land("pagos", "014", 1, [paid(key) for key in range(1, 6)])
    lab.land("pagos", "015", 1, [paid(1)])
    first = lab.night()

    # second night
    lab.sweep("pagos", "001", 2, DAY, [paid(1, "10.05"), paid(2, "20.00")])
    lab.sweep("pagos", "002", 2, DAY, [paid(1)])
    lab.sweep("pagos", "003", 2, BEFORE, [paid(1, day=BEFORE)])
    lab.sweep("pagos", "003", 2, DAY, [paid(2, "20.00")], part=3)
    lab.land("pagos", "004", 2, [paid(1, day=LONG_AGO)])
    lab.sweep("pagos", "004", 2, DAY, [paid(2, "20.00")])
    lab.sweep("pagos", "005", 2, DAY, [paid(1), paid(2, "20.00"), paid(3, "30.00")])
    lab.sweep("pagos", "006", 2, DAY, [])
    lab.sweep("pagos", "007", 2, DAY, [paid(1)])
    altered = lab.land("pagos", "008", 2, [paid(1)], 2, Range(DAY, 1, True))
    lab.lake.replace(altered.key, lab.lake.get(altered.key) + b"\0")
    lab.land("pagos", "009", 2, [paid(1), paid(2)], 2, Range(DAY, 1, False))
    lab.sweep("clientes", "010", 3, "todo", [cliente(1)], part=3)
    lab.land("pagos", "011", 2, [paid(1, "11.00"), paid(2, "20.00")])
    lab.sweep("pagos", "011", 2, DAY, [paid(1, "11.00"), paid(2, "20.00")])
    lab.land("pagos", "012", 2, [paid(1, day=BEFORE)])
    lab.sweep("pagos", "012", 3, BEFORE, [])
    lab.land("pagos", "013", 2, [paid(2, "20.00")], 2, Range(DAY, 1, False))
    lab.land("pagos", "013", 2, [paid(1, day=LONG_AGO)], 3, Range(DAY, 2, True))
    lab.land("pagos", "014", 3, [paid(4, "4.00")])
    lab.land("pagos", "014", 2, [paid(1, "10.07"), paid(6)], 2, Range(DAY, 1, False, cut=3, read=2))
    lab.sweep("pagos", "014", 2, DAY, [], 3, Range(DAY, 2, False, (("2",), ("4",), ("77",)), 3, 2))
    lab.land("pagos", "015", 2, [paid(2)])
    second = lab.night()

    # third night
    lab.sweep("pagos", "002", 3, DAY, [paid(1), paid(2, "20.00")])
    lab.land("pagos", "006", 3, [paid(1, "10.01")])
    lab.land("pagos", "009", 2, [paid(4)], 3, Range(DAY, 2, True))
    late = [paid(key, cursor=f"2026-11-19 {hour}:00:00.000000") for key, hour in ((3, "11"), (4, "10"), (5, "05"))]
    lab.sweep("pagos", "015", 3, DAY, [paid(1), paid(2, "2.22"), *late])
    third = lab.night()
    return Nights(lab, first, second, third)


def test_an_edit_that_touched_no_cursor_wins_and_is_counted(nights: Nights) -> None:
    assert live(nights.rows(nights.second, "001")) == {1: "10.05", 2: "20.00"}
    assert nights.second["healed"]["pagos"][DAY]["001"] == {"edited": 1, "edited_keys": ["1"]}
    assert [row["id_pago"] for row in nights.lab.delta(nights.second, "pagos", "001") if row["snapshot_seq"] == 2] == [
        1
    ]


def test_a_deleted_row_is_marked_in_lake_and_delta_and_leaves_the_totals(nights: Nights) -> None:
    assert live(nights.rows(nights.second, "002")) == {1: "10.00"}
    (gone,) = [row for row in nights.rows(nights.second, "002") if row["borrado"]]
    assert (gone["id_pago"], gone["snapshot_seq"], str(gone["monto"])) == (2, 2, "20.00")
    (told,) = [row for row in nights.lab.delta(nights.second, "pagos", "002") if row["id_pago"] == 2]
    assert (told["borrado"], told["snapshot_seq"]) == (True, 2)
    assert nights.second["healed"]["pagos"][DAY]["002"] == {"deleted": 1, "deleted_keys": ["2"]}
    terms = nights.lab.terms(nights.second, "pagos", DAY, "002")
    assert Fingerprint.from_dict(terms["winners"]) == Fingerprint.from_dict(terms["curated"]) == prints([paid(1)])


def test_a_row_that_reappears_wins_again(nights: Nights) -> None:
    assert live(nights.rows(nights.third, "002")) == {1: "10.00", 2: "20.00"}
    assert nights.third["healed"]["pagos"][DAY]["002"] == {"late": 1, "late_keys": ["2"]}
    (told,) = [row for row in nights.lab.delta(nights.third, "pagos", "002") if row["id_pago"] == 2]
    assert (told["borrado"], told["snapshot_seq"]) == (False, 3)
    assert live(nights.rows(nights.third, "006")) == {1: "10.01"}, "also when a watermark brings it back"


def test_a_row_that_moved_to_another_day_is_not_gone(nights: Nights) -> None:
    moved = {row["id_pago"]: (row["_day"], row["borrado"]) for row in nights.rows(nights.second, "003")}
    assert moved == {1: (BEFORE, False), 2: (DAY, False)}, "silently: both days were read"
    moved = {row["id_pago"]: (row["_day"], row["borrado"]) for row in nights.rows(nights.second, "004")}
    assert moved == {1: (LONG_AGO, False), 2: (DAY, False)}, "by the watermark: its new day was not read"
    assert "004" not in nights.second["healed"]["pagos"].get(DAY, {})
    moved = {row["id_pago"]: (row["_day"], row["borrado"]) for row in nights.rows(nights.second, "013")}
    assert moved == {1: (LONG_AGO, False), 2: (DAY, False)}, "silently: the range asked for its key"
    assert nights.second["healed"]["pagos"][LONG_AGO]["013"] == {"edited": 1, "edited_keys": ["1"]}


def test_a_late_commit_with_an_older_cursor_is_landed(nights: Nights) -> None:
    assert live(nights.rows(nights.second, "005")) == {1: "10.00", 2: "20.00", 3: "30.00"}
    assert nights.second["healed"]["pagos"][DAY]["005"] == {"late": 1, "late_keys": ["3"]}


def test_a_day_that_is_gone_altogether_is_a_statement_without_a_row(nights: Nights) -> None:
    assert live(nights.rows(nights.second, "006")) == {}
    assert nights.second["healed"]["pagos"][DAY]["006"] == {"deleted": 2, "deleted_keys": ["1", "2"]}
    assert nights.lab.terms(nights.second, "pagos", DAY, "006") == {}


def test_a_row_that_waited_in_quarantine_and_was_deleted_waits_no_longer(nights: Nights) -> None:
    assert set(nights.lab.waiting(nights.first, "pagos", "007")) == {2}
    assert nights.lab.waiting(nights.second, "pagos", "007") == {}
    assert nights.second["healed"]["pagos"][DAY]["007"] == {"deleted": 1, "deleted_keys": ["2"]}
    terms = nights.lab.terms(nights.second, "pagos", DAY, "007")
    assert Fingerprint.from_dict(terms["winners"]) == prints([paid(1)])


def test_a_range_with_an_altered_chunk_proves_no_absence(nights: Nights) -> None:
    assert live(nights.rows(nights.third, "008")) == {1: "10.00", 2: "20.00"}


def test_the_pages_of_a_range_count_together_though_two_revisions_gathered_them(nights: Nights) -> None:
    assert live(nights.rows(nights.second, "009")) == {1: "10.00", 2: "10.00", 3: "10.00", 4: "10.00"}
    assert live(nights.rows(nights.third, "009")) == {1: "10.00", 2: "10.00", 4: "10.00"}


def test_a_table_without_a_business_date_is_one_range(nights: Nights) -> None:
    rows = nights.lab.curated(nights.second, "clientes", "010")
    assert {row["id_cliente"]: row["borrado"] for row in rows} == {1: False, 2: True}
    assert nights.second["healed"]["clientes"]["todo"]["010"] == {"deleted": 1, "deleted_keys": ["2"]}


def test_of_rows_that_came_late_the_oldest_cursor_within_the_reach_of_a_look_back_is_told(nights: Nights) -> None:
    """The snapshot without them was at 12:15 by the branch's clock; 05:00 is out of reach, key 2 an edit in silence."""
    found = nights.third["healed"]["pagos"][DAY]["015"]
    assert (found["late_keys"], found["edited_keys"]) == (["3", "4", "5"], ["2"])
    assert found["late_from"] == "2026-11-19 10:00:00.000000"
    windows = manifest.read_ref(nights.lab.lake, nights.third["plan"])["late"]
    assert look_back.measured({}, nights.third["healed"], windows, date(2026, 11, 20), 30) == {
        "pagos": {"015": {"2026-11-20": 2 * 3600 + 900 + 1}}
    }


def test_a_narrowed_range_lands_what_differs_and_names_what_is_gone(nights: Nights) -> None:
    """Key 3 is in a range that nobody read, key 4 was seen again since, key 77 the lake never had."""
    assert live(nights.rows(nights.second, "014")) == {1: "10.07", 3: "10.00", 4: "4.00", 5: "10.00", 6: "10.00"}
    found = nights.second["healed"]["pagos"][DAY]["014"]
    assert {name: found[name] for name in ("edited_keys", "late_keys", "deleted_keys")} == {
        "edited_keys": ["1"],
        "late_keys": ["6"],
        "deleted_keys": ["2"],
    }
    (told,) = [row for row in nights.lab.delta(nights.second, "pagos", "014") if row["id_pago"] == 2]
    assert (told["borrado"], told["snapshot_seq"]) == (True, 2)


def test_what_the_watermark_had_seen_is_not_counted_as_healed(nights: Nights) -> None:
    assert live(nights.rows(nights.second, "011")) == {1: "11.00", 2: "20.00"}
    assert "011" not in nights.second["healed"]["pagos"][DAY]


def test_a_version_that_was_never_curated_takes_the_curated_one_with_it(nights: Nights) -> None:
    """It had moved to a day that a later snapshot found empty."""
    assert live(nights.rows(nights.second, "012")) == {}


@dataclass
class Till:
    """A branch's payments on three days and the pull's memory of it."""

    name: str
    rng: random.Random
    rows: dict[int, Row] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    keys: int = 0

    def live_a_day(self) -> None:
        """Some of everything; only a part of it moves the cursor (`seen` loses the key)."""
        for _ in range(self.rng.randrange(6)):
            happening, silent = self.rng.choice(("new", "edit", "move", "delete", "restore")), self.rng.random() < 0.6
            key = self.rng.choice([*self.rows, 0])
            if happening in ("new", "restore") or not key:
                self.keys += 1
                key = self.keys if happening == "new" else self.rng.randrange(1, self.keys + 1)
            if happening == "delete":
                self.rows.pop(key, None)
                continue
            day = self.rng.choice(DAYS)
            self.rows[key] = paid(key, f"{self.rng.randrange(1, 99)}.{self.rng.randrange(10, 99)}", day)
            if not silent:
                self.seen.discard(key)

    def of(self, day: str) -> list[Row]:
        return [row for row in self.rows.values() if row[4][:10] == day]


@pytest.mark.night  # minutes; `make chaos-branches` lives many more such lives
def test_whatever_happens_at_the_branches_one_quiet_night_later_the_lake_is_their_truth(
    spark: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Random lives of 40 branches: a watermark's view each night, and the days found wrong the night before."""
    lab = Lab.at(spark, tmp_path_factory.mktemp("lives") / "lake")
    tills = [Till(f"{number:03d}", random.Random(number)) for number in range(1, 41)]
    for till in tills:
        lab.family(till.name, 1)
    debts: dict[str, list[str]] = {till.name: [] for till in tills}
    revision: dict[str, Any] = {}
    healed = 0
    for night in range(1, 6):
        for till in tills:
            if night < 5:
                till.live_a_day()
            fresh = [row for key, row in till.rows.items() if key not in till.seen]
            till.seen |= till.rows.keys()
            if fresh:
                lab.land("pagos", till.name, night, fresh)
            for part, day in enumerate(debts[till.name], 2):
                lab.sweep("pagos", till.name, night, day, till.of(day), part)
        revision = lab.night()
        healed += sum(
            sum(count for count in found.values() if isinstance(count, int))
            for by in revision["healed"].get("pagos", {}).values()
            for found in by.values()
        )
        debts = {till.name: [day for day in DAYS if differs(lab, revision, till, day)] for till in tills}
    assert debts == {till.name: [] for till in tills}
    assert healed > 50
    for till in tills:
        assert live(lab.curated(revision, "pagos", till.name)) == {key: row[3] for key, row in till.rows.items()}


def differs(lab: Lab, revision: dict[str, Any], till: Till, day: str) -> bool:
    entry = revision["days"]["pagos"].get(day)
    terms = lab.terms(revision, "pagos", day, till.name) if entry else {}
    lake = Fingerprint.from_dict(terms["winners"]) if terms else Fingerprint()
    return lake != prints(till.of(day))
