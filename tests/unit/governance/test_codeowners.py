"""CODEOWNERS follows from the contracts."""

from pathlib import Path

import pytest

from podemos.contracts.governance import warehouse_tables
from podemos.core.errors import ContractViolation
from podemos.governance.__main__ import contracts
from podemos.governance.codeowners import FILE, render

ROOT = Path(__file__).resolve().parents[3]


def test_the_file_is_what_the_contracts_say() -> None:
    assert (ROOT / FILE).read_text(encoding="utf-8") == render(contracts(), warehouse_tables()), (
        "run: python -m podemos.governance codeowners > CODEOWNERS"
    )


def test_every_path_is_there() -> None:
    lines = [line.split() for line in (ROOT / FILE).read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    assert [path for path, _ in lines if path != "*" and not (ROOT / path.strip("/")).exists()] == []
    assert len(lines) >= 10


def test_an_owner_that_is_no_team_is_refused() -> None:
    stranger = contracts()[0].model_copy(update={"owner": "nadie"})
    with pytest.raises(ContractViolation, match="'nadie' is not among teams"):
        render([stranger], warehouse_tables())
