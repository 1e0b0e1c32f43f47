"""The pull against a real MariaDB: exactness, cost, cuts, crashes, and branches in trouble."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from local.branches.testing import RunningBranches
from podemos.branches import query
from podemos.branches.state import MemoryState, Position
from podemos.contracts.branches import Branch, branches
from podemos.contracts.tables import contract
from podemos.core.clock import system_clock

from .crash import Fuse, FusedState, FusedStore, Killed
from .landed import parts, prints, rows, said, winners
from .puller import Puller, execute

CONFIG = branches()
TABLES = CONFIG.extraction.tables
AT = system_clock()


def assert_lake_equals_branch(puller: Puller, branch: str = "001") -> None:
    for table in TABLES:
        assert prints(puller.lake, table, branch) == said(puller.lake, table, branch), table


def test_after_a_pull_the_lake_equals_the_branch(puller: Puller, sources: RunningBranches) -> None:
    assert puller.states("001,002,003") == {"001": "pulled", "002": "pulled", "003": "pulled"}
    for branch in ("001", "002", "003"):
        assert_lake_equals_branch(puller, branch)
        assert len(winners(puller.lake, "pagos", branch)) >= 100, "tests before this one may have added some"


def test_a_small_table_costs_two_puts_two_state_writes_and_two_packets_of_statements(puller: Puller) -> None:
    fuse = Fuse(at=10_000, after=False)
    puller("001", FusedStore(fuse, puller.lake), FusedState(fuse, puller.state))
    batch_manifest = 1
    assert 10_000 - fuse.left == len(TABLES) * (2 + 2) + batch_manifest
    assert puller.connections[0].queries == 1 + 2 * len(TABLES)
    puller("001")
    assert puller.connections[1].queries == 2, "the look at the server; the snapshot, all pages and all control totals"


def test_a_second_pull_lands_only_what_changed(puller: Puller, sources: RunningBranches) -> None:
    puller()
    assert sum(found["rows"] for found in puller()["branches"]) == 0
    execute(sources, "001", "UPDATE pagos SET monto = monto + 0.01, updated_at = NOW(6) WHERE id_pago IN (3, 5)")
    found = puller()["branches"][0]
    assert (found["rows"], found["tail_rows"]) == (2, 2)
    assert puller()["branches"][0]["rows"] == 2, "the tail above the bound is landed again"
    assert_lake_equals_branch(puller)


def test_rows_of_one_microsecond_are_landed_exactly_once_whatever_the_page(puller: Puller) -> None:
    puller("001", page_rows=2)
    keys = [row["id_pago"] for part in parts(puller.lake, "pagos", "001") for row in rows(puller.lake, part)]
    assert len(keys) == len(set(keys)) == len(winners(puller.lake, "pagos", "001"))
    assert_lake_equals_branch(puller)


def test_a_row_committed_late_with_an_older_cursor_is_landed(puller: Puller, sources: RunningBranches) -> None:
    """A transaction is open while the snapshot is taken; its row is older than rows the pull has already seen."""
    with closing(sources.root("001")) as late:
        late.autocommit(False)
        late.cursor().execute("UPDATE pagos SET monto = monto + 0.01, updated_at = NOW(6) WHERE id_pago = 11")
        execute(sources, "001", "UPDATE pagos SET monto = monto + 0.02, updated_at = NOW(6) WHERE id_pago = 12")
        puller()
        before = winners(puller.lake, "pagos", "001")
        late.commit()
    puller()
    after = winners(puller.lake, "pagos", "001")
    assert before[11]["monto"] != after[11]["monto"]
    assert_lake_equals_branch(puller)


def test_a_page_is_an_index_range(sources: RunningBranches) -> None:
    execute(
        sources,
        "001",
        "CREATE DATABASE explica",
        "CREATE TABLE explica.pagos LIKE pagos",
        "INSERT INTO explica.pagos SELECT seq, 1, 1, 1, NOW(), 'PAGADO', NULL, NOW(6) - INTERVAL seq SECOND"
        " FROM seq_1_to_20000",
        "ANALYZE TABLE explica.pagos",
    )
    try:
        with closing(sources.root()) as root:
            cursor = root.cursor()
            cursor.execute("SELECT updated_at, id_pago FROM explica.pagos WHERE id_pago = 500")
            at = Position(*(f"{value:%Y-%m-%d %H:%M:%S.%f}" if n == 0 else (str(value),)
                            for n, value in enumerate(cursor.fetchone())))  # fmt: skip
            cursor.execute("USE explica")
            cursor.execute("EXPLAIN " + query.page(contract("pagos").compiled(), at, 50))
            plan = dict(zip([column[0] for column in cursor.description], cursor.fetchone(), strict=True))
    finally:
        execute(sources, "001", "DROP DATABASE explica")
    assert (plan["type"], plan["key"]) == ("range", "por_cursor")
    assert int(plan["rows"]) < 1000
    assert "filesort" not in plan["Extra"]


def test_a_snapshot_that_lives_too_long_ends_and_the_next_continues(puller: Puller) -> None:
    ticks = iter(AT + timedelta(seconds=n) for n in range(10_000))
    puller.clock = lambda: next(ticks)
    puller("001", page_rows=20, snapshot_seconds=1)
    found = parts(puller.lake, "pagos", "001")
    assert len({part.seq for part in found}) > 1
    assert found[-1].final
    assert_lake_equals_branch(puller)


def again(puller: Puller) -> int:
    """Rows landed more than once, but for what follows a first load of several snapshots: it lies above its bound."""
    found = parts(puller.lake)
    loads = {(part.table, part.seq) for part in found if part.first}
    counted = [part for part in found if part.chunk and (part.first or (part.table, part.seq) not in loads)]
    total = sum(part.chunk.rows for part in counted if part.chunk)
    return total - sum(len(winners(puller.lake, table, "001")) for table in TABLES)


def crash_points() -> list[tuple[int, bool]]:
    writes = len(TABLES) * 4 + 2 * 5  # one page per table, five more pages of pagos, generously
    return [(at, after) for at in range(1, writes) for after in (False, True)]


@pytest.mark.parametrize(("at", "after"), crash_points())
def test_a_crash_at_any_write_loses_and_doubles_nothing(puller: Puller, at: int, after: bool) -> None:
    fuse = Fuse(at, after)
    try:
        puller("001", FusedStore(fuse, puller.lake), FusedState(fuse, puller.state), page_rows=40)
    except Killed:
        assert fuse.burnt
    landed = sum(part.chunk.rows for part in parts(puller.lake) if part.chunk)
    puller("001", page_rows=40)
    assert_lake_equals_branch(puller)
    assert landed <= sum(part.chunk.rows for part in parts(puller.lake) if part.chunk)
    assert again(puller) <= 40, "at most one chunk again"


@pytest.mark.parametrize("at", [600, 3_000, 6_000, 9_000, 12_000, 15_000])
def test_a_link_cut_at_any_byte_resumes_and_sends_at_most_one_chunk_again(puller: Puller, at: int) -> None:
    puller.sources.fault("001", "drop-after-bytes", bytes=at)
    puller("001", page_rows=25)
    puller.sources.restore("001")
    assert puller.states("001", page_rows=25) == {"001": "pulled"}
    assert_lake_equals_branch(puller)
    assert again(puller) <= 25


@pytest.mark.parametrize(("fault", "state"), [("offline", "offline"), ("locked", "refused"), ("hang", "timeout")])
def test_a_branch_in_trouble_is_a_state_and_delays_nobody(puller: Puller, fault: str, state: str) -> None:
    puller.sources.fault("002", fault)
    started = time.monotonic()
    document = puller("001,002,003", threads=1)
    found = {entry["branch"]: entry for entry in document["branches"]}
    assert [found[branch]["state"] for branch in ("001", "002", "003")] == ["pulled", state, "pulled"]
    assert found["002"]["message"] and found["002"]["remedy"]
    assert time.monotonic() - started < 10
    puller.sources.restore("002")
    assert puller.states("002") == {"002": "pulled"}
    assert_lake_equals_branch(puller, "002")


def test_a_branch_over_its_time_is_cut_and_named(puller: Puller) -> None:
    puller.sources.fault("002", "slow", kbps=1, delay_ms=50)
    started = time.monotonic()
    found = puller("002,003", threads=1, branch_seconds=2)
    assert [entry["state"] for entry in found["branches"]] == ["timeout", "pulled"]
    assert "time budget" in found["branches"][0]["message"]
    assert time.monotonic() - started < 12


def test_a_connect_that_never_returns_does_not_hold_the_batch(puller: Puller) -> None:
    real = puller.connect

    def connect(branch: Branch) -> Any:
        if branch.id == "001":
            time.sleep(30)
        return real(branch)

    puller.connect = connect  # type: ignore[method-assign]
    started = time.monotonic()
    assert puller.states("001,002", threads=1, branch_seconds=1) == {"001": "timeout", "002": "pulled"}
    assert time.monotonic() - started < 15


def test_drift_of_one_branch_stops_that_table_there_and_nothing_else(puller: Puller, sources: RunningBranches) -> None:
    execute(sources, "002", "ALTER TABLE pagos RENAME COLUMN monto TO importe")
    try:
        found = {entry["branch"]: entry for entry in puller("001,002,003")["branches"]}
    finally:
        execute(sources, "002", "ALTER TABLE pagos RENAME COLUMN importe TO monto")
    assert found["002"]["state"] == "drift"
    assert "monto" in found["002"]["message"]
    assert found["002"]["tables"] == {"clientes": "pulled", "prestamos": "pulled", "pagos": "drift"}
    assert found["001"]["state"] == found["003"]["state"] == "pulled"
    assert puller.states("002") == {"002": "pulled"}
    assert_lake_equals_branch(puller, "002")


def test_money_that_became_floating_point_is_drift(puller: Puller, sources: RunningBranches) -> None:
    execute(sources, "003", "ALTER TABLE pagos MODIFY monto DOUBLE NOT NULL")
    try:
        found = puller("003")["branches"][0]
    finally:
        execute(sources, "003", "ALTER TABLE pagos MODIFY monto DECIMAL(18,2) NOT NULL")
    assert found["state"] == "drift"
    assert "column monto" in found["message"]


def test_a_wrong_password_is_refused_with_a_remedy(puller: Puller, sources: RunningBranches) -> None:
    execute(sources, "003", "ALTER USER sucursal_003@'%' ACCOUNT LOCK")
    try:
        found = puller("003")["branches"][0]
    finally:
        execute(sources, "003", "ALTER USER sucursal_003@'%' ACCOUNT UNLOCK")
    assert found["state"] == "refused"
    assert "grants" in found["remedy"]


def test_an_impossible_date_is_landed_as_the_branch_has_it(puller: Puller, sources: RunningBranches) -> None:
    execute(
        sources,
        "001",
        "SET SESSION sql_mode = ''",
        "INSERT INTO pagos VALUES (880001, 1, 1, 1.00, '0000-00-00 00:00:00', 'PAGADO', NULL, NOW(6))",
        "INSERT INTO pagos VALUES (880002, 1, 1, 1.00, '2026-11-00 00:00:00', 'PAGADO', NULL, NOW(6))",
    )
    try:
        puller()
    finally:
        execute(sources, "001", "DELETE FROM pagos WHERE id_pago > 880000 AND id_pago < 890000")
    found = winners(puller.lake, "pagos", "001")
    assert [found[key]["fecha_pago"] for key in (880001, 880002)] == ["0000-00-00 00:00:00", "2026-11-00 00:00:00"]


def test_two_workers_on_one_branch_do_not_mix(puller: Puller) -> None:
    for table in TABLES:
        puller.state.acquire(table, "001", owner="another", now=system_clock(), seconds=60)
    assert puller.states("001,002") == {"001": "leased", "002": "pulled"}
    assert parts(puller.lake, branch="001") == []


def test_a_lost_state_pulls_everything_again_under_higher_sequences(puller: Puller, sources: RunningBranches) -> None:
    puller()
    execute(sources, "001", "UPDATE pagos SET monto = monto + 0.01, updated_at = NOW(6) WHERE id_pago = 21")
    puller.state, puller.clock = MemoryState(), lambda: system_clock() + timedelta(hours=1)
    assert puller.states("001") == {"001": "pulled"}
    first, second = parts(puller.lake, "pagos", "001")
    assert second.seq > first.seq
    assert_lake_equals_branch(puller)


def test_a_sequence_used_twice_is_refused_not_mixed(puller: Puller, sources: RunningBranches) -> None:
    puller.clock = lambda: AT
    puller()
    execute(sources, "001", "UPDATE pagos SET monto = monto + 0.01, updated_at = NOW(6) WHERE id_pago = 22")
    puller.state = MemoryState()
    before = [part.to_dict() for part in parts(puller.lake)]
    assert puller()["branches"][0]["tables"]["pagos"] == "faulty"
    assert [part.to_dict() for part in parts(puller.lake)] == before


def test_the_fingerprint_window_starts_at_the_servers_own_day(puller: Puller) -> None:
    puller("001", fingerprint_days=2)
    (part,) = parts(puller.lake, "pagos", "001")
    assert part.since is not None
    assert abs((system_clock().date() - part.since).days - 2) <= 1
    assert replace(part, fingerprints={}).key == part.key
