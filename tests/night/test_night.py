"""A whole night under real Airflow, started the way a person starts it: `make test-night`."""

import pytest

from tests.night import leaks

pytestmark = [pytest.mark.night, pytest.mark.timeout(1800)]

KEYS = {
    "business_date", "status", "report", "version", "movements", "cents", "branches", "branches_offline", "sources",
    "verified", "seconds",
}  # fmt: skip
TOLD: list[str] = []
"""What people were told in the course of the nights: the inbox forgets a message that was read."""


def test_nights_of_every_kind_end_as_they_must(local):
    code, first, told = local.night()
    assert (code, first["status"], first["verified"]) == (0, "complete", True), told
    assert set(first) == KEYS
    assert (first["branches"], first["branches_offline"], first["sources"], first["version"]) == (6, 0, 15, 1)
    assert first["movements"] > 0
    assert first["report"].startswith("s3://podemos-reports/reports/rehearsal/2026-11-19/v1")

    code, again, told = local.night()
    assert code == 0, told
    for key in KEYS - {"seconds"}:
        assert again[key] == first[key], key

    code, held, told = local.night("--scenario", "held")
    assert (code, held["status"], held["report"], held["verified"]) == (3, "held", None, False), told
    assert "nucleo_credito is critical and missing" in told
    alerts = local("alerts").stdout
    assert "HELD" in alerts
    TOLD.extend([told, alerts])

    code, restored, told = local.night()
    assert (code, restored["status"], restored["verified"]) == (0, "complete", True), told
    assert (restored["movements"], restored["cents"]) == (first["movements"], first["cents"])


def test_no_client_is_named_in_logs_xcom_data_docs_or_alerts(local):
    """Every client's name, CURP and telephone, as the branches hold them, against all that a person reads."""
    clients = leaks.clients(local.state)
    assert len(clients) > 20
    if not TOLD:
        TOLD.append(local.night()[2])
    seen = {
        "log": leaks.log_files(local.state),
        "XCom": leaks.xcoms(local.state),
        "evidence": leaks.evidence(local.state),
        "alert": [("alerts", text) for text in [*TOLD, local("alerts").stdout]],
    }
    assert all(seen.values()), {kind: len(texts) for kind, texts in seen.items()}
    assert leaks.found([("control", f"of {next(iter(clients))}, and nobody else")], clients), "the search finds nobody"
    assert {kind: leaks.found(texts, clients) for kind, texts in seen.items()} == {kind: [] for kind in seen}
