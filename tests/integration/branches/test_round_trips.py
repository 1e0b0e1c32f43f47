"""What a small branch costs in round trips, counted by a proxy from the SYN to the farewell, and packets that fail."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import MySQLdb
import pytest

from local.branches.settings import is_free
from local.branches.testing import RunningBranches
from podemos.branches import opening
from podemos.branches.link import Link, Trouble, trouble_of
from podemos.contracts.branches import Branch

from .puller import Puller, execute


@pytest.fixture(scope="module", autouse=True)
def as_it_was(sources: RunningBranches) -> Iterator[None]:
    """Other tests share the branches."""
    yield
    sources.reseed()


@contextmanager
def counted(sources: RunningBranches, folder: Path, turns: list[int]) -> Iterator[Any]:
    """Connections through the bench's proxy, without a delay; `turns` holds each link's round trips afterwards."""
    port = next(port for port in range(sources.settings.port + 150, sources.settings.port + 200) if is_free(port))
    command = [sys.executable, "-m", "bench.branches.delay", str(port), str(sources.settings.port), "0"]
    proxy = subprocess.Popen([*command, str(folder / "turns.json")])
    while is_free(port):
        time.sleep(0.02)

    def connect(branch: Branch) -> Any:
        end = sources.endpoint(branch.id)
        return opening.connect(host=end.host, port=port, user=end.user, passwd=end.password, db=end.schema)

    try:
        yield connect
    finally:
        proxy.send_signal(signal.SIGTERM)
        proxy.wait(10)
    turns += json.loads((folder / "turns.json").read_text())[-2:]  # those before are of the look whether it listens


def test_a_nights_pull_of_a_small_branch_is_five_round_trips_with_connect_and_close(
    puller: Puller, sources: RunningBranches, tmp_path: Path
) -> None:
    turns: list[int] = []
    with counted(sources, tmp_path, turns) as connect:
        puller.connect = connect
        assert puller.states("001") == {"001": "pulled"}
        assert puller.states("001") == {"001": "pulled"}
    first, nightly = turns
    assert nightly == 5, "TCP; login; session and clock; snapshot, three pages and their control totals; farewell"
    assert first == 4 + 2 * 3, "in a first load a table's control totals are asked for when its page was short"


def test_a_nights_pull_that_looks_at_transactions_is_five_round_trips_too(
    puller: Puller, sources: RunningBranches, tmp_path: Path
) -> None:
    turns: list[int] = []
    execute(sources, "001", "GRANT PROCESS ON *.* TO sucursal_001@'%'")
    try:
        with counted(sources, tmp_path, turns) as connect:
            puller.connect = connect
            puller.states("001", hold_back="transactions")
            time.sleep(0.2)
            puller.states("001", hold_back="transactions")
    finally:
        execute(sources, "001", "REVOKE PROCESS ON *.* FROM sucursal_001@'%'")
    assert turns[1] == 5


def test_a_table_that_drifted_in_the_middle_of_a_packet_stops_that_table_alone(
    puller: Puller, sources: RunningBranches
) -> None:
    puller("001")
    execute(sources, "001", "ALTER TABLE prestamos RENAME COLUMN estado TO situacion",
            "UPDATE pagos SET monto = monto + 0.01, updated_at = NOW(6) WHERE id_pago = 5")  # fmt: skip
    try:
        (found,) = puller("001")["branches"]
    finally:
        execute(sources, "001", "ALTER TABLE prestamos RENAME COLUMN situacion TO estado")
    assert found["tables"] == {"clientes": "pulled", "prestamos": "drift", "pagos": "pulled"}
    assert found["rows"] >= 1


@pytest.fixture
def link(sources: RunningBranches) -> Iterator[Link]:
    end = sources.endpoint("001")
    settings = {"host": end.host, "port": sources.settings.port, "user": end.user, "passwd": end.password}
    with closing(opening.connect(**settings, db=end.schema)) as connection:
        yield Link(connection, 1)


def answer(link: Link, sql: str) -> list[Any]:
    return [row for block in link.rows(sql) for row in block]


HEAVY = "SELECT COUNT(*) FROM seq_1_to_100000 a, seq_1_to_100000 b WHERE a.seq + b.seq < 0"


def test_the_time_limit_holds_for_each_statement_of_a_packet(link: Link) -> None:
    slow = ["SELECT SLEEP(0.7)", "SELECT SLEEP(0.6)"]
    link.ahead(*slow, HEAVY, "SELECT 3")
    assert [answer(link, sql) for sql in slow] == [[(b"0",)], [(b"0",)]], "each within its own second"
    with pytest.raises(MySQLdb.Error) as ended:
        answer(link, HEAVY)
    assert trouble_of(ended.value) is Trouble.TIMEOUT
    assert answer(link, "SELECT 3") == [(b"3",)], "what was behind it is sent again"


def test_nothing_runs_before_the_session_is_read_only(link: Link) -> None:
    link.ahead("DELETE FROM pagos", "SELECT 1")
    with pytest.raises(MySQLdb.Error) as refused:
        answer(link, "DELETE FROM pagos")
    assert refused.value.args[0] in (1792, 1142), "a read-only transaction, or no right"
    assert answer(link, "SELECT @@tx_read_only, @@max_statement_time") == [(b"1", b"1.000000")]


def test_what_nobody_asks_for_is_dropped_and_a_result_left_in_the_middle_too(link: Link) -> None:
    link.ahead("SELECT seq FROM seq_1_to_50000", "SELECT 1", "SELECT nothing", "SELECT 2")
    assert len(next(link.rows("SELECT seq FROM seq_1_to_50000"))) < 50_000
    assert answer(link, "SELECT 2") == [(b"2",)], "one failed before it, so it was not run, and is sent again"
    link.ahead("SELECT 5", "SELECT 6")
    assert answer(link, "SELECT 6") == [(b"6",)]
    assert answer(link, "SELECT 7") == [(b"7",)]
