"""Links that are thin, cut, silent or long gone, against a real MariaDB: what a branch and the others notice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import MySQLdb
import pytest

from local.branches.testing import RunningBranches, running_branches
from podemos.branches.link import Link, Trouble, trouble_of
from podemos.branches.state import Position, Watermark
from podemos.contracts.branches import Branch
from podemos.core.clock import system_clock

from .crash import Fuse, FusedState, FusedStore, Killed
from .landed import parts, prints, rows, said, winners
from .puller import Counting, Puller, execute

BIG, AWAY = "004", "005"
BIG_ROWS, AWAY_HOURS = 15_000, 720
BRIEF = {"statement_seconds": 1, "link_pause_seconds": 0.05}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBranches]:
    """Branch 004 has 5 MB of payments; 005 took one payment an hour during the last thirty days."""
    with running_branches(tmp_path_factory.mktemp("branches"), branches=5, rows=60) as running:
        execute(
            running,
            BIG,
            "INSERT INTO pagos SELECT 1000000 + seq, 1, 1, 1.00, '2026-11-01', 'PAGADO', REPEAT('x', 256),"
            f" '2026-11-01' + INTERVAL seq MICROSECOND FROM seq_1_to_{BIG_ROWS}",
        )
        execute(
            running,
            AWAY,
            "INSERT INTO pagos SELECT 1000000 + seq, 1, 1, 1.00, NOW() - INTERVAL seq HOUR, 'PAGADO', NULL,"
            f" NOW(6) - INTERVAL seq HOUR FROM seq_1_to_{AWAY_HOURS}",
        )
        yield running


def equal(puller: Puller, branch: str) -> bool:
    return all(
        prints(puller.lake, table, branch) == said(puller.lake, table, branch) for table in ("pagos", "clientes")
    )


# --- thin ------------------------------------------------------------------------------------------------------------


def test_a_pull_reads_no_faster_than_its_branchs_budget_and_never_meets_the_statement_limit(puller: Puller) -> None:
    started = time.monotonic()
    assert puller.states(BIG, statement_seconds=1, max_kbps=24_000) == {BIG: "pulled"}
    took = time.monotonic() - started
    payload = sum(sum(len(str(value)) for value in row.values() if value is not None)
                  for part in parts(puller.lake, "pagos", BIG) for row in rows(puller.lake, part))  # fmt: skip
    assert took >= 0.8 * payload / 3_000_000
    assert took > 1.2, "longer than the statement limit: no page may wait that long"
    assert len(parts(puller.lake, "pagos", BIG)) > 2
    assert equal(puller, BIG)


def test_a_session_changes_nothing_at_the_branch(sources: RunningBranches) -> None:
    with closing(sources.root("001")) as root:
        link = Link(root, 5)
        with pytest.raises(MySQLdb.Error) as refused:
            list(link.rows("DELETE FROM pagos"))
        assert refused.value.args[0] == 1792, "cannot execute statement in a READ ONLY transaction"


def test_a_statement_over_its_limit_is_ended_by_the_server(sources: RunningBranches) -> None:
    started = time.monotonic()
    with closing(sources.root(BIG)) as root:
        link = Link(root, 1)
        with pytest.raises(MySQLdb.Error) as ended:
            list(link.rows("SELECT COUNT(*) FROM pagos a, pagos b WHERE a.monto + b.monto < 0"))
    assert trouble_of(ended.value) is Trouble.TIMEOUT
    assert time.monotonic() - started < 3


# --- silent ----------------------------------------------------------------------------------------------------------


class Silent(Counting):
    """A connection whose link hangs when a packet that holds `marker` was sent; an empty one: before the first."""

    def __init__(self, inner: Any, marker: bytes, hang: Any) -> None:
        super().__init__(inner)
        self.__dict__.update(marker=marker, hang=hang)

    def send_query(self, packet: bytes) -> None:
        if self.marker == b"":
            self.hang()
        super().send_query(packet)
        if self.marker and self.marker in packet:
            self.hang()


@pytest.mark.parametrize("stage", ["connect", "session", "snapshot", "page"])
def test_a_hang_at_any_stage_is_a_timeout_and_frees_its_slot(puller: Puller, stage: str) -> None:
    marker = {"session": b"", "snapshot": b"NOW(6)", "page": b"FROM `pagos`"}

    turns: list[str] = []

    def connect(branch: Branch) -> Any:
        turns.append(branch.id)
        if branch.id != BIG:
            return puller.sources.connect(branch.id, connect_timeout=1)
        if stage == "connect":
            puller.sources.fault(BIG, "hang")
        connection = puller.sources.connect(BIG, connect_timeout=1, read_timeout=1)
        return Silent(connection, marker[stage], lambda: puller.sources.fault(BIG, "hang"))

    puller.connect = connect  # type: ignore[method-assign]
    started = time.monotonic()
    assert puller.states(f"{BIG},001", threads=1, **BRIEF) == {BIG: "timeout", "001": "pulled"}
    assert time.monotonic() - started < 4
    assert turns == [BIG, "001"], "a link that hangs is not opened again in the same run"
    assert parts(puller.lake, "pagos", BIG) == []


# --- cut -------------------------------------------------------------------------------------------------------------


def test_a_lost_link_is_opened_again_behind_the_other_branches(puller: Puller) -> None:
    asked: list[str] = []
    real = puller.connect

    def connect(branch: Branch) -> Any:
        asked.append(branch.id)
        return real(branch)

    puller.connect = connect  # type: ignore[method-assign]
    puller.sources.fault("001", "drop-after-bytes", bytes=4_000, times=1)
    assert set(puller.states("001,002,003", threads=1, **BRIEF).values()) == {"pulled"}
    assert asked == ["001", "002", "003", "001"]
    assert equal(puller, "001")


def test_a_link_that_stays_lost_is_given_up_after_its_attempts(puller: Puller) -> None:
    puller.sources.fault("001", "drop-after-bytes", bytes=4_000, times=99)
    assert puller.states("001", link_attempts=3, **BRIEF) == {"001": "offline"}
    assert len(puller.connections) == 3
    done = {part.table for part in parts(puller.lake, branch="001") if part.final}
    assert len(parts(puller.lake, branch="001")) >= len(done), "what was landed stays"


@pytest.mark.parametrize("fault", ["hang", "locked"])
def test_a_branch_that_hangs_or_refuses_is_asked_once(puller: Puller, fault: str) -> None:
    puller.sources.fault("001", fault)
    asked: list[str] = []
    puller.connect = lambda branch: (  # type: ignore[method-assign,assignment]
        asked.append(branch.id), puller.sources.connect(branch.id, connect_timeout=1))[1]  # fmt: skip
    puller.states("001", **BRIEF)
    assert asked == ["001"]


def test_a_poisoned_a_hanging_and_a_drifting_branch_delay_the_others_by_no_task(
    puller: Puller, sources: RunningBranches
) -> None:
    execute(sources, "001", "ALTER TABLE clientes RENAME COLUMN nombre TO apodo")
    sources.fault("002", "hang")
    execute(sources, "003", "ALTER TABLE pagos MODIFY id_pago BIGINT UNSIGNED NOT NULL",
            "INSERT INTO pagos VALUES (18446744073709551615, 1, 1, 1.00, NOW(), 'PAGADO', NULL, NOW(6))")  # fmt: skip
    turns: list[str] = []

    def connect(branch: Branch) -> Any:
        turns.append(branch.id)
        return sources.connect(branch.id, connect_timeout=1)

    puller.connect = connect  # type: ignore[method-assign]
    try:
        found = puller.states("001,002,003,004,005", threads=1, **BRIEF | {"statement_seconds": 60})
    finally:
        execute(sources, "001", "ALTER TABLE clientes RENAME COLUMN apodo TO nombre")
        execute(sources, "003", "DELETE FROM pagos WHERE id_pago = 18446744073709551615",
                "ALTER TABLE pagos MODIFY id_pago BIGINT NOT NULL")  # fmt: skip
    assert found == {"001": "drift", "002": "timeout", "003": "faulty", "004": "pulled", "005": "pulled"}
    assert turns == ["001", "002", "003", "004", "005"], "one batch, one task, each branch had its turn once"
    assert equal(puller, "004") and equal(puller, "005")


# --- gone for thirty days --------------------------------------------------------------------------------------------


def away(puller: Puller) -> None:
    """The branch's last snapshot is thirty-one days old."""
    back = system_clock() - timedelta(days=31)
    mark = Watermark(Position(back.strftime("%Y-%m-%d %H:%M:%S.%f")), back)
    assert puller.state.restore("pagos", AWAY, 10, mark)


