"""The hold-back by transactions, with no lag at all, while other sessions write: nothing is lost, nothing needs a lag.

The server's OS zone, its global zone and the sessions' zone all differ.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest

from podemos.branches import branch_pull, chunk, horizon, query
from podemos.branches.branch_pull import BranchPull
from podemos.branches.landing import Part
from podemos.branches.link import Link
from podemos.core.clock import system_clock

from .bare import Bare, bare
from .shop import PAY, Shop


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bare]:
    with bare(tmp_path_factory.mktemp("tienda")) as running:
        yield running


QUIET = (2, 3, 4)
"""The margin, and the age of the pull's own transaction in whole seconds."""


@pytest.fixture
def shop(server: Bare) -> Iterator[Shop]:
    found = Shop(server)
    yield found
    for thread in found.busy:
        thread.join(timeout=30)
    for connection in found.open:
        connection.close()


def hold(pull: BranchPull) -> Any:
    (part, *_) = [part for _, part in pull.landed]
    assert part.hold_back is not None
    assert Part.from_dict(part.to_dict()) == part
    return part.hold_back


def test_a_row_of_a_transaction_that_commits_after_the_snapshot_is_landed_exactly_once_by_the_next_pull(
    shop: Shop,
) -> None:
    late = shop.till(PAY.format(1))
    time.sleep(3)  # longer than the margin
    shop.till(PAY.format(2), commit=True)
    first = shop.pull()
    assert shop.landed(first) == [2]
    assert 5 <= hold(first).seconds <= 9
    late.commit()
    time.sleep(3)
    second = shop.pull()
    assert 1 in shop.landed(second)
    assert shop.pull().landed[-1][1].chunk is None, "both lie below the watermark now"


def test_without_writers_only_the_margin_is_held_back(shop: Shop) -> None:
    shop.till(PAY.format(1), commit=True)
    pull = shop.pull()
    assert (hold(pull).mode, hold(pull).alerts) == ("transactions", ())
    assert hold(pull).seconds in QUIET


def test_transactions_that_only_read_or_idle_are_ignored(shop: Shop) -> None:
    shop.till(PAY.format(1), commit=True)
    shop.till("START TRANSACTION", "SELECT * FROM pagos")
    shop.till("SELECT COUNT(*) FROM pagos FOR UPDATE")
    running = shop.till()
    shop.meanwhile(running.query, "  ( SELECT SLEEP(4.5))")
    time.sleep(3)
    assert hold(shop.pull()).seconds in QUIET


def test_a_statement_that_runs_before_innodb_knows_its_transaction_holds(shop: Shop) -> None:
    """Its cursor is taken when the statement begins; InnoDB sees the transaction three seconds later."""
    running = shop.till("DO 0")
    waiting = "INSERT INTO pagos SELECT 7, 1, 1, 7, NOW(), 'PAGADO', NULL, NOW(6) FROM (SELECT SLEEP(4)) AS espera"
    insert = shop.meanwhile(running.query, waiting)
    time.sleep(3)
    shop.till(PAY.format(8), commit=True)
    first = shop.pull()
    assert shop.landed(first) == [8]
    assert hold(first).seconds >= 5 - 1  # TIME is whole seconds; the margin covers it
    insert.join()
    running.commit()
    assert 7 in shop.landed(shop.pull())


def test_a_transaction_that_is_open_too_long_stops_holding_and_is_named(shop: Shop) -> None:
    shop.till(PAY.format(1))
    time.sleep(2)
    shop.till(PAY.format(2), commit=True)
    pull = shop.pull(max_open_trx_seconds=1)
    assert hold(pull).seconds in QUIET
    (alert,) = pull.outcome()["hold_back"]["alerts"]
    assert "transaction of connection" in alert
    assert "end it at the branch" in alert


def test_without_the_process_privilege_the_stated_lag_holds_and_says_so(shop: Shop) -> None:
    late = shop.till(PAY.format(1))
    time.sleep(1)
    shop.till(PAY.format(2), commit=True)
    pull = shop.pull("lector", lag_seconds=60)
    assert (hold(pull).mode, hold(pull).seconds) == ("lag", 60)
    assert "PROCESS" in hold(pull).alerts[0]
    late.commit()
    assert shop.landed(shop.pull("lector", lag_seconds=60)) == [1, 2]


def test_a_replica_is_not_asked_for_transactions(shop: Shop) -> None:
    shop.server.run("SET GLOBAL read_only = 1")
    try:
        pull = shop.pull(lag_seconds=30)
    finally:
        shop.server.run("SET GLOBAL read_only = 0")
    assert (hold(pull).mode, hold(pull).seconds) == ("lag", 30)
    assert "replica" in hold(pull).alerts[0]


def test_the_bound_is_in_the_sessions_zone(shop: Shop) -> None:
    shop.till(PAY.format(1), commit=True)
    ((_, part),) = shop.pull().landed
    away = system_clock().replace(tzinfo=None) - timedelta(hours=8) - datetime.fromisoformat(part.bound)
    assert timedelta(0) <= away < timedelta(seconds=20)


