"""The two ways of reading a page, from the socket and through the driver, against a real MariaDB: one result."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import MySQLdb
import pytest

from podemos.branches import packets, query, reply
from podemos.branches.chunk import Page, columns_of
from podemos.branches.inspection import look
from podemos.branches.link import Link
from podemos.branches.pace import Pace
from podemos.branches.proposal import Wishes, propose
from podemos.branches.reply import BLOCK, Reply
from podemos.contracts.loading import check
from podemos.contracts.tables import TableContract
from podemos.core.errors import ContractViolation, DataFault
from podemos.core.table import Table

from .bare import Bare, bare

DDL = """CREATE TABLE todo (
    id BIGINT UNSIGNED PRIMARY KEY, n TINYINT, m MEDIUMINT UNSIGNED, z INT(8) ZEROFILL, monto DECIMAL(18,2),
    largo DECIMAL(65,30), f FLOAT, d DOUBLE, dia DATE, hora TIME(3), momento DATETIME(6), sello TIMESTAMP NULL,
    anio YEAR, b BIT(13), e ENUM('', 'ñ', 'b'), s SET('a', 'b'), corto VARCHAR(300), latino VARCHAR(90) CHARSET latin1,
    texto LONGTEXT, octetos VARBINARY(300), bulto BLOB, j JSON)"""
ROWS = r"""INSERT INTO todo SELECT seq * 3689348814741910323, CAST(seq AS SIGNED) - 2, seq, seq, ELT(seq, '-0.01', '9999999999999999.99', NULL, 0, 7),
    ELT(seq, '-0.000000000000000000000000000001', '99999999999999999999999999999999999.999999999999999999999999999999', NULL, 0, 1),
    ELT(seq, 0.1, -1e30, NULL, 0, 1e-30), ELT(seq, 0.1, -1e300, NULL, 0, 1e-300),
    ELT(seq, '0000-00-00', '2026-00-00', NULL, '2026-11-24', '9999-12-31'),
    ELT(seq, '-838:59:59', '838:59:59', NULL, '00:00:00.001', 0),
    ELT(seq, '0000-00-00', '2026-11-24 00:00:00.000001', NULL, '1000-01-01', '9999-12-31 23:59:59.999999'),
    ELT(seq, '2026-11-24 12:00:00', 0, NULL, '2038-01-01', '1971-01-01'), ELT(seq, 0, 1901, NULL, 2155, 2026),
    ELT(seq, 0, 8191, NULL, 1, 13), ELT(seq, '', 'ñ', NULL, 'b', ''), ELT(seq, '', 'a,b', NULL, 'b', 'a'),
    ELT(seq, '', REPEAT('🙂', 300), NULL, 'NULL', CONCAT('a\tb\r\n\\"''', CHAR(0, 8, 26, 30, 31))),
    ELT(seq, '', 'ñandú', NULL, ' ', 'a'), ELT(seq, REPEAT('x', 250), REPEAT('x', 251), NULL, REPEAT('漢', 70000), ''),
    ELT(seq, '', UNHEX('00FF80'), NULL, REPEAT(CHAR(255), 300), 'a'), ELT(seq, '', UNHEX('FFFE'), NULL, REPEAT('b', 65535), 'a'),
    ELT(seq, '{}', '[1, "ñ"]', NULL, 'null', '""') FROM seq_1_to_5"""  # fmt: skip  # noqa: E501


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bare]:
    with bare(tmp_path_factory.mktemp("paquetes")) as running:
        running.run("SET GLOBAL max_allowed_packet = 67108864")
        running.run(DDL, "SET SESSION sql_mode = ''", ROWS, schema="tienda")
        yield running


@pytest.fixture
def link(server: Bare) -> Iterator[Link]:
    with closing(server.connect("lector")) as connection:
        yield Link(connection, 5)


def contract(server: Bare, name: str) -> Table:
    with closing(server.connect("lector")) as connection:
        return check(TableContract, propose(look(connection, name), Wishes()).contract, "proposal").compiled()


def page(table: Table, blocks: Any) -> Page:
    made = Page(table, "001", 7)
    made.extend(blocks)
    return made


def both(link: Link, table: Table, sql: str) -> tuple[Page, Page]:
    return page(table, map(columns_of, link.rows(sql, table))), page(table, link.columns(sql, table))


def select(table: Table) -> str:
    return query.page(table, None, 1_000_000)


class Tape:
    """A connection that answers with the bytes that a server once said, up to a cut, and then ends or falls silent."""

    client_flag = 0

    def __init__(self, said: bytes, *, silent: bool = False) -> None:
        self.ours, self.theirs = socket.socketpair()
        self.theirs.sendall(said)
        if not silent:
            self.theirs.shutdown(socket.SHUT_WR)

    def send_query(self, sql: bytes) -> None:
        """It is known what comes."""

    def fileno(self) -> int:
        return self.ours.fileno()

    def close(self) -> None:
        self.ours.close()
        self.theirs.close()


def said(server: Bare, sql: str) -> bytes:
    """The bytes of a real reply; nothing more comes after its end."""
    heard = b""
    with closing(server.connect("lector")) as connection:
        connection.send_query(sql.encode())
        with socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM) as link:
            link.settimeout(0.2)
            try:
                while True:
                    heard += link.recv(1 << 20)
            except TimeoutError:
                return heard


def heard(tape: Tape, most: int = BLOCK) -> list[tuple[Any, ...]]:
    """All rows of a tape."""
    with closing(tape), Reply(tape, 0.1) as answer:
        answer.described(0)
        rows = []
        while block := answer.block(most):
            rows += list(zip(*(column.to_pylist() for column in block.columns), strict=True))
        return rows


def test_both_ways_give_the_same_table_for_every_type_and_odd_value(server: Bare, link: Link) -> None:
    table = contract(server, "todo")
    driver, socket_ = both(link, table, select(table))
    assert driver.rows == 5
    assert socket_.table_data().equals(driver.table_data())
    assert socket_.last == driver.last
    texts = socket_.table_data().to_pylist()
    assert [row["corto"] for row in texts][:2] == ["", "🙂" * 300] and texts[2]["corto"] is None
    assert texts[3]["texto"] == "漢" * 70_000


@pytest.mark.parametrize("rows", [0, 1, 255, 256, 70_000])
def test_both_ways_give_the_same_rows_however_many(server: Bare, link: Link, rows: int) -> None:
    server.run(
        "CREATE OR REPLACE TABLE muchos (id INT PRIMARY KEY, monto DECIMAL(18,2), t VARCHAR(300))",
        f"INSERT INTO muchos SELECT seq, IF(seq % 7, seq / 100, NULL), REPEAT('x', seq % 300) FROM seq_1_to_70000 "
        f"LIMIT {rows}",
        schema="tienda",
    )
    table = contract(server, "muchos")
    driver, socket_ = both(link, table, select(table))
    assert (socket_.rows, socket_.last) == (rows, driver.last)
    assert socket_.table_data().combine_chunks().equals(driver.table_data().combine_chunks())
    slow = Link(link._connection, 5, Pace(400_000, 5))
    assert page(table, slow.columns(select(table), table)).table_data().equals(driver.table_data())


def test_a_connection_that_is_compressed_is_read_through_the_driver(server: Bare) -> None:
    table = contract(server, "todo")
    with closing(MySQLdb.connect(host="127.0.0.1", port=server.port, user="lector", passwd="contraseña-de-prueba",
                                 db="tienda", charset="utf8mb4", compress=True)) as connection:  # fmt: skip
        assert not reply.readable(connection)
        driver, veiled = both(Link(connection, 5), table, select(table))
    assert veiled.table_data().equals(driver.table_data())


@pytest.mark.parametrize("size", [2**24 - 6, 2**24 - 5, 2**24 - 1, 2**25 - 11])
def test_a_row_longer_than_a_packet_is_read_whole(link: Link, size: int) -> None:
    sql = f"SELECT 1, 'a' UNION ALL SELECT 2, REPEAT('ñ', {size} DIV 2) UNION ALL SELECT 3, 'b'"
    with Reply(link._connection, 5) as answer:
        link._connection.send_query(sql.encode())
        answer.described(0)
        rows = []
        while block := answer.block():
            rows += list(zip(*(column.to_pylist() for column in block.columns), strict=True))
    assert [row[0] for row in rows] == [b"1", b"2", b"3"]
    assert rows[1][1] == "ñ".encode() * (size // 2)
    assert list(link.rows("SELECT 4")) == [((b"4",),)]


def test_a_reply_cut_at_any_byte_is_a_lost_link(server: Bare) -> None:
    whole = said(server, "SELECT seq, IF(seq % 3, REPEAT('x', seq * 100), NULL) FROM seq_1_to_12")
    complete = heard(Tape(whole))
    assert len(complete) == 12
    for at in range(len(whole)):
        with pytest.raises(MySQLdb.OperationalError) as lost:
            heard(Tape(whole[:at]))
        assert lost.value.args[0] == 2013


@pytest.mark.parametrize("most", [1, 3, 100])
def test_where_the_network_divides_a_reply_changes_nothing(
    server: Bare, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    whole = said(server, "SELECT seq, REPEAT('x', seq * 100) FROM seq_1_to_12")
    complete = heard(Tape(whole))
    monkeypatch.setattr(reply, "BLOCK", most)
    assert heard(Tape(whole), most) == complete


def without_eof(whole: bytes) -> bytes:
    """The same reply as a server gives it to a client that agreed to CLIENT_DEPRECATE_EOF."""
    parts = []
    while whole:
        size = int.from_bytes(whole[:3], "little")
        parts.append(whole[4 : 4 + size])
        whole = whole[4 + size :]
    eof = [at for at, part in enumerate(parts) if part[:1] == b"\xfe" and len(part) == 5]
    assert len(eof) == 2
    parts = [*parts[: eof[0]], *parts[eof[0] + 1 : -1], b"\xfe\0\0" + parts[-1][3:] + parts[-1][1:3]]
    return b"".join(len(part).to_bytes(3, "little") + bytes([n % 256]) + part for n, part in enumerate(parts, 1))


@pytest.mark.parametrize("rows", [0, 1, 300])
def test_a_reply_without_eof_packets_is_read_as_well(server: Bare, rows: int) -> None:
    whole = said(server, f"SELECT seq, REPEAT('x', seq) FROM seq_1_to_300 LIMIT {rows}")
    complete = heard(Tape(whole))
    assert len(complete) == rows
    assert heard(Tape(without_eof(whole))) == complete


def test_bytes_that_are_no_reply_are_refused_and_the_link_is_cut(server: Bare) -> None:
    """Whatever byte is another one, the rows are either of the same form or refused; nothing is read beyond a row."""
    whole = said(server, "SELECT seq, IF(seq % 3, REPEAT('x', 9), NULL) FROM seq_1_to_5")
    for at in range(len(whole)):
        for byte in (0, 1, 250, 251, 252, 253, 254, 255):
            try:
                rows = heard(Tape(whole[:at] + bytes([byte]) + whole[at + 1 :]))
            except (MySQLdb.Error, TimeoutError):
                continue
            assert all(len(row) == 2 for row in rows)
            assert len(rows) <= 5


def test_silence_is_a_hang(server: Bare) -> None:
    whole = said(server, "SELECT seq FROM seq_1_to_5")
    for at in (0, 3, 20, len(whole) - 1):
        with pytest.raises(TimeoutError):
            heard(Tape(whole[:at], silent=True))


REFUSED = [
    "SELECT",
    "SELECT x FROM nada",
    "SELECT x FROM todo",
    "SELECT * FROM information_schema.nada",
    "SELECT seq, (SELECT seq FROM seq_1_to_2 WHERE seq <= IF(s.seq = 40000, 2, 1)) FROM seq_1_to_50000 s",
    "SET STATEMENT max_statement_time = 0.2 FOR SELECT seq, SLEEP(IF(seq = 40000, 3, 0)) FROM seq_1_to_50000",
    *(
        f"SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = {code}, MESSAGE_TEXT = 'qué'"
        for code in [1644, *sorted(code for _, codes in packets._CLASSES for code in codes)]
    ),
]


def test_a_refusal_before_or_amid_the_rows_is_the_drivers_own_error(link: Link) -> None:
    for sql in REFUSED:
        with pytest.raises(MySQLdb.Error) as drivers:
            list(link.rows(sql))
        with pytest.raises(MySQLdb.Error) as ours, Reply(link._connection, 5) as answer:
            link._connection.send_query(sql.encode())
            answer.described(0)
            while answer.block():
                pass
        assert (type(ours.value), ours.value.args) == (type(drivers.value), drivers.value.args), sql
        assert list(link.rows("SELECT 4")) == [((b"4",),)], sql


def test_a_killed_session_is_a_lost_link(server: Bare, link: Link) -> None:
    with pytest.raises(MySQLdb.OperationalError) as lost, Reply(link._connection, 5) as answer:
        link._connection.send_query(b"SELECT seq, REPEAT('x', 1000) FROM seq_1_to_1000000")
        answer.described(0)
        server.run(f"KILL {link._connection.thread_id()}")
        while answer.block():
            pass
    assert lost.value.args[0] in (2013, 1927, 1317)


def test_what_is_left_of_a_refused_page_is_read_before_the_next_statement(server: Bare, link: Link) -> None:
    server.run("CREATE OR REPLACE TABLE mal (id INT, t VARCHAR(9) CHARSET latin1, PRIMARY KEY (id, t))",
               "INSERT INTO mal SELECT seq, 'ñ' FROM seq_1_to_300000", schema="tienda")  # fmt: skip
    table = contract(server, "mal")
    sql = "SELECT id, CAST(IF(id = 5, t, 'a') AS BINARY) FROM mal ORDER BY id"
    said_by = []
    for read in (lambda: map(columns_of, link.rows(sql)), lambda: link.columns(sql, table)):
        with pytest.raises(DataFault, match=r"column t, rows from key 5/\\xf1: .*not a utf8 string") as refused:
            page(table, read())
        said_by.append(str(refused.value))
        del refused
        assert list(link.rows("SELECT 4")) == [((b"4",),)]
    assert said_by[0] == said_by[1]


def test_another_type_than_the_contracts_is_drift_and_the_session_lives_on(server: Bare, link: Link) -> None:
    table = contract(server, "todo")
    with pytest.raises(ContractViolation, match="is no integer"):
        list(link.columns(select(table).replace("`n`", "'a'", 1), table))
    assert list(link.rows("SELECT 4")) == [((b"4",),)]
