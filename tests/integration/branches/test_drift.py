"""What a branch does to its own tables: a narrowed column stops its table there, a new one is landed and told."""

from __future__ import annotations

import re

import pytest

from local.branches.testing import RunningBranches

from .landed import parts, prints, rows, said
from .puller import Puller, execute


@pytest.mark.parametrize(
    ("narrow", "wide", "told"),
    [
        ("monto DECIMAL(12,2)", "monto DECIMAL(18,2)", "monto: narrowed .* decimal holds 12 of the 18"),
        ("status_pago VARCHAR(15)", "status_pago VARCHAR(20)", "status_pago: narrowed .* varchar holds 15 of the 20"),
    ],
)
def test_a_column_that_holds_less_than_agreed_stops_its_table_there_and_nothing_else(
    puller: Puller, sources: RunningBranches, narrow: str, wide: str, told: str
) -> None:
    execute(sources, "002", f"ALTER TABLE pagos MODIFY {narrow} NOT NULL")
    try:
        found = {entry["branch"]: entry for entry in puller("001,002")["branches"]}
    finally:
        execute(sources, "002", f"ALTER TABLE pagos MODIFY {wide} NOT NULL")
    assert (found["001"]["state"], found["002"]["state"]) == ("pulled", "drift")
    assert re.search(told, found["002"]["message"])
    assert found["002"]["tables"] == {"clientes": "pulled", "prestamos": "pulled", "pagos": "drift"}
    assert puller.states("002") == {"002": "pulled"}


def test_a_new_column_is_landed_beside_the_others_and_told(puller: Puller, sources: RunningBranches) -> None:
    """Its values are in the chunks: a contract that names it finds its history there. The day is proven without it."""
    columns = "ADD COLUMN propina DECIMAL(10,2), ADD COLUMN `Folio Ñ` VARBINARY(4), ADD COLUMN foto LONGBLOB"
    execute(sources, "002", f"ALTER TABLE pagos {columns}", "UPDATE pagos SET propina = 1.50, `Folio Ñ` = 0xff00")
    try:
        document = puller("001,002")
    finally:
        execute(sources, "002", "ALTER TABLE pagos DROP propina, DROP `Folio Ñ`, DROP foto")
    assert [entry["state"] for entry in document["branches"]] == ["pulled", "pulled"]
    landed = {branch: parts(puller.lake, "pagos", branch) for branch in ("001", "002")}
    assert {branch: found[-1].new_columns for branch, found in landed.items()} == {
        "001": (),
        "002": ("propina decimal(10)", "Folio Ñ varbinary(4)", "foto longblob(4294967295), not landed"),
    }
    found = [row for part in landed["002"] for row in rows(puller.lake, part)]
    assert {(row["nueva:propina"], row["nueva:Folio Ñ"], "nueva:foto" in row) for row in found} == {
        ("1.50", "FF00", False)
    }
    assert landed["001"][0].contract == landed["002"][0].contract
    assert prints(puller.lake, "pagos", "002") == said(puller.lake, "pagos", "002")
