"""SQL files become statements: values bound, literals typed, everything else refused."""

from datetime import date
from pathlib import Path

import pytest

from podemos.core.errors import ContractViolation
from podemos.warehouse import statements
from podemos.warehouse.literals import IamRoleArn, Identifier, Literal, Number, S3Uri, render
from podemos.warehouse.statements import bind


@pytest.fixture(autouse=True)
def _sql(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "sql").mkdir()
    monkeypatch.setattr(statements, "include", lambda: tmp_path)
    statements.read.cache_clear()
    return tmp_path / "sql"


def test_a_file_is_split_bound_and_rendered(_sql: Path) -> None:
    (_sql / "load.sql").write_text(
        "-- load.sql · a comment with :ghost\nLOCK ops.w;\nCOPY s FROM :source IAM_ROLE :role FORMAT AS PARQUET;\n"
        "INSERT INTO ops.loads SELECT :load_id, ':kept', a::date, :day;\n"
    )
    batch = bind(
        "load.sql",
        {"load_id": "x'y", "day": date(2026, 11, 19)},
        {"source": S3Uri("s3://lake-1/a/b.json"), "role": IamRoleArn("arn:aws:iam::123456789012:role/copy")},
    )
    assert batch.statements == (
        "LOCK ops.w",
        "COPY s FROM 's3://lake-1/a/b.json' IAM_ROLE 'arn:aws:iam::123456789012:role/copy' FORMAT AS PARQUET",
        "INSERT INTO ops.loads SELECT :load_id, ':kept', a::date, :day",
    )
    assert batch.api_parameters() == [{"name": "load_id", "value": "x'y"}, {"name": "day", "value": "2026-11-19"}]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "no value for :a"),
        ({"a": 1, "b": 2}, "unused values b"),
        ({"a": ""}, ":a is empty"),
        ({"a": "\x00"}, "NUL"),
    ],
)
def test_a_wrong_set_of_values_is_named(_sql: Path, values: dict[str, str], message: str) -> None:
    (_sql / "q.sql").write_text("SELECT :a;\n")
    with pytest.raises(ContractViolation, match=f"q.sql: .*{message}"):
        bind("q.sql", values)


def test_too_many_statements_and_missing_files_are_named(_sql: Path) -> None:
    (_sql / "many.sql").write_text("SELECT 1;\n" * 41)
    (_sql / "empty.sql").write_text("-- nothing\n")
    with pytest.raises(ContractViolation, match="41 statements"):
        bind("many.sql")
    with pytest.raises(ContractViolation, match="holds no statement"):
        bind("empty.sql")
    with pytest.raises(ContractViolation, match="none.sql: no such file"):
        bind("none.sql")


@pytest.mark.parametrize(
    ("make", "text"),
    [(S3Uri, "s3://b/x'; DROP TABLE t"), (S3Uri, "https://b/x"), (IamRoleArn, "arn:aws:iam::1:role/x"),
     (Identifier, 'a"b'), (Identifier, "a.b c"), (Literal, "a\x00b")],
)  # fmt: skip
def test_a_literal_that_could_break_out_is_refused(make: type, text: str) -> None:
    with pytest.raises(ContractViolation):
        make(text)


def test_literals_render_quoted() -> None:
    assert render(Identifier("core.pagos")) == '"core"."pagos"'
    assert render(Literal("l'año")) == "'l''año'"
    assert render(Number(5)) == "5"
