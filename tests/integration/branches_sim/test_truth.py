"""The judge's answers: which payments belong to a business date, to the cent."""

from contextlib import closing
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from local.branches import truth
from local.branches.testing import RunningBranches

TIJUANA = "America/Tijuana"


@pytest.mark.parametrize(
    ("wall", "zone", "expected"),
    [
        ("2026-11-19 23:59:59", "America/Mexico_City", date(2026, 11, 19)),
        ("2026-11-20 00:00:00", "America/Mexico_City", date(2026, 11, 20)),
        ("2026-11-19 21:59:59", TIJUANA, date(2026, 11, 19)),
        ("2026-11-19 22:00:00", TIJUANA, date(2026, 11, 20)),
        ("2026-07-19 22:59:59", TIJUANA, date(2026, 7, 19)),  # summer: one hour behind Mexico City, not two
        ("2026-07-19 23:00:00", TIJUANA, date(2026, 7, 20)),
        ("2026-11-19 23:00:00", "America/Hermosillo", date(2026, 11, 20)),
        ("2026-11-20 00:59:59", "America/Cancun", date(2026, 11, 19)),
        ("2026-07-20 00:30:00", "America/Matamoros", date(2026, 7, 19)),
        ("2026-07-19 23:30:00", "America/Ciudad_Juarez", date(2026, 7, 19)),
        ("2026-11-19 23:30:00", "America/Ciudad_Juarez", date(2026, 11, 20)),
    ],
)
def test_the_accounting_day_is_the_mexico_city_day_of_the_instant(wall: str, zone: str, expected: date):
    assert truth.accounting_day(datetime.fromisoformat(wall), ZoneInfo(zone)) == expected


def test_an_hour_that_happens_twice_is_its_first_and_one_that_never_happens_keeps_the_old_offset():
    # Zones where the choice decides between two Mexico City days; in the Mexican ones it moves only the hour.
    twice = truth.accounting_day(datetime.fromisoformat("2026-11-01 01:30:00"), ZoneInfo("America/New_York"))
    assert twice == date(2026, 10, 31)  # 05:30 UTC; the second 01:30 is 06:30 UTC, already November there
    never = truth.accounting_day(datetime.fromisoformat("2026-03-08 02:30:00"), ZoneInfo("America/Halifax"))
    assert never == date(2026, 3, 8)  # 06:30 UTC by the offset before the change; 05:30 by the one after it


def test_expected_movements_are_the_payments_of_the_local_interval(running: RunningBranches):
    running.reseed()
    day = running.business_date
    movements = list(truth.expected_movements(running.settings, day))
    # The same question asked the other way round: the wall-clock interval of the Mexico City day, per zone, in SQL.
    hours = {"America/Tijuana": -2, "America/Hermosillo": -1, "America/Ciudad_Juarez": -1, "America/Cancun": 1}
    for branch in running.settings.all_branches():
        start = datetime.combine(day, datetime.min.time()) + timedelta(hours=hours.get(branch.zone, 0))
        with closing(running.root(branch.number)) as root:
            cursor = root.cursor()
            cursor.execute(
                "SELECT COUNT(*), SUM(monto) FROM pagos WHERE fecha_pago >= %s AND fecha_pago < %s",
                (start, start + timedelta(days=1)),
            )
            count, total = cursor.fetchone()
        mine = [movement for movement in movements if movement.id_sucursal == branch.number]
        assert (len(mine), sum(movement.cents for movement in mine)) == (count, truth.cents(total))


def test_a_tijuana_payment_late_in_the_evening_belongs_to_the_next_day(running: RunningBranches):
    running.reseed()
    evening = {
        defect["key"]: defect["detail"]["fecha_pago"]
        for defect in truth.planted(running.settings)["001"]
        if defect["kind"] == "zone_boundary"
    }
    today = {m.id_pago for m in truth.expected_movements(running.settings, running.business_date) if m.id_sucursal == 1}
    inside = {paid for key, paid in evening.items() if key in today}
    assert inside == {"2026-11-18 22:30:00", "2026-11-18 23:15:00", "2026-11-18 23:59:59"}
    assert "2026-11-19 22:30:00" in set(evening.values()) - inside


def test_orphans_name_what_is_missing(running: RunningBranches):
    running.reseed()
    missing = sorted(
        movement.missing
        for movement in truth.expected_movements(running.settings, running.business_date)
        if movement.id_sucursal == 2 and movement.missing
    )
    assert missing == [("clientes",), ("prestamos",), ("prestamos", "clientes")]


def test_only_branches_that_cannot_be_read_count_as_offline(whole: RunningBranches):
    for branch, kind in {3: "offline", 4: "locked", 5: "hang", 6: "slow", 7: "drop-after-bytes"}.items():
        whole.fault(branch, kind)
    assert truth.offline_branches(whole.settings) == ["003", "004", "005"]
