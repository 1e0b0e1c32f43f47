"""The difference of two reports from their bytes: what was added, removed and changed, in one pass."""

from __future__ import annotations

from pathlib import Path

import pytest

from podemos.core.errors import DataFault
from podemos.regulatory import changes
from podemos.regulatory.render import HEADER

HEAD = ",".join(HEADER) + "\n"


def line(source: str, number: int, pesos: str = "10.00", concept: str = '"a"', kind: str = "CARGO") -> str:
    return f'2026-11-19,{source},"M-{number}",1,2,{kind},{pesos},MXN,2026-11-19T18:00:00.000000Z,{concept}\n'


def differences(tmp_path: Path, before: list[str], after: list[str]) -> changes.Differences:
    for name, found in (("before", before), ("after", after)):
        (tmp_path / name).write_text(HEAD + "".join(found), encoding="utf-8", newline="")
    return changes.differences(tmp_path / "before", tmp_path / "after")


def told(found: changes.Differences) -> list[tuple[str, str]]:
    return [(one["change"], one["id_movimiento"]) for one in found.listed]


def test_lines_are_matched_by_system_and_movement_in_one_pass(tmp_path: Path) -> None:
    before = [line("a", 1), line("a", 3), line("a", 4), line("b", 1)]
    after = [line("a", 2), line("a", 3, "10.01"), line("a", 4), line("b", 1), line("b", 2)]
    found = differences(tmp_path, before, after)
    assert told(found) == [("removed", "M-1"), ("added", "M-2"), ("changed", "M-3"), ("added", "M-2")]
    assert found.counts == {
        "a": {"added": 1, "removed": 1, "changed": 1},
        "b": {"added": 1, "removed": 0, "changed": 0},
    }
    changed = found.listed[2]
    assert (changed["before"]["cents"], changed["after"]["cents"]) == (1000, 1001)


def test_a_text_may_hold_quotes_commas_and_line_breaks(tmp_path: Path) -> None:
    odd = line("a", 1, concept='"dos ""x"", y\notra\r\nlínea"')
    found = differences(tmp_path, [odd, line("a", 2)], [odd, line("a", 2, concept='"\n"')])
    assert told(found) == [("changed", "M-2")]
    assert found.listed[0]["after"]["concepto"] == "\n"
    assert differences(tmp_path, [odd], []).listed[0]["before"]["concepto"] == 'dos "x", y\notra\r\nlínea'


def test_what_is_beyond_the_list_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes, "LISTED", 2)
    found = differences(tmp_path, [], [line("a", number) for number in range(1, 6)])
    assert (len(found.listed), found.total(changes.ADDED)) == (2, 5)


def test_an_absent_value_is_null_and_a_negative_amount_keeps_its_sign(tmp_path: Path) -> None:
    text = '2026-11-19,a,"M-1",,,ABONO,-0.05,MXN,2026-11-19T18:00:00.000000Z,\n'
    (one,) = differences(tmp_path, [text], []).listed
    assert one["before"] | {"instante_utc": ""} == {
        "id_sucursal": None, "id_cliente": None, "tipo": "ABONO", "cents": -5, "moneda": "MXN", "instante_utc": "",
        "concepto": None,
    }  # fmt: skip


def test_a_file_of_another_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataFault, match="ends within a quoted text"):
        differences(tmp_path, [], ['2026-11-19,a,"M-1'])
    (tmp_path / "after").write_text("otra,cosa\n")
    with pytest.raises(DataFault, match="the header is not the report's"):
        changes.differences(tmp_path / "before", tmp_path / "after")
