"""A decision about a quarantined row: refused with a remedy before anything is written, or one event, created once."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from podemos.branches import collect, decisions, keys, publish, revisions
from podemos.branches.__main__ import main
from podemos.branches.chunk import arrow_type
from podemos.branches.decisions import Action
from podemos.branches.status import quarantined
from podemos.contracts.tables import contract
from podemos.core import manifest
from podemos.core.errors import DataFault
from podemos.core.store import MemoryStore

from .chain import CONFIG, NOW, finish, land, night, part, plan

PAGOS = contract("pagos").compiled()
WHO = {"reason": "autorizado por cobranza", "by": "ana", "clock": lambda: NOW}
ORPHAN = (7, 99, 3, Decimal("8.00"), "2026-11-19 10:00:00", "PAGADO", None, "2026-11-19 10:00:01.000001")
UNDATED = (8, 2, 3, Decimal("8.10"), "0000-00-00 00:00:00", "PAGADO", "a\x00b", "2026-11-19 10:00:01.000001")


def waiting(lake: MemoryStore, rev: str = "r1") -> dict[str, Any]:
    """Quarantine of branch 017: an orphan, and a row with two faults of its own."""
    rows = [(*ORPHAN, 17, 5, "padre_desconocido", "prestamos 99"), (*UNDATED, 17, 5, "fecha_imposible", "fecha_pago")]
    names = [*(c.name for c in PAGOS.columns), "id_sucursal", "snapshot_seq", "motivo", "detalle"]
    types = [*(arrow_type(c) for c in PAGOS.columns), pa.int64(), pa.int64(), pa.string(), pa.string()]
    arrays = [pa.array(values, kind) for values, kind in zip(zip(*rows, strict=True), types, strict=True)]
    buffer = io.BytesIO()
    pq.write_table(pa.table(arrays, names=names), buffer)
    key = f"quarantine/pagos/rev={rev}/a.parquet"
    lake.put_new(key, buffer.getvalue(), "")
    return {"key": key, "rows": len(rows), "sha256": manifest.sha256(buffer.getvalue())}


@pytest.fixture
def lake() -> MemoryStore:
    lake = MemoryStore()
    land(lake, part("017", 5))
    night(lake, waiting=waiting(lake))
    return lake


def decide(
    lake: MemoryStore, action: Action, key: str, table: str = "pagos", branch: str = "017", **values: Any
) -> Any:
    return decisions.decide(lake, action, table, branch, key, values=values, **WHO)


@pytest.mark.parametrize(
    ("action", "key", "more", "said"),
    [
        (Action.ACCEPT, "41", {}, "does not wait in quarantine as of revision 1.*names the report that lists all keys"),
        (Action.ACCEPT, "7", {"branch": "018"}, "does not wait in quarantine"),
        (Action.ACCEPT, "7", {"table": "pago"}, "no table 'pago': there are clientes, pagos, prestamos"),
        (Action.ACCEPT, "8", {}, "fecha_imposible.*`correct` it, or have the branch correct it"),
        (Action.ACCEPT, "7", {"monto": "1"}, "accept takes none"),
        (Action.CORRECT, "8", {}, "correct needs --set"),
        (Action.CORRECT, "8", {"id_pago": "9"}, "part of the key"),
        (Action.CORRECT, "8", {"monto": "1.001"}, "up to 16 digits and 2 decimals"),
        (Action.CORRECT, "8", {"fecha_pago": "2026-11-19 10:00:00"}, "otros_datos holds a NUL; set it, too"),
    ],
)
def test_what_cannot_be_carried_out_is_refused_before_anything_is_written(
    lake: MemoryStore, action: Action, key: str, more: dict[str, Any], said: str
) -> None:
    with pytest.raises(DataFault, match=said):
        decide(lake, action, key, **more)
    assert list(lake.list(keys.DECISIONS)) == []


def test_an_event_says_who_when_why_and_of_which_content(lake: MemoryStore) -> None:
    values = {"fecha_pago": "2026-11-19 10:00:00", "otros_datos": None, "monto": "8.1"}
    ref, event = decide(lake, Action.CORRECT, "8", **values)
    assert event["set"] == values | {"monto": "8.10"}
    assert (event["by"], event["at"], event["reason"]) == ("ana", "2026-11-19T20:00:00.000000Z", WHO["reason"])
    assert event["waited_for"] == {"reason": "fecha_imposible", "detail": "fecha_pago"}
    own = {c.name: None if v is None else str(v) for c, v in zip(PAGOS.columns, UNDATED, strict=True)}
    assert event["row"] == decisions.content(PAGOS, own)
    assert ref.key == f"decisions/branches/pagos/sucursal=017/{event['row']}.json"


def test_of_two_decisions_about_one_row_the_first_stands(lake: MemoryStore) -> None:
    first, _ = decide(lake, Action.ACCEPT, "7")
    assert decide(lake, Action.ACCEPT, "7")[0] == first, "the same again says the same"
    with pytest.raises(DataFault, match="decided by ana at 2026-11-19.*stands until the branch sends the row anew"):
        decide(lake, Action.CORRECT, "7", id_prestamo="2")


def test_a_decision_alone_is_work_for_a_curation_and_for_one_only(lake: MemoryStore) -> None:
    """Nothing was landed: without the decision there would be no job, and the revision before would stand."""
    ref, _ = decide(lake, Action.ACCEPT, "7")
    assert any("pagos 7 (padre_desconocido): accept by ana" in line for line in quarantined(lake))
    plan_key = plan(lake)
    assert lake.head(keys.result_of(plan_key)) is None
    (entry,) = manifest.read(lake, plan_key)[0]["decisions"]["pagos"]
    assert (entry["event"], entry["branch"], entry["key"], entry["action"]) == (ref.key, "017", "7", "accept")
    finish(lake, plan_key, "r2")
    publish.publish_revision(plan_key, lake=lake)
    found = revisions.latest(lake)
    assert found is not None
    assert found.number == 2
    again = collect.plan_curation([], lake=lake, clock=lambda: NOW, config=CONFIG)
    assert lake.head(keys.result_of(again)) is not None, "nothing new"


def test_the_command_needs_each_column_once(capsys: pytest.CaptureFixture[str]) -> None:
    where = ["--table", "pagos", "--branch", "017", "--key", "8", "--reason", "r", "--by", "ana"]
    endpoint = ["--endpoint", "http://127.0.0.1:1"]
    assert main(["quarantine", "correct", *where, *endpoint, "--set", "monto"]) == 2
    assert "write column=value" in capsys.readouterr().err
