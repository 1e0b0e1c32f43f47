"""`inspect` on schemas that it has never seen: what it proposes loads, and what is wrong with them is said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import yaml

from podemos.branches import chunk
from podemos.branches.__main__ import main
from podemos.branches.branch_pull import BranchPull
from podemos.branches.inspection import look
from podemos.branches.ports import Ports
from podemos.branches.proposal import Proposal, Wishes, propose
from podemos.branches.state import MemoryState
from podemos.contracts.branches import Branch, Extraction
from podemos.contracts.loading import check
from podemos.contracts.tables import TableContract
from podemos.core import fingerprint
from podemos.core.clock import system_clock
from podemos.core.errors import ContractViolation
from podemos.core.fingerprint import Fingerprint
from podemos.core.money import cents_of
from podemos.core.store import MemoryStore

from .bare import PASSWORD, Bare, bare

CHANGED = "DATETIME(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6)"
GOOD = f"""CREATE TABLE cobro (sucursal INT UNSIGNED NOT NULL, folio CHAR(8) NOT NULL COMMENT 'Folio del cobro',
  importe DECIMAL(12,2), cobrado DATETIME NOT NULL, modificado {CHANGED}, PRIMARY KEY (sucursal, folio),
  KEY (modificado, sucursal, folio), KEY (cobrado)) COMMENT 'Cobros de ventanilla'"""
PAYMENT = """CREATE TABLE payment (payment_id SMALLINT UNSIGNED NOT NULL AUTO_INCREMENT, customer_id SMALLINT UNSIGNED
  NOT NULL, staff_id TINYINT UNSIGNED NOT NULL, rental_id INT DEFAULT NULL, amount DECIMAL(5,2) NOT NULL,
  payment_date DATETIME NOT NULL, last_update TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  PRIMARY KEY (payment_id))"""
WIDE = f"""CREATE TABLE ancha (id BIGINT UNSIGNED PRIMARY KEY, activo TINYINT(1), anio YEAR, tipo ENUM('uno','ñandú'),
  marcas SET('a','b','c'), exacto DECIMAL(65,30), dura TIME(3), relleno INT(5) ZEROFILL, clave UUID,
  nota TEXT, corto CHAR(5) CHARACTER SET latin1, chico MEDIUMINT UNSIGNED, grande BIGINT UNSIGNED,
  flota FLOAT, doble DOUBLE NOT NULL DEFAULT 0, bits BIT(4), json JSON, blob_ BLOB, binario VARBINARY(9),
  largo LONGTEXT, punto POINT, `con-guion` INT, modificado {CHANGED}, KEY (modificado))"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bare]:
    with bare(tmp_path_factory.mktemp("tienda")) as running:
        yield running


def inspected(server: Bare, ddl: str, user: str = "lector", wishes: Wishes = Wishes()) -> Proposal:  # noqa: B008
    name = ddl.split()[2]
    server.run("DROP DATABASE tienda", "CREATE DATABASE tienda")
    server.run(ddl, schema="tienda")
    with closing(server.connect(user)) as connection:
        found = propose(look(connection, name), wishes)
    assert check(TableContract, yaml.safe_load(found.text()), "proposal").compiled()
    return found


def said(found: Proposal, weight: str) -> dict[str, str]:
    texts: dict[str, str] = {}
    for finding in found.findings:
        if finding.weight == weight:
            texts[finding.where] = f"{texts.get(finding.where, '')}{finding}\n"
    return texts


def test_a_table_that_is_fit_has_no_finding_but_the_hold_back(server: Bare) -> None:
    found = inspected(server, GOOD)
    assert not found.blocked
    assert [finding.where for finding in found.findings] == ["hold-back"]
    assert found.contract["primary_key"] == ["sucursal", "folio"]
    assert (found.contract["cursor"], found.contract["business_date"], found.contract["amount"]) == (
        "modificado", "cobrado", "importe",
    )  # fmt: skip
    assert found.contract["columns"][1] == {"name": "folio", "type": "VARCHAR(8)", "comment": "Folio del cobro"}
    assert found.contract["comment"] == "Cobros de ventanilla"


