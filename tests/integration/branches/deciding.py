"""What an operator decides about quarantined payments, and what warehouse and certificate then say of it."""

from __future__ import annotations

from typing import Any

from podemos.branches import decisions, quarantine_report, revisions
from podemos.branches.__main__ import main
from podemos.core import manifest

from .asking import ask
from .conftest import World

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}


def decide(world: World) -> dict[str, dict[str, str]]:
    """By the command line: one orphan is accepted as it is, another is given the loan it was meant for."""
    latest = revisions.latest(world.lake)
    assert latest is not None
    waiting = [row for row in quarantine_report.report(world.lake, latest)[0]["rows"] if row["table"] == "pagos"]
    accepted, corrected = waiting[:2]
    where = f"WHERE id_sucursal = {int(corrected['branch'])} AND NOT borrado"
    ((loan, client),) = ask(world, f"SELECT id_prestamo, id_cliente FROM core.prestamos {where} LIMIT 1")
    values = ["--set", f"id_prestamo={loan}", "--set", f"id_cliente={client}"]
    for action, row, more in (("accept", accepted, []), ("correct", corrected, values)):
        row_of = ["--table", "pagos", "--branch", row["branch"], "--key", row["key"]]
        who = ["--reason", "visto con la sucursal", "--by", "ana", "--endpoint", world.endpoint]
        assert main(["quarantine", action, *row_of, *who, *more]) == 0
    return {"accept": accepted, "correct": corrected | {"id_prestamo": loan}}


def assert_decided(
    world: World, revision: dict[str, Any], found: dict[str, Any], decided: dict[str, dict[str, Any]]
) -> None:
    for row in decided.values():
        where = f"WHERE id_sucursal = {int(row['branch'])} AND id_pago = {row['key']} AND NOT borrado"
        columns = "CAST(monto * 100 AS BIGINT), id_prestamo"
        ((cents, loan),) = ask(world, f"SELECT {columns} FROM core.pagos_historicos {where}")
        assert cents == row["cents"]
        assert loan == row.get("id_prestamo", loan)
    told = {one["action"]: one for one in decisions.in_force(world.lake, revision)}
    assert {action: (one["branch"], one["key"], one["by"]) for action, one in told.items()} == {
        action: (row["branch"], row["key"], "ana") for action, row in decided.items()
    }
    one = told["correct"]
    (ref,) = [ref for ref in found["certificates"] if f"/pagos/fecha={one['day']}/" in ref["key"]]
    certificate = manifest.read_ref(world.lake, ref)["branches"][one["branch"]]
    assert certificate["state"] == "certified"
    assert one in certificate["decisions"]
    assert certificate["source"] == certificate["winners"] != certificate["curated"] == certificate["warehouse"]
    assert certificate["original"]["cents"] == certificate["corrected"]["cents"] == decided["correct"]["cents"]
    assert certificate["original"]["digest"] != certificate["corrected"]["digest"]
