"""Every way in which a branch can fail, as its client sees it; the endpoint stays the same throughout."""

import time
from contextlib import closing

import MySQLdb
import pytest

from local.branches import faults
from local.branches.catalog import UnknownBranch
from local.branches.testing import RunningBranches


def pull(platform: RunningBranches, branch: int, **options: int) -> int:
    with closing(platform.connect(branch, **options)) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT * FROM pagos")
        return len(cursor.fetchall())


def test_a_healthy_branch_answers_on_its_own_port(whole: RunningBranches):
    ports = [end.port for end in whole.endpoints]
    assert len(set(ports)) == 14
    assert pull(whole, 3) == 200


def test_an_offline_branch_refuses_the_connection_and_comes_back(whole: RunningBranches):
    before = whole.endpoint(3)
    with closing(whole.connect(3)) as open_link:
        whole.fault(3, "offline")
        with pytest.raises(MySQLdb.OperationalError):  # an open link dies too
            open_link.cursor().execute("SELECT 1")
    with pytest.raises(MySQLdb.OperationalError) as refused:
        pull(whole, 3)
    assert refused.value.args[0] == 2002
    assert pull(whole, 4) == 200
    assert whole.restore(3) == ["003"]
    assert pull(whole, 3) == 200
    assert whole.endpoint(3) == before


def test_a_locked_branch_lives_but_refuses_the_account(whole: RunningBranches):
    whole.fault(3, "locked")
    with pytest.raises(MySQLdb.OperationalError) as refused:
        pull(whole, 3)
    assert refused.value.args[0] == 4151
    whole.restore(3)
    assert pull(whole, 3) == 200


def test_seeding_leaves_a_locked_branch_locked(whole: RunningBranches):
    whole.fault(3, "locked")
    whole.reseed()
    with pytest.raises(MySQLdb.OperationalError, match="locked"):
        pull(whole, 3)


def test_a_hanging_branch_accepts_and_never_answers(whole: RunningBranches):
    whole.fault(3, "hang")
    started = time.monotonic()
    with pytest.raises(MySQLdb.OperationalError):
        pull(whole, 3, connect_timeout=1)
    assert 0.9 < time.monotonic() - started < 5
    whole.restore(3)
    assert pull(whole, 3) == 200


def test_a_link_that_is_open_when_the_hang_begins_hangs_too(whole: RunningBranches):
    with closing(whole.connect(3, read_timeout=1)) as open_link:
        open_link.cursor().execute("SELECT 1")
        whole.fault(3, "hang")
        with pytest.raises(MySQLdb.OperationalError) as lost:
            open_link.cursor().execute("SELECT 1")
    assert lost.value.args[0] == 2013


def test_a_slow_branch_delivers_everything_at_its_rate(whole: RunningBranches):
    quick = time.monotonic()
    pull(whole, 3)
    quick = time.monotonic() - quick
    whole.fault(3, "slow", kbps=400, delay_ms=50)
    started = time.monotonic()
    assert pull(whole, 3) == 200
    slow = time.monotonic() - started
    assert slow > 0.4  # some 20 kB at 50 kB/s
    assert slow > 5 * quick


def test_a_link_is_cut_once_after_so_many_bytes_and_then_is_well(whole: RunningBranches):
    whole.fault(3, "drop-after-bytes", bytes=5_000)
    with pytest.raises(MySQLdb.OperationalError) as lost:
        pull(whole, 3)
    assert lost.value.args[0] == 2013
    assert faults.spent_cuts(whole.settings, "003") == 1
    assert pull(whole, 3) == 200


def test_rows_before_the_cut_reach_a_client_that_streams(whole: RunningBranches):
    whole.fault(3, "drop-after-bytes", bytes=8_000)
    received = 0
    with closing(whole.connect(3)) as connection:
        connection.query("SELECT * FROM pagos")
        result = connection.use_result()
        with pytest.raises(MySQLdb.OperationalError):
            while result.fetch_row(1):
                received += 1
    assert 0 < received < 200


def test_a_cut_can_happen_several_times(whole: RunningBranches):
    whole.fault(3, "drop-after-bytes", bytes=5_000, times=2)
    for _ in range(2):
        with pytest.raises(MySQLdb.OperationalError):
            pull(whole, 3)
    assert pull(whole, 3) == 200


def test_a_cut_is_not_spent_by_a_link_that_stays_below_it(whole: RunningBranches):
    whole.fault(3, "drop-after-bytes", bytes=1_000_000)
    assert pull(whole, 3) == 200
    assert faults.spent_cuts(whole.settings, "003") == 0


def test_a_new_fault_replaces_the_old_one_and_restore_mends_all(whole: RunningBranches):
    whole.fault(3, "locked")
    whole.fault(3, "offline")
    whole.fault(4, "hang")
    with pytest.raises(MySQLdb.OperationalError) as refused:
        pull(whole, 3)
    assert refused.value.args[0] == 2002
    assert whole.restore() == ["003", "004"]
    assert pull(whole, 3) == pull(whole, 4) == 200
    assert faults.current(whole.settings) == {}


def test_an_unknown_branch_or_kind_is_refused(whole: RunningBranches):
    with pytest.raises(UnknownBranch, match="branch 300 does not exist here; known: 001 to 014"):
        whole.fault(300, "offline")
    with pytest.raises(ValueError, match="flooded"):
        whole.fault(3, "flooded")
    assert faults.current(whole.settings) == {}