def test_statements_are_read_before_transactions(shop: Shop) -> None:
    """`horizon` proves itself by this order: what begins while statements are read is among the transactions."""
    with closing(shop.server.connect("vigia")) as connection:
        link = Link(connection, 60)
        sql = query.writers(1800).replace("ID <> CONNECTION_ID() AND", "").replace("NOT REGEXP", "REGEXP")
        sql = sql.replace("ID, TIME, TIME, ''", "ID, TIME, SLEEP(1), ''")  # for this very statement
        started = threading.Timer(0.5, lambda: shop.till(PAY.format(1)))
        started.start()
        found = [row[0] for block in link.rows(sql) for row in block]
        started.join()
    assert found == [b"clock", b"statement", b"transaction"], "our own was not begun here"


def test_a_copy_of_the_transactions_that_others_keep_old_is_not_believed(shop: Shop) -> None:
    """INNODB_TRX is not renewed while somebody reads it more often than every 100 ms."""
    ended = threading.Event()

    def stare() -> None:
        with closing(shop.server.connect("vigia")) as connection:
            cursor = connection.cursor()
            while not ended.is_set():
                cursor.execute("SELECT COUNT(*) FROM information_schema.INNODB_TRX")

    shop.meanwhile(stare)
    time.sleep(0.5)
    shop.till(PAY.format(1))
    time.sleep(3)
    pull = shop.pull(lag_seconds=60)
    ended.set()
    assert (hold(pull).mode, hold(pull).seconds) == ("lag", 60)
    assert "stays old" in hold(pull).alerts[0]
    time.sleep(0.2)
    assert hold(shop.pull(lag_seconds=60)).mode == "transactions"


def lose(shop: Shop, pull: Callable[[], BranchPull]) -> set[int]:
    """Keys that two pulls around a late commit did not land."""
    late = shop.till(PAY.format(1))
    time.sleep(2.5)
    shop.till(PAY.format(2), commit=True)
    time.sleep(2.5)
    first = pull()
    late.commit()
    return {1, 2} - set(shop.landed(first)) - set(shop.landed(pull()))


def test_a_bound_that_is_not_held_back_loses_the_row(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The protection removed: the tests above can fail."""
    assert lose(shop, shop.pull) == set()
    shop = Shop(shop.server)
    monkeypatch.setattr(horizon, "held", lambda writers, limit: (0, ()))
    assert lose(shop, shop.pull) == {1}


def test_looking_inside_the_snapshot_loses_what_commits_in_between(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order reversed: the transaction is invisible to the snapshot and gone from INNODB_TRX."""
    reading = branch_pull.horizon.read
    late: list[Any] = []

    def commits_first(*args: Any) -> horizon.Horizon:
        if late:
            late.pop().commit()
        return reading(*args)

    def inside(link: Link, *args: Any) -> horizon.Horizon:
        link.open_snapshot()
        monkeypatch.setattr(Link, "open_snapshot", lambda *_: None)
        return commits_first(link, *args)

    def pulled(read: Any) -> set[int]:
        late.append(shop.till(PAY.format(1)))
        time.sleep(2.5)
        shop.till(PAY.format(2), commit=True)
        time.sleep(2.5)
        monkeypatch.setattr(branch_pull.horizon, "read", read)
        first = shop.pull()
        monkeypatch.undo()
        return set(shop.landed(first)) | set(shop.landed(shop.pull()))

    assert pulled(commits_first) == {1, 2}
    shop = Shop(shop.server)
    assert pulled(inside) == {2}


WRITERS, SECONDS, SEED = 4, 12, 20261119


def write(shop: Shop, number: int, until: float, rng: random.Random) -> None:
    """Transactions of up to five seconds that insert, edit and sometimes roll back; all cursors are the server's."""
    connection, key = shop.till(), 1000 * number
    while time.monotonic() < until:
        for _ in range(rng.randrange(1, 4)):
            key += 1
            connection.query(PAY.format(key))
            connection.query(
                f"UPDATE pagos SET monto = monto + 0.01 WHERE id_pago = {rng.randrange(1000 * number, key)}"
            )
            time.sleep(rng.choice([0.0, 0.1, 1.5]))
        connection.rollback() if rng.random() < 0.2 else connection.commit()


@pytest.mark.timeout(90)
def test_nothing_is_lost_while_transactions_of_all_lengths_commit_around_the_snapshots(shop: Shop) -> None:
    rng, until = random.Random(SEED), time.monotonic() + SECONDS
    writers = [
        shop.meanwhile(write, shop, number, until, random.Random(rng.random())) for number in range(1, WRITERS + 1)
    ]
    found: dict[int, Any] = {}
    pulls = 0
    while True:
        last = not any(writer.is_alive() for writer in writers)  # asked before the pull: it sees what they committed
        for _, part in shop.pull().landed:
            if part.chunk:
                for row in chunk.read(shop.lake.get(part.chunk.key)).to_pylist():
                    found[row["id_pago"]] = row["monto"]
        pulls += 1
        if last:
            break
    with closing(shop.server.connect("vigia")) as connection:
        cursor = connection.cursor()
        cursor.execute("SELECT id_pago, monto FROM pagos")
        assert found == dict(cursor.fetchall())
    assert pulls > 5
    assert len(found) > 20
