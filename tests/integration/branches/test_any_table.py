"""Tables of any kind against real MariaDB: keys of every type, cursors of every form, nothing lost between pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from podemos.branches import chunk, keys
from podemos.branches.branch_pull import BranchPull
from podemos.branches.inspection import look
from podemos.branches.ports import Ports
from podemos.branches.proposal import Wishes, propose
from podemos.branches.state import MemoryState
from podemos.contracts.branches import Branch, Extraction
from podemos.contracts.loading import check
from podemos.contracts.tables import TableContract
from podemos.core import fingerprint, raw_text
from podemos.core.clock import system_clock
from podemos.core.store import MemoryStore
from podemos.core.table import Cursor, Table

from .bare import Bare, bare

ROWS = 40


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bare]:
    with bare(tmp_path_factory.mktemp("cualquiera")) as running:
        yield running


class Shop:
    """One table of one branch, pulled again and again in pages of seven rows."""

    def __init__(self, server: Bare, ddl: str, wishes: Wishes = Wishes(), **limits: Any) -> None:  # noqa: B008
        self.server = server
        server.run("DROP DATABASE tienda", "CREATE DATABASE tienda")
        server.run(ddl, schema="tienda")
        with closing(server.connect("lector")) as connection:
            found = propose(look(connection, ddl.split("TABLE ")[1].split(" (")[0].strip("`")), wishes)
        self.table: Table = check(TableContract, found.contract, "proposal").compiled()
        extraction = Extraction(tables=("x",), page_rows=7, **limits)
        self.lake, self.state = MemoryStore(), MemoryState()
        self.ports = Ports(self.lake, self.state, lambda _: server.connect("lector"), system_clock, "t", extraction)

    def run(self, *statements: str) -> None:
        self.server.run("SET SESSION sql_mode = ''", *statements, schema="tienda")

    def pull(self) -> BranchPull:
        found = BranchPull(self.ports, Branch(id="001", nombre="Tienda", zone="America/Tijuana"), (self.table,))
        found.run()
        return found

    def landed(self) -> list[dict[str, Any]]:
        found = self.pull()
        assert found.troubles == {}
        parts = [part for _, part in found.landed if part.chunk]
        return [row for part in parts for row in chunk.read(self.lake.get(part.chunk.key)).to_pylist()]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("c ENUM('zeta','alfa','Beta','ñu','Ala')", "1 + seq % 5"),
        ("c SET('z','a','m')", "seq % 8"),
        ("c BINARY(4)", "UNHEX(MD5(seq))"),
        ("c VARBINARY(9)", "UNHEX(REPEAT('00', seq % 9))"),
        ("c BIT(5)", "seq % 32"),
        ("c BIT(64)", "18446744073709551615 - seq"),
        ("c YEAR", "1901 + seq"),
        ("c TIME(1)", "SEC_TO_TIME(CAST(seq AS SIGNED) * 7000 - 99999.5)"),
        ("c DATE", "'2020-02-20' + INTERVAL seq DAY"),
        ("c DATETIME(2)", "'2020-02-20' + INTERVAL seq HOUR"),
        ("c VARCHAR(9) CHARACTER SET latin1 COLLATE latin1_spanish_ci", "CONCAT(CHAR(65 + seq), 'ñ', SPACE(seq % 2))"),
        ("c VARCHAR(9) COLLATE utf8mb4_bin", "CONCAT('a', REPEAT('\\\\', seq % 3), '''')"),
        ("c DECIMAL(20,3)", "CAST(seq AS SIGNED) - 20.5"),
        ("c UUID", "UUID()"),
    ],
)  # fmt: skip
def test_no_row_is_lost_between_pages_whatever_the_key(server: Bare, key: str, value: str) -> None:
    """The server's own order and comparison must agree for every type that a key can have."""
    shop = Shop(server, f"CREATE TABLE x ({key}, n INT NOT NULL, PRIMARY KEY (c, n))")
    assert shop.table.cursor_form is Cursor.NONE
    shop.run(f"INSERT INTO x SELECT {value}, seq FROM seq_1_to_{ROWS}")
    rows = shop.landed()
    assert sorted(row["n"] for row in rows) == list(range(1, ROWS + 1))
    assert len({(row["c"], row["n"]) for row in rows}) == ROWS


def test_a_table_without_a_cursor_is_read_whole_when_anything_differs_and_only_then(server: Bare) -> None:
    shop = Shop(server, "CREATE TABLE x (id INT PRIMARY KEY, v INT, largo LONGTEXT, f FLOAT)")
    shop.run(f"INSERT INTO x SELECT seq, seq, 'a', 0.5 FROM seq_1_to_{ROWS}")
    assert len(shop.landed()) == ROWS
    assert shop.landed() == []
    for change in ("v = v + 1", "largo = 'b'", "f = 0.25"):
        shop.run(f"UPDATE x SET {change} WHERE id = 5")
        assert len(shop.landed()) == ROWS, change
    shop.run("DELETE FROM x WHERE id = 9")
    assert len(shop.landed()) == ROWS - 1
    assert shop.landed() == []