def test_a_payments_table_of_another_house(server: Bare) -> None:
    found = inspected(server, PAYMENT)
    contract = found.contract
    assert (contract["cursor"], contract["business_date"], contract["amount"]) == (
        "last_update", "payment_date", "amount",
    )  # fmt: skip
    assert not found.blocked, "a stranger's table can not always be altered"
    assert "may be NULL" in said(found, "costs")["last_update"]
    assert "UTC-08:00" in said(found, "note")["zone"], "which a TIMESTAMP depends on"
    assert "CREATE INDEX por_cursor ON payment (last_update, payment_id)" in said(found, "costs")["last_update"]
    assert "CREATE INDEX por_fecha" in said(found, "costs")["payment_date"]


@pytest.mark.parametrize(
    ("ddl", "where", "what", "remedy"),
    [
        (f"CREATE TABLE x (a INT, m {CHANGED}, KEY (m))", "primary key", "no primary key", "ADD COLUMN id BIGINT"),
        (f"CREATE TABLE x (id INT PRIMARY KEY, m {CHANGED}) ENGINE=MyISAM", "x", "snapshot", "ENGINE = InnoDB"),
        (f"CREATE TABLE x (k FLOAT PRIMARY KEY, m {CHANGED})", "primary key", "can be carried", "ADD COLUMN id BIGINT"),
        ("CREATE VIEW x AS SELECT 1 AS id, NOW(6) AS updated_at", "x", "a view", "behind it"),
    ],
)  # fmt: skip
def test_what_blocks(server: Bare, ddl: str, where: str, what: str, remedy: str) -> None:
    found = inspected(server, ddl)
    assert found.blocked
    assert what in said(found, "blocks")[where]
    assert remedy in said(found, "blocks")[where].split("Remedy: ")[1]


@pytest.mark.parametrize(
    ("ddl", "where", "what"),
    [
        (f"CREATE TABLE x (id INT PRIMARY KEY, m {CHANGED})", "m", "no index begins with the cursor"),
        (f"CREATE TABLE x (id INT PRIMARY KEY, m {CHANGED}, KEY (id, m))", "m", "no index begins with the cursor"),
        ("CREATE TABLE x (id INT PRIMARY KEY, updated_at DATETIME NOT NULL, KEY (updated_at))", "updated_at",
         "not ON UPDATE"),
        (f"CREATE TABLE x (id INT PRIMARY KEY, m {CHANGED}, KEY (m), fecha DATE NOT NULL)", "fecha", "business date"),
        ("CREATE TABLE x (id INT PRIMARY KEY, m DATETIME ON UPDATE NOW())", "m", "may be NULL"),
        ("CREATE TABLE x (id INT PRIMARY KEY, alta DATE)", "cursor", "no DATETIME"),
        ("CREATE TABLE x (id INT PRIMARY KEY, importe DOUBLE)", "importe", "ALTER it to DECIMAL(18,2)"),
        (f"CREATE TABLE x (id INT NOT NULL UNIQUE, m {CHANGED}, KEY (m))", "primary key", "unique index (id)"),
    ],
)  # fmt: skip
def test_what_costs(server: Bare, ddl: str, where: str, what: str) -> None:
    found = inspected(server, ddl)
    assert not found.blocked
    assert what in said(found, "costs")[where]


def test_null_keys_are_named(server: Bare) -> None:
    found = inspected(server, f"CREATE TABLE x (a INT, b INT NOT NULL, m {CHANGED}, KEY (m), UNIQUE u (a, b))")
    assert "admits NULL keys" in said(found, "note")["a"]
    assert "no primary key" in said(found, "blocks")["primary key"]


def test_the_privilege_decides_the_hold_back_and_a_replica_is_refused(server: Bare) -> None:
    assert "lag_seconds" in said(inspected(server, GOOD), "note")["hold-back"]
    assert "transactions` works" in said(inspected(server, GOOD, "vigia"), "note")["hold-back"]
    server.run("SET GLOBAL read_only = 1")
    try:
        assert "primary" in said(inspected(server, GOOD), "blocks")["server"]
    finally:
        server.run("SET GLOBAL read_only = 0")


