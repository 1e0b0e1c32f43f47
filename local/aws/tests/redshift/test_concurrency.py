"""Snapshots, locks and what a missing mutex does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pyarrow as pa
import pytest

from local.aws.redshift.errors import RedshiftError
from local.aws.redshift.locks import LockTable, Mode
from local.aws.redshift.session import Control, Result, Session
from local.aws.tests.redshift.client import ROLE, Client

LOAD = (
    "DELETE FROM staging.p",
    f"COPY staging.p FROM 's3://lake/concurrency/p' {ROLE} FORMAT AS PARQUET",
    "DELETE FROM staging.p USING core.p c WHERE c.id = staging.p.id AND c.seq >= staging.p.seq",
    "MERGE INTO core.p USING staging.p AS s ON core.p.id = s.id WHEN MATCHED THEN UPDATE SET seq = s.seq "
    "WHEN NOT MATCHED THEN INSERT (id, seq) VALUES (s.id, s.seq)",
)
MUTEX = "LOCK ops.writer_p"


@pytest.fixture(autouse=True)
def tables(client: Client, put_parquet: Callable[[str, pa.Table], str]) -> Iterator[None]:
    for schema in ("core", "staging", "ops"):
        client.run(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        client.run(f"DROP TABLE IF EXISTS {schema}.p")
    client.run("CREATE TABLE core.p (id BIGINT NOT NULL, seq BIGINT, PRIMARY KEY (id))")
    client.run("CREATE TABLE staging.p (LIKE core.p)")
    client.run("CREATE TABLE IF NOT EXISTS ops.writer_p (x INT)")
    put_parquet(
        "concurrency/p.parquet",
        pa.table({"id": pa.array(range(10), pa.int64()), "seq": pa.array([1] * 10, pa.int64())}),
    )
    yield


class Hand:
    """A session driven statement by statement."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.session: Session = client.warehouse.session("analytics")
        self.session.in_batch = True

    def run(self, sql: str, **values: str) -> Result:
        self.session.start(Control())
        return self._client.warehouse.run(self.session, sql, values)

    def close(self) -> None:
        self.session.rollback()
        self.session.cursor.close()


@pytest.fixture
def hands(client: Client) -> Iterator[Callable[[], Hand]]:
    made: list[Hand] = []

    def new() -> Hand:
        made.append(Hand(client))
        return made[-1]

    yield new
    for hand in made:
        hand.close()


def _two_loads(client: Client, gate: Hand, batch: tuple[str, ...]) -> list[list[str | None]]:
    """Two sends of one batch that both have started before either commits."""
    gate.run("LOCK staging.p")
    first, second = client.start(*batch), client.start(*batch)
    time.sleep(0.5)  # both are at their first wait: with the mutex, the second one has no snapshot yet
    assert not first.done.is_set()
    assert not second.done.is_set()
    gate.session.commit()
    for load in (first, second):
        assert client.wait(load).head.status == "FINISHED", load.head.error
    return client.run("SELECT count(*), count(DISTINCT id) FROM core.p")


def test_two_loads_without_the_mutex_double_the_rows(client: Client, hands: Callable[[], Hand]) -> None:
    assert _two_loads(client, hands(), LOAD) == [["20", "10"]]


def test_two_loads_with_the_mutex_insert_each_row_once(client: Client, hands: Callable[[], Hand]) -> None:
    assert _two_loads(client, hands(), (MUTEX, *LOAD)) == [["10", "10"]]


def test_a_lock_takes_no_snapshot(client: Client, hands: Callable[[], Hand]) -> None:
    one = hands()
    one.run("LOCK ops.writer_p")
    client.run("INSERT INTO core.p VALUES (1, 1)")
    assert one.run("SELECT count(*) FROM core.p").rows == [(1,)]
    client.run("INSERT INTO core.p VALUES (2, 1)")
    assert one.run("SELECT count(*) FROM core.p").rows == [(1,)], "the snapshot is the first SELECT's"


def test_readers_do_not_wait_for_a_writer(client: Client, hands: Callable[[], Hand]) -> None:
    writer = hands()
    writer.run("INSERT INTO core.p VALUES (1, 1)")
    started = time.monotonic()
    assert client.run("SELECT count(*) FROM core.p") == [["0"]]
    assert time.monotonic() - started < 2


def test_readers_of_a_locked_table_wait_and_those_of_others_do_not(client: Client, hands: Callable[[], Hand]) -> None:
    holder = hands()
    holder.run("LOCK core.p")
    waiting = client.start("SELECT count(*) FROM core.p")
    assert client.run("SELECT count(*) FROM staging.p") == [["0"]]
    assert not waiting.done.wait(0.3)
    holder.session.commit()
    assert client.wait(waiting).head.status == "FINISHED"


