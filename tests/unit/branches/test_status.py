from __future__ import annotations

from podemos.branches import keys
from podemos.branches.status import status
from podemos.core import manifest
from podemos.core.store import MemoryStore

from .chain import land, night, part


def test_status_names_the_branches_that_are_not_certified() -> None:
    lake = MemoryStore()
    assert list(status(lake)) == ["no revision yet: run branch_ingestion"]
    land(lake, part("001", 1))
    night(lake)
    assert list(status(lake))[1:] == ["not certified yet"]
    branches = [{"id": "001", "state": "certified", "as_of": "a"}, {"id": "017", "state": "missing", "as_of": None}]
    document = {"business_date": "2026-11-19", "branches": branches, "messages": ["sucursal 017, …"]}
    where = {"table": "pagos", "branch": "017", "day": "2026-11-18"}
    document |= {"debts": [where], "healed": [where | {"edited": 1, "edited_keys": ["41"], "deleted": 2}]}
    document |= {"look_back": {"pagos": {"017": {"as_of": "a", "seconds": 4800}}}}
    new = [{"table": "pagos", "branch": f"{n:03d}", "columns": ["propina decimal(10)"]} for n in range(1, 8)]
    document |= {"new_columns": new, "walls": [where | {"fold": 2, "fold_keys": ["7", "9"]}]}
    manifest.commit(lake, keys.certification(1, "old"), {**document, "certified": "1", "messages": []})
    manifest.commit(lake, keys.certification(1, "new"), {**document, "certified": "2"})
    assert list(status(lake))[1:] == [
        "business day 2026-11-19, certified 2: 1 certified, 1 missing",
        "  017 missing, last snapshot never",
        "  sucursal 017, …",
        "  owed: sucursal 017, 2026-11-18, pagos: the next pull reads what differs",
        "  late: sucursal 017, pagos: rows came up to 1:20:00 late; the next pulls look back as far",
        "  new column: pagos.propina decimal(10): at 001, 002, 003, 004, 005 and 2 more",
        "  clocks were set: sucursal 017, 2026-11-18, pagos: 2 in the hour that came twice (7, 9)",
        "  healed: sucursal 017, 2026-11-18, pagos: 1 edited (41), 2 deleted",
    ]
