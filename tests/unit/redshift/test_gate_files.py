"""What the gate says about tables that files declare."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from podemos.contracts import governance
from podemos.core.errors import ContractViolation
from podemos.core.paths import CONFIG_VARIABLE, include
from podemos.redshift import gate
from podemos.redshift.__main__ import main

TODAY = date(2026, 11, 24)
WELL = """\
CREATE TABLE core.recibos (
    id BIGINT NOT NULL ENCODE AZ64,
    fecha DATE NOT NULL ENCODE RAW,
    nota VARCHAR(256) ENCODE ZSTD,
    PRIMARY KEY (id)
)
DISTSTYLE KEY
DISTKEY (id)
COMPOUND SORTKEY (fecha, id);
COMMENT ON TABLE core.recibos IS 'Recibos; uno por pago';
COMMENT ON COLUMN core.recibos.id IS 'Recibo';
COMMENT ON COLUMN core.recibos.fecha IS 'Día';
COMMENT ON COLUMN core.recibos.nota IS 'Nota';
"""
REGISTER = """\
unlisted_owner: plataforma
teams: {plataforma: "@x/plataforma", cobranza: "@x/cobranza", data-platform: "@x/datos"}
tables:
  - {table: core.recibos, owner: cobranza, steward: cobranza, product: recibos, criticality: tier-2, retention: 1 año,
     consumers: [analitica], columns: {id: 0, fecha: 0, nota: 1}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for SQL, under a register of its own with the house's contracts."""
    config = tmp_path / "config"
    config.mkdir()
    for name in ("branches.yaml", "tables"):
        (config / name).symlink_to(include() / "config" / name)
    (config / "warehouse_tables.yaml").write_text(REGISTER)
    monkeypatch.setenv(CONFIG_VARIABLE, str(config))
    governance.warehouse_tables.cache_clear()
    (tmp_path / "sql").mkdir()
    yield tmp_path / "sql"
    governance.warehouse_tables.cache_clear()


def judged(folder: Path, sql: str, today: date = TODAY) -> list[tuple[str, str, str]]:
    """(rule, column, line to add) of every offence of one file."""
    (folder / "create.sql").write_text(sql)
    return [(o.rule, o.column, o.add) for o in gate.over_files([folder], today).offences]


def test_a_whole_table_passes(folder: Path) -> None:
    assert judged(folder, WELL) == []


@pytest.mark.parametrize(
    ("take_out", "put_in", "found"),
    [
        ("COMPOUND SORTKEY (fecha, id)", "", ("sort_key", "", "SORTKEY (fecha)")),
        ("COMPOUND SORTKEY (fecha, id)", "SORTKEY AUTO", ("sort_key", "", "SORTKEY (fecha)")),
        ("DISTKEY (id)", "", ("dist_style", "", "DISTSTYLE EVEN")),
        ("DISTSTYLE KEY\nDISTKEY (id)", "DISTSTYLE AUTO", ("dist_style", "", "DISTSTYLE EVEN")),
        ("'Recibos; uno por pago'", "NULL", ("comment", "", "COMMENT ON TABLE core.recibos IS '…';")),
        ("'Nota'", "' '", ("comment", "nota", "COMMENT ON COLUMN core.recibos.nota IS '…';")),
        (" ENCODE ZSTD", "", ("encoding", "nota", "nota VARCHAR(256) ENCODE ZSTD")),
        ("ENCODE ZSTD", "ENCODE RAW", ("encoding", "nota", "nota VARCHAR(256) ENCODE ZSTD")),
    ],
)
def test_what_is_missing_is_named_with_the_line_to_add(
    folder: Path, take_out: str, put_in: str, found: tuple[str, str, str]
) -> None:
    assert take_out in WELL
    ((rule, column, add),) = judged(folder, WELL.replace(take_out, put_in))
    assert (rule, column) == found[:2]
    assert add.startswith(found[2])


def test_an_offence_names_file_line_table_column_and_owner(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "create.sql").write_text(WELL.replace(" ENCODE ZSTD", ""))
    assert main(["gate", str(folder)]) == 1
    told = capsys.readouterr().out.splitlines()
    assert told == [
        f"{folder}/create.sql:4: critical: core.recibos.nota: 256 bytes of text without encoding [encoding, cobranza]",
        "    add: nota VARCHAR(256) ENCODE ZSTD",
        "gate: 1 tables, 1 offences, 0 warnings",
    ]


def test_keys_and_encodings_stand_where_redshift_lets_them(folder: Path) -> None:
    assert (
        judged(
            folder,
            'CREATE TABLE IF NOT EXISTS "core"."recibos" (id BIGINT IDENTITY(1, 1) ENCODE az64 DISTKEY SORTKEY,\n'
            "fecha DATE DEFAULT '2020-01-01', nota CHARACTER VARYING(MAX) DEFAULT 'a,;b', CONSTRAINT pk PRIMARY KEY "
            "(id))\n"
            "BACKUP NO ENCODE AUTO;\n" + WELL.partition(";\n")[2],
        )
        == []
    )


def test_a_table_nobody_listed_is_addressed_to_the_platform(folder: Path) -> None:
    (folder / "create.sql").write_text(WELL.replace("recibos", "otra"))
    (offence,) = gate.over_files([folder], TODAY).offences
    assert (offence.rule, offence.owner) == ("sensitivity", "plataforma")
    assert "table: core.otra" in offence.add
    assert "{id: 0, fecha: 0, nota: 0}" in offence.add


def test_a_new_column_needs_a_class_and_a_dropped_one_leaves_it(folder: Path) -> None:
    added = WELL + "ALTER TABLE core.recibos ADD COLUMN rfc VARCHAR(13) ENCODE ZSTD;\n"
    assert [(rule, column) for rule, column, _ in judged(folder, added)] == [("comment", "rfc"), ("sensitivity", "rfc")]
    dropped = WELL + "ALTER TABLE core.recibos DROP COLUMN nota;\n"
    assert [(rule, column) for rule, column, _ in judged(folder, dropped)] == [("stale_sensitivity", "nota")]


def test_what_makes_no_permanent_table_of_ours_is_left_alone(folder: Path) -> None:
    assert (
        judged(
            folder,
            WELL + "CREATE TEMP TABLE t (x INT);\nCREATE TABLE #t (x INT);\nCREATE VIEW core.v AS SELECT 1 AS x;\n"
            "CREATE EXTERNAL TABLE s.t (x INT) STORED AS PARQUET LOCATION 's3://x/y';\nCOMMENT ON VIEW core.v IS 'x';\n"
            "COPY core.recibos FROM :manifest IAM_ROLE :role FORMAT AS PARQUET MANIFEST;\n",
        )
        == []
    )


def test_a_copy_of_a_table_has_its_keys_but_not_its_comments(folder: Path) -> None:
    found = judged(folder, WELL + "CREATE TABLE core.copia (LIKE core.recibos INCLUDING DEFAULTS);\n")
    assert [(r, c) for r, c, _ in found] == [
        ("comment", ""), ("comment", "id"), ("comment", "fecha"), ("comment", "nota"), ("sensitivity", "")
    ]  # fmt: skip


def test_columns_that_are_not_written_down_are_an_offence(folder: Path) -> None:
    create = "CREATE TABLE core.recibos DISTSTYLE EVEN SORTKEY (id) AS SELECT 1 AS id;\n"
    sql = create + "COMMENT ON TABLE core.recibos IS 'R';\n"
    assert [rule for rule, _, _ in judged(folder, sql)] == ["columns"]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("CREATE TABLE core.t (x INT) DISTSTYLE EVEN SORTKEYS (x);", "create.sql:1: .*'SORTKEYS' is not known"),
        (WELL + "COMMENT ON COLUMN core.recibos.notas IS 'x';", "has no column notas"),
        ("SELECT 'open", "cannot read this file"),
        ("CREATE TABLE core.t (x INT", "ends too early"),
    ],
)
def test_what_cannot_be_read_is_never_taken_for_well(folder: Path, sql: str, reason: str) -> None:
    with pytest.raises(ContractViolation, match=reason):
        judged(folder, sql)


