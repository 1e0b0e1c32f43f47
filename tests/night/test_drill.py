"""Airflow is killed at 03:50 for good, and the report is delivered on time, signed: `make test-night`."""

import pytest

pytestmark = [pytest.mark.night, pytest.mark.timeout(1800)]


def test_without_airflow_the_watchdog_has_a_signed_report_delivered_on_time(local):
    code, ended, told = local.drill("airflow_killed")
    assert (code, ended["as_expected"]) == (0, True), told
    assert (ended["drill"], ended["at"], ended["status"], ended["verified"]) == (
        "airflow_killed", "03:50", "complete", True,
    )  # fmt: skip
    assert "05:00" <= ended["delivered_at"] <= "06:00"
    assert ended["alerts"] >= 4