def test_the_newest_business_days_are_landed_before_the_gap_and_proven_by_their_snapshot(puller: Puller) -> None:
    away(puller)
    assert puller.states(AWAY, page_rows=100) == {AWAY: "pulled"}
    found = parts(puller.lake, "pagos", AWAY)
    kinds = ["ahead" if part.range else "page" for part in found]
    assert kinds[0] == "page", "each run moves the watermark"
    last = len(kinds) - kinds[::-1].index("ahead")
    assert set(kinds[1:last]) == {"ahead"} and set(kinds[last:]) == {"page"}
    ahead = found[1:last]
    days = [part.range.day for part in ahead if part.range]
    assert days == sorted(days, reverse=True) and len(set(days)) == 3
    proof = ahead[-1]
    assert proof.since is not None and proof.since.isoformat() == min(days)
    landed = [row["fecha_pago"][:10] for part in ahead for row in rows(puller.lake, part)]
    assert {day: landed.count(day) for day in set(days)} == {day: proof.fingerprints[day].count for day in set(days)}
    assert not any(part.range.complete for part in ahead if part.range), "what is missing from them is not deleted"
    assert equal(puller, AWAY)


def test_a_first_load_brings_the_newest_days_early_and_gets_its_time_in_a_run(puller: Puller) -> None:
    ticks = iter(system_clock() + timedelta(seconds=n) for n in range(100_000))
    puller.clock = lambda: next(ticks)
    told = puller(AWAY, page_rows=200, behind_seconds=1)["branches"][0]
    assert (told["state"], "first load is landed up to key" in told["message"]) == ("behind", True)
    assert {1_000_000 + hours for hours in range(1, 30)} <= winners(puller.lake, "pagos", AWAY).keys()
    seen = []
    while puller.states(AWAY, page_rows=200, behind_seconds=1)[AWAY] == "behind":
        loading = puller.state.watermarks()["pagos", AWAY].loading
        assert loading is not None
        seen.append(int(loading.key[0]))
    assert len(seen) >= 2 and seen == sorted(set(seen)), "every run went on"
    assert equal(puller, AWAY)