def test_a_read_that_is_cut_goes_on_and_the_next_starts_over(server: Bare) -> None:
    """Its first pages are of an older snapshot: only a reading in one go says which content is landed."""
    shop = Shop(server, "CREATE TABLE x (id INT PRIMARY KEY, v INT)", snapshot_seconds=1)
    shop.run(f"INSERT INTO x SELECT seq, seq FROM seq_1_to_{ROWS}")
    ticks = iter(range(10_000))
    shop.ports = Ports(**{name: getattr(shop.ports, name) for name in shop.ports.__slots__}
                       | {"clock": lambda: system_clock().replace(microsecond=next(ticks))})  # fmt: skip
    first = shop.pull()
    part = next(part for _, part in first.landed if not part.final)
    lease, _ = shop.state.acquire("x", "001", owner="t", now=system_clock(), seconds=60)
    shop.state.advance(lease, part.watermark, now=system_clock(), seconds=0)
    assert part.watermark.position.key == (str(part.reached.key[0]),)
    assert len(shop.landed()) == ROWS - 7 * part.part
    assert len(shop.landed()) == ROWS, "what was landed before the cut may have changed meanwhile"
    assert shop.landed() == []


def test_a_counter_lands_what_is_new_and_its_margin_again(server: Bare) -> None:
    ddl = "CREATE TABLE x (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, v INT)"
    shop = Shop(server, ddl, Wishes(cursor="id"), counter_margin=3)
    assert shop.landed() == []
    shop.run(f"INSERT INTO x SELECT seq, seq FROM seq_1_to_{ROWS}")
    assert len(shop.landed()) == ROWS
    shop.run(f"INSERT INTO x VALUES ({ROWS + 1}, 1), (18446744073709551000, 2)")
    assert [int(row["id"]) for row in shop.landed()] == [ROWS - 3, *range(ROWS - 2, ROWS + 2), 18446744073709551000]


def test_rows_without_a_cursor_are_landed_at_first(server: Bare) -> None:
    shop = Shop(server, "CREATE TABLE x (id INT PRIMARY KEY, changed DATETIME NULL ON UPDATE NOW(), KEY (changed))")
    shop.run(f"INSERT INTO x SELECT seq, IF(seq % 2, '2026-01-01', NULL) FROM seq_1_to_{ROWS}")
    assert sorted(row["id"] for row in shop.landed()) == list(range(1, ROWS + 1))
    assert shop.landed() == []


def test_a_null_key_is_refused_with_its_column_and_remedy(server: Bare) -> None:
    shop = Shop(server, "CREATE TABLE x (a INT NOT NULL, b INT NOT NULL, UNIQUE (a, b))")
    shop.run("ALTER TABLE x MODIFY b INT NULL", "INSERT INTO x VALUES (1, 1), (1, NULL)")
    trouble, said = shop.pull().troubles["x"]
    assert trouble == "faulty"
    assert "NULL in its key, b" in said
    assert "NOT NULL" in said


def test_names_that_the_lake_can_not_have_are_others_there(server: Bare) -> None:
    columns = "`Order ID` INT PRIMARY KEY, `order` INT, fecha DATE, id_sucursal INT, `Ñ` INT, CamelCase INT"
    shop = Shop(server, f"CREATE TABLE `Order-Details` ({columns})")
    names = [column.name for column in shop.table.columns]
    own = ["order_orderdetails", "fecha_orderdetails", "id_sucursal_orderdetails", "c_orderdetails", "camelcase"]
    assert (shop.table.name, names) == ("order_details", ["order_id", *own])
    shop.run("INSERT INTO `Order-Details` VALUES (1, 2, '2026-01-01', 4, 5, 6)")
    (row,) = shop.landed()
    assert [row[name] for name in names] == [1, 2, "2026-01-01", 4, 5, 6]
    assert row["id_sucursal"] == 1


@pytest.mark.parametrize("charset", ["utf8mb4", "utf8mb3"])
def test_bytes_that_are_no_text_are_landed_as_they_lie_there_and_proven(server: Bare, charset: str) -> None:
    """No statement writes them: they come with a tablespace, as when a disk's files are carried to another server."""
    more = "n CHAR(9) CHARACTER SET utf8mb3"
    shop = Shop(server, f"CREATE TABLE x (id INT PRIMARY KEY, t VARCHAR(40) CHARACTER SET {charset}, {more})")
    values = [b"caf\xe9", "café ñ".encode(), b"\xff\xfe", None]
    sent = ", ".join(f"({n}, {'NULL' if v is None else f'UNHEX({v.hex()!r})'}, 'ñ ')" for n, v in enumerate(values))
    octets = {"utf8mb4": 160, "utf8mb3": 120}[charset]
    shop.run(f"CREATE TABLE otra (id INT PRIMARY KEY, t VARBINARY({octets}), {more})")
    shop.run(f"INSERT INTO otra VALUES {sent}")
    shop.run("ALTER TABLE x DISCARD TABLESPACE")
    files = server.server.data / "tienda"
    with closing(server.server.connect("tienda")) as root:
        root.cursor().execute("FLUSH TABLES otra FOR EXPORT")
        shutil.copyfile(files / "otra.ibd", files / "x.ibd")
        owner = (files / "otra.ibd").stat()
        os.chown(files / "x.ibd", owner.st_uid, owner.st_gid)
        root.cursor().execute("UNLOCK TABLES")
    shop.run("ALTER TABLE x IMPORT TABLESPACE")
    found = shop.pull()
    assert found.troubles == {}
    (part,) = [part for _, part in found.landed]
    assert part.chunk is not None
    texts = chunk.read(shop.lake.get(part.chunk.key))["t"].to_pylist()
    assert texts == [None if value is None else raw_text.carried(value) for value in values]
    assert [text for text in texts if text and text.startswith(raw_text.MARK)] == ["\0bytes:636166e9", "\0bytes:fffe"]
    rows = [(str(n), value, "ñ") for n, value in enumerate(values)]
    assert part.fingerprints == {keys.UNDATED: fingerprint.of_rows(rows, [0] * len(rows))}
