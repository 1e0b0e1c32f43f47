"""Two renderings of a report are compared in one pass, and each movement that differs is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from podemos.regulatory.lines import NAMED, differing
from podemos.regulatory.render import HEADER

DAY = "2026-11-19"


def line(system: str, movement: str, amount: str, concept: str = '"a ""b"",\nc"') -> str:
    return f'{DAY},{system},"{movement}",1,2,CARGO,{amount},MXN,2026-11-19T12:00:00.000000Z,{concept}\n'


LINES = [
    line("cajeros", "A1", "10.00"),
    line("cajeros", "A2", "20.00", ""),
    line("sucursales", "007-88016", "1250.16"),
    line("sucursales", "007-88017", "5.00"),
]


def named(folder: Path, lines: list[str]) -> list[str]:
    paths = folder / "wanted.csv", folder / "found.csv"
    for path, rows in zip(paths, (LINES, lines), strict=True):
        path.write_text(",".join(HEADER) + "\n" + "".join(rows), encoding="utf-8")
    return differing(*paths, "the warehouse")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows, []),
        (lambda rows: [rows[0].replace("10.00", "10.01"), *rows[1:]], ["cajeros, D, A1: 10.00, but 10.01"]),
        (
            lambda rows: [*rows[:2], rows[2].replace("1250.16", "5.00"), rows[3].replace("5.00", "1250.16")],
            ["sucursal 007, D, pago 88016: 1250.16, but 5.00", "sucursal 007, D, pago 88017: 5.00, but 1250.16"],
        ),
        (lambda rows: rows[:1] + rows[2:], ["cajeros, D, A2: 20.00 is not"]),
        (lambda rows: rows[:3], ["sucursal 007, D, pago 88017: 5.00 is not"]),
        (lambda rows: [*rows[:2], rows[1], *rows[2:]], ["cajeros, D, A2: 20.00 stands twice"]),
        (lambda rows: [line("aaa", "X", "1.00"), *rows], ["aaa, D, X: 1.00 does not belong"]),
        (lambda rows: [*rows, line("zzz", "X", "1.00")], ["zzz, D, X: 1.00 does not belong"]),
        (lambda rows: [*rows[:3], rows[3].replace("CARGO", "ABONO")], ["sucursal 007, D, pago 88017: another tipo"]),
    ],
    ids=["equal", "cent", "swap", "missing", "last missing", "doubled", "stranger", "last stranger", "type"],
)
def test_what_differs_is_named(change: Callable[[list[str]], list[str]], said: list[str], tmp_path: Path) -> None:
    wanted = [f"{text.replace(' D,', f' {DAY},')} in the warehouse" for text in said]
    assert named(tmp_path, change(list(LINES))) == wanted


def test_a_movement_out_of_its_place_is_named_and_what_has_no_form_ends_the_list(tmp_path: Path) -> None:
    assert named(tmp_path, [LINES[1], LINES[0], *LINES[2:]])[0].startswith("cajeros, 2026-11-19, A1: 10.00 is not in")
    assert "is not in the report's form" in named(tmp_path, [*LINES, "x\n"])[-1]
    assert len(named(tmp_path, [line("zzz", f"{n:03d}", "1.00") for n in range(50)])) == NAMED