def test_a_gap_gets_its_time_in_a_run_and_the_next_run_goes_on(puller: Puller) -> None:
    away(puller)
    ticks = iter(system_clock() + timedelta(seconds=n) for n in range(100_000))
    puller.clock = lambda: next(ticks)
    seen = []
    while (state := puller.states(AWAY, page_rows=200, behind_seconds=1)[AWAY]) == "behind":
        seen.append(puller.state.watermarks()["pagos", AWAY].position.cursor)
        newest = {row["id_pago"] for row in winners(puller.lake, "pagos", AWAY).values()}
        assert 1_000_001 in newest, "the newest row is there after the first run"
    assert state == "pulled"
    assert len(seen) >= 2 and seen == sorted(set(seen)), "every run moved the watermark"
    assert equal(puller, AWAY)


@pytest.mark.parametrize("at", range(8, 44, 3))
def test_a_catch_up_that_dies_at_any_write_loses_and_doubles_nothing(puller: Puller, at: int) -> None:
    away(puller)
    fuse = Fuse(at, after=at % 2 == 0)
    try:
        puller(AWAY, FusedStore(fuse, puller.lake), FusedState(fuse, puller.state), page_rows=200)
    except Killed:
        assert fuse.burnt
    assert puller.states(AWAY, page_rows=200) == {AWAY: "pulled"}
    assert equal(puller, AWAY)