def test_two_writers_of_a_table_take_turns(client: Client, hands: Callable[[], Hand]) -> None:
    first = hands()
    first.run("INSERT INTO core.p VALUES (1, 1)")
    second = client.start("INSERT INTO core.p VALUES (2, 1)")
    assert not second.done.wait(0.3)
    first.session.commit()
    assert client.wait(second).head.status == "FINISHED"


def test_two_changes_of_a_row_conflict(client: Client, hands: Callable[[], Hand]) -> None:
    client.run("INSERT INTO core.p VALUES (1, 1)")
    one, two = hands(), hands()
    two.run("SELECT count(*) FROM staging.p")  # its snapshot
    one.run("UPDATE core.p SET seq = 2 WHERE id = 1")
    one.session.commit()
    with pytest.raises(RedshiftError, match="1023"):
        two.run("UPDATE core.p SET seq = 3 WHERE id = 1")


def test_statement_timeout_ends_a_waiting_lock(client: Client, hands: Callable[[], Hand]) -> None:
    hands().run("LOCK ops.writer_p")
    started = time.monotonic()
    error = client.fails("SET statement_timeout TO 300", "LOCK ops.writer_p")
    assert "statement timeout" in error
    assert time.monotonic() - started < 3


def test_statement_timeout_ends_a_running_query(client: Client) -> None:
    series = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 100000000) SELECT max(n) FROM r"
    assert "statement timeout" in client.fails("SET statement_timeout TO 300", series)


def test_a_waiting_lock_can_be_cancelled(client: Client, hands: Callable[[], Hand]) -> None:
    hands().run("LOCK ops.writer_p")
    waiting = client.start("LOCK ops.writer_p", "SELECT 1")
    time.sleep(0.2)
    assert client.executions.cancel(waiting.head.id)
    assert waiting.head.status == "ABORTED"
    assert [part.status for part in waiting.parts] == ["ABORTED", "ABORTED"]


def test_a_running_query_can_be_cancelled_and_leaves_nothing(client: Client) -> None:
    series = (
        "INSERT INTO core.p WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 100000000) "
        "SELECT n, n FROM r"
    )
    running = client.start("INSERT INTO core.p VALUES (1, 1)", series)
    time.sleep(0.5)
    assert client.executions.cancel(running.head.id)
    assert client.run("SELECT count(*) FROM core.p") == [["0"]]


def test_what_is_cancelled_is_aborted_however_often_it_is_interrupted(client: Client) -> None:
    client.run("INSERT INTO core.p VALUES (1, 1)")
    series = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 100000000) SELECT max(n) FROM r"
    for _ in range(8):
        running = client.start("DELETE FROM core.p", series)
        time.sleep(0.05)
        assert client.executions.cancel(running.head.id)
        assert (running.head.status, running.head.error) == ("ABORTED", "ERROR: Query cancelled on user's request")
    assert client.run("SELECT count(*) FROM core.p") == [["1"]]


def test_truncate_commits_and_frees_the_locks(client: Client, hands: Callable[[], Hand]) -> None:
    client.run("INSERT INTO core.p VALUES (1, 1)")
    one = hands()
    one.run("LOCK ops.writer_p")
    one.run("INSERT INTO staging.p VALUES (5, 5)")
    one.run("TRUNCATE core.p")
    assert client.run("LOCK ops.writer_p", "SELECT count(*) FROM staging.p") == [["1"]]
    one.session.rollback()
    assert client.run("SELECT (SELECT count(*) FROM core.p), (SELECT count(*) FROM staging.p)") == [["0", "1"]]


def test_create_table_if_not_exists_does_not_race(client: Client) -> None:
    client.run("DROP TABLE IF EXISTS core.raced")
    started = [client.start("CREATE TABLE IF NOT EXISTS core.raced (a INT)") for _ in range(8)]
    assert [client.wait(s).head.error for s in started] == [None] * 8


def test_a_deadlock_is_detected(client: Client, hands: Callable[[], Hand]) -> None:
    one = hands()
    one.run("LOCK core.p")
    other = client.start("LOCK staging.p", "SELECT 1", "LOCK core.p")
    time.sleep(0.3)
    with pytest.raises(RedshiftError, match="deadlock"):
        one.run("LOCK staging.p")
    one.session.rollback()
    assert client.wait(other).head.status == "FINISHED"


def test_locks_are_granted_in_order() -> None:
    locks, got = LockTable(), []
    locks.acquire("holder", "t", Mode.READ, deadline=None, cancelled=lambda: False)

    def take(name: str, mode: Mode) -> None:
        locks.acquire(name, "t", mode, deadline=None, cancelled=lambda: False)
        got.append(name)
        locks.release(name)

    threads = []
    for name, mode in (("exclusive", Mode.EXCLUSIVE), ("late reader", Mode.READ)):
        threads.append(threading.Thread(target=take, args=(name, mode)))
        threads[-1].start()
        time.sleep(0.1)
    assert got == [], "a reader does not overtake a waiting exclusive lock"
    locks.release("holder")
    for thread in threads:
        thread.join(5)
    assert got == ["exclusive", "late reader"]