def test_wishes_are_followed_or_refused(server: Bare) -> None:
    found = inspected(server, PAYMENT, wishes=Wishes(cursor="payment_date", business_date="last_update"))
    assert (found.contract["cursor"], found.contract["business_date"]) == ("payment_date", "last_update")
    found = inspected(server, PAYMENT, wishes=Wishes(cursor="payment_id", business_date="none"))
    assert (found.contract["cursor"], found.contract.get("business_date")) == ("payment_id", None)
    assert "a counter sees new rows only" in said(found, "costs")["payment_id"]
    with pytest.raises(ContractViolation, match="must be DATETIME"):
        inspected(server, PAYMENT, wishes=Wishes(cursor="amount"))
    with pytest.raises(ContractViolation, match="no column 'nada'"):
        inspected(server, PAYMENT, wishes=Wishes(cursor="nada"))
    with pytest.raises(ContractViolation, match="not in this schema"), closing(server.connect("lector")) as connection:
        look(connection, "nada")


def test_what_is_proposed_is_landed_exactly_and_its_fingerprint_is_the_branchs(server: Bare) -> None:
    """Every carried type, proposed by `inspect`, pulled by the shipped pull, compared with what MariaDB computed."""
    found = inspected(server, WIDE)
    left_out = {where for where, text in said(found, "costs").items() if "left out" in text}
    assert left_out == {"punto"}
    uncovered = {entry["name"] for entry in found.contract["columns"] if not entry.get("fingerprint", True)}
    assert uncovered == {"nota", "flota", "doble", "json", "blob_", "largo"}
    big = 2**64 - 1
    server.run(
        "SET SESSION sql_mode = ''",
        "INSERT INTO ancha (id, activo, anio, tipo, marcas, exacto, dura, relleno, clave, nota, corto, chico, grande,"
        " flota, doble, bits, json, blob_, binario, largo, `con-guion`)"
        f" VALUES ({big}, 1, 0, 'ñandú', 'a,c', -0.000000000000000000000000000001, '-838:59:59', 7,"
        f" UUID(), 'ñ\\n', 'ñá', 16777215, {big},"
        " 0.1, 0.1, 9, '{\"a\":1}', X'00FF', X'FE', REPEAT('ñ', 30000), -1),"
        f" (1, -128, 2026, '', '', {'9' * 35}.{'9' * 30}, '00:00:00.001', 12345, NULL, '', ' x ', 0, 0,"
        " -1.5, 1e300, 0, NULL, '', '', '', 0),"
        " (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,"
        " NULL, 0, NULL, NULL, NULL, NULL, NULL, NULL)",
        schema="tienda",
    )
    table = check(TableContract, found.contract, "ancha").compiled()
    lake = MemoryStore()
    extraction = Extraction(tables=("ancha",), page_rows=1)
    ports = Ports(lake, MemoryState(), lambda _: server.connect("lector"), system_clock, "test", extraction)
    pull = BranchPull(ports, Branch(id="001", nombre="Tienda", zone="America/Tijuana"), (table,))
    pull.run()
    assert pull.troubles == {}
    total, rows = Fingerprint(), {}
    for _, part in pull.landed:
        for row in chunk.read(lake.get(part.chunk.key)).to_pylist() if part.chunk else []:
            rows[int(row["id"])] = row
            covered = [c.name for c in table.columns if c.fingerprint]
            text = fingerprint.row_text(None if row[name] is None else str(row[name]) for name in covered)
            cents = cents_of(row[table.amount] or 0) if table.amount else 0
            total += Fingerprint(1, cents, fingerprint.row_digest(text))
    assert sorted(rows) == [1, 2, big]
    row = rows[big]
    assert (row["bits"], row["blob_"], row["binario"], row["con_guion"]) == (9, "00FF", "FE", -1)
    assert (row["flota"], row["doble"]) == ("0.10000000149011612", "0.1"), "a FLOAT is not the decimal it shows"
    assert (row["largo"], row["json"]) == ("ñ" * 30000, '{"a":1}')
    assert pull.landed[-1][1].fingerprints == {"todo": total}


def test_on_the_command_line(server: Bare, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    inspected(server, PAYMENT)
    monkeypatch.setenv("CLAVE", PASSWORD)
    command = ["inspect", "--dsn", f"mysql://lector@127.0.0.1:{server.port}/tienda", "--password-env", "CLAVE"]
    assert main([*command, "--table", "payment"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("# costs: last_update")
    assert check(TableContract, yaml.safe_load(out), "out").table == "payment"
    assert main([*command, "--table", "nada"]) == 2
    assert "not in this schema" in capsys.readouterr().err
    monkeypatch.setenv("CLAVE", "otra")
    assert main([*command, "--table", "payment"]) == 2