def test_a_folder_without_sql_is_a_fault_and_another_dialect_is_told(folder: Path) -> None:
    with pytest.raises(ContractViolation, match=r"no \.sql file"):
        gate.over_files([folder], TODAY)
    duck = folder / "duck"
    duck.mkdir()
    (duck / ".sqlfluff").write_text("[sqlfluff]\ndialect = duckdb\n")
    (duck / "create.sql").write_text("CREATE TABLE t (x INT);\n")
    assert gate.over_files([folder], TODAY).notes == (f"{duck}: duckdb is not Redshift's; not judged",)


WAIVER = """\
waivers:
  - {rule: sort_key, table: core.recibos, owner: ana, reason: se ordena con el rediseño, until: 2026-12-31}
"""


@pytest.mark.parametrize(
    ("today", "sql", "found"),
    [
        (date(2026, 11, 24), WELL.replace("COMPOUND SORTKEY (fecha, id)", ""), []),
        (date(2026, 12, 31), WELL.replace("COMPOUND SORTKEY (fecha, id)", ""), [("waiver_ends", "warning", "ana")]),
        (
            date(2027, 1, 1),
            WELL.replace("COMPOUND SORTKEY (fecha, id)", ""),
            [("sort_key", "critical", "cobranza"), ("waiver_expired", "critical", "ana")],
        ),
        (date(2026, 11, 24), WELL, [("waiver_unused", "warning", "ana")]),
    ],
    ids=["in force", "its last day", "expired", "unused"],
)
def test_a_waiver_holds_until_its_day(folder: Path, today: date, sql: str, found: list[tuple[str, str, str]]) -> None:
    register = folder.parent / "config" / "warehouse_tables.yaml"
    register.write_text(REGISTER + WAIVER)
    (folder / "create.sql").write_text(sql)
    offences = gate.over_files([folder], today).offences
    assert [(o.rule, o.severity, o.owner) for o in offences] == found


def test_a_waiver_without_owner_or_day_is_refused(folder: Path) -> None:
    register = folder.parent / "config" / "warehouse_tables.yaml"
    register.write_text(REGISTER + "waivers: [{rule: sort_key, table: core.recibos, reason: porque sí y ya}]\n")
    with pytest.raises(ContractViolation, match=r"waivers\.0\.owner.*waivers\.0\.until"):
        judged(folder, WELL)


def test_our_own_tables_pass() -> None:
    verdict = gate.over_files([include() / "sql"], TODAY)
    assert verdict.tables >= 14
    assert [o.line() for o in verdict.offences] == []
