"""Whole nights on the local AWS: what is published, what is held, and what is said."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from podemos.core.manifest import read
from podemos.core.night import Night
from podemos.regulatory.notify import hold_message, message
from tests.integration.regulatory.conftest import World
from tests.integration.regulatory.nights import run
from tests.unit.regulatory.deliveries import (
    ALL,
    DAY,
    NIGHT,
    deliver,
    deliver_all,
    deliver_lake,
    encode,
    lines,
    only,
    payments,
    record,
)

LAKE, PLAIN, HASHED, BALANCED, MINOR = "sucursales", "tarjetas", "corresponsales", "nucleo_credito", "cajeros"
FEW = only(LAKE, PLAIN, BALANCED, MINOR)
COUNT = 40


def arrived(sources: Any) -> list[str]:
    return [f"{source.id}:arrived" for source in sources.sources]


@pytest.fixture
def delivered(world: World) -> World:
    world.load_history(COUNT)
    deliver_all(world.lake, COUNT, FEW)
    return world


def tampered(key: str, old: str, new: str, world: World) -> None:
    data = world.lake.get(key).decode()
    assert data.count(old) == 1
    world.lake.replace(key, data.replace(old, new).encode())


def test_fifteen_clean_sources_are_published_complete_to_the_cent(world: World) -> None:
    world.load_history(COUNT)
    ended = run(world, deliver_all(world.lake, COUNT))
    assert ended.outcome == "complete"
    assert ended.manifest is not None
    expected = sum(line.cents for source in ALL.sources[1:] for line in lines(source.id, COUNT))
    expected += sum(p.cents or 0 for p in payments(COUNT) if p.status == "PAGADO" and not p.deleted and p.day == DAY)
    assert (ended.manifest["movements"], ended.manifest["cents"]) == (14 * COUNT + COUNT - 3, expected)
    assert [file["name"] for file in ended.manifest["files"]] == ["movimientos.csv", "resumen.json"]
    told = message(ended.keys["publish"], reports=world.reports)
    assert told.subject == "Report 2026-11-19 complete v1"
    assert "597 movements" in told.body


def test_the_same_night_twice_publishes_nothing_new(delivered: World) -> None:
    first = run(delivered, arrived(FEW), sources=FEW)
    objects = [info.key for info in delivered.reports.list("")]
    again = run(delivered, arrived(FEW), sources=FEW, night=replace(NIGHT, start=NIGHT.start + timedelta(hours=1)))
    assert again.keys["publish"] == first.keys["publish"]
    assert [info.key for info in delivered.reports.list("")] == objects


def test_a_missing_minor_source_gives_a_partial_report_whose_exceptions_name_it(delivered: World) -> None:
    said = [f"{s.id}:{'missing' if s.id == MINOR else 'arrived'}" for s in FEW.sources]
    ended = run(delivered, said, sources=FEW)
    assert ended.outcome == "partial"
    listed = json.loads(delivered.reports.get(f"reports/{DAY}/v1/exceptions.json"))
    (gap,) = listed["sources"]
    assert (gap["source"], gap["state"], gap["expected"]) == (MINOR, "missing", None)
    assert gap["effect"] == "Faltan retiros en cajero"
    assert MINOR not in delivered.reports.get(f"reports/{DAY}/v1/movimientos.csv").decode()
    # it arrives after the seal: the next night restates, and the version says what it supersedes
    later = run(delivered, arrived(FEW), sources=FEW, night=replace(NIGHT, start=NIGHT.start + timedelta(hours=1)))
    assert later.outcome == "complete"
    assert later.manifest is not None
    assert later.manifest["version"] == 2
    assert later.manifest["supersedes"]["movements_change"] == COUNT
    assert "partial report restated as complete" in message(later.keys["publish"], reports=delivered.reports).body


def test_a_missing_critical_source_holds_and_the_notice_says_what_it_means(delivered: World) -> None:
    said = [f"{s.id}:{'missing' if s.id == BALANCED else 'arrived'}" for s in FEW.sources]
    ended = run(delivered, said, sources=FEW)
    assert ended.outcome == "hold"
    assert list(delivered.reports.list("")) == []
    told = hold_message(ended.keys["decide"], lake=delivered.lake)
    assert told.body.startswith("nucleo_credito is critical and missing: no control file before the cut-off at 03:45")
    assert "Nothing is published; 115 minutes of the night are left until 06:00." in told.body
    assert told.attributes["severity"] == "critical"
    assert (
        run(delivered, arrived(FEW), sources=FEW, night=replace(NIGHT, start=NIGHT.start + timedelta(hours=1))).outcome
        == "complete"
    )


def test_a_cent_changed_after_the_control_file_names_the_file_and_both_sums(world: World) -> None:
    few = only(LAKE, HASHED, MINOR)
    world.load_history(COUNT)
    deliver_lake(world.lake, payments(COUNT))
    key = deliver(world.lake, ALL.source(MINOR), lines(MINOR, COUNT))
    deliver(world.lake, ALL.source(HASHED), lines(HASHED, COUNT))
    tampered(key, ";10.00,", ";10.01,", world) if ";10.00," in world.lake.get(key).decode() else tampered(
        key, "CAJ-000000,10.00,", "CAJ-000000,10.01,", world
    )
    ended = run(world, arrived(few), sources=few)
    assert ended.outcome == "hold"
    total = sum(line.cents for line in lines(MINOR, COUNT))
    assert ended.reasons[0].startswith(
        f"cajeros, file datos-1: changed after its control file was written: expected 40 rows, {total / 100:,.2f}; "
        f"found 40 rows, {(total + 1) / 100:,.2f}"
    )
    assert list(world.reports.list("")) == []


def test_where_the_source_ships_row_hashes_the_edited_row_is_named(world: World) -> None:
    few = only(LAKE, HASHED)
    world.load_history(COUNT)
    deliver_lake(world.lake, payments(COUNT))
    key = deliver(world.lake, ALL.source(HASHED), lines(HASHED, COUNT), row_hashes=True)
    data = world.lake.get(key).decode("latin-1")
    world.lake.replace(key, data.replace("COR-000002;10.08;", "COR-000002;10.09;").encode("latin-1"))
    ended = run(world, arrived(few), sources=few)
    assert ended.outcome == "hold"
    assert "row 3 (COR-000002, MONTO 10.09) differs from the row hashes" in ended.reasons[0]


def test_two_swapped_amounts_are_seen_although_rows_and_cents_agree(delivered: World) -> None:
    key = f"regulatory/inbox/{PLAIN}/{DAY}/datos-1"
    rows = [record(ALL.source(PLAIN), line) for line in lines(PLAIN, COUNT)]
    rows[0]["importe"], rows[2]["importe"] = rows[2]["importe"], rows[0]["importe"]
    delivered.lake.replace(key, encode(ALL.source(PLAIN), rows))
    ended = run(delivered, arrived(FEW), sources=FEW)
    assert ended.outcome == "hold"
    assert ended.reasons[0].startswith("tarjetas, file datos-1: changed after its control file was written")


def test_a_cent_in_the_normalised_parquet_blocks_and_the_row_is_named(delivered: World) -> None:
    def edit(key: str) -> None:
        import io

        import pyarrow as pa
        import pyarrow.parquet as pq

        entry = next(e for e in read(delivered.lake, key)[0]["sources"] if e["source"] == PLAIN)
        table = pq.read_table(io.BytesIO(delivered.lake.get(entry["data"]["key"])))
        rows = table.to_pylist()
        rows[4]["monto"] += type(rows[4]["monto"])("0.01")
        sink = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), sink, compression="zstd")
        delivered.lake.replace(entry["data"]["key"], sink.getvalue())
        copy = json.loads(delivered.lake.get(read(delivered.lake, key)[0]["copy_manifest"]["key"]))
        for listed in copy["entries"]:
            if entry["data"]["key"] in listed["url"]:
                listed["meta"]["content_length"] = len(sink.getvalue())
        delivered.lake.replace(read(delivered.lake, key)[0]["copy_manifest"]["key"], json.dumps(copy).encode())

    ended = run(delivered, arrived(FEW), sources=FEW, after={"normalise": edit})
    assert ended.outcome == "hold"
    assert any("was changed after it was written" in reason for reason in ended.reasons)
    named = "tarjetas, 2026-11-19, TAR-000004: 10.16 in the source (row 5), 10.17 in the warehouse"
    assert named in ended.reasons


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        (
            "UPDATE core.movimientos SET monto = monto + 0.01 WHERE id_movimiento = '007-88016'",
            "sucursal 007, 2026-11-19, pago 88016: 1,250.16 at the till, 1,250.17 in the warehouse",
        ),
        (
            "UPDATE core.movimientos SET concepto = 'otro' WHERE id_movimiento = 'TAR-000004'",
            "tarjetas, 2026-11-19, TAR-000004: concepto differ(s) between the source (row 5) and the warehouse",
        ),
        (
            "DELETE FROM core.movimientos WHERE id_movimiento = 'TAR-000004'",
            "tarjetas, 2026-11-19, TAR-000004: 10.16 in the source (row 5), not in the warehouse",
        ),
        (
            "INSERT INTO core.movimientos SELECT * FROM core.movimientos WHERE id_movimiento = 'TAR-000004'",
            "tarjetas, 2026-11-19, TAR-000004: twice in the warehouse, 10.16",
        ),
        (
            "INSERT INTO core.movimientos SELECT fecha_contable, 'fantasma', id_movimiento, id_sucursal, id_cliente,"
            " tipo, monto, moneda, instante_utc, concepto, archivo_sha256, fila FROM core.movimientos"
            " WHERE id_movimiento = 'TAR-000004'",
            "fantasma: 1 movements of 2026-11-19 in the warehouse, but no such source in sources.yaml",
        ),
        (
            "UPDATE core.pagos_historicos SET monto = monto + 0.01 WHERE id_pago = 88016",
            "sucursal 007, 2026-11-19, pago 88016: 1,250.16 at the till, 1,250.17 in the warehouse",
        ),
    ],
    ids=["cent", "field", "lost", "doubled", "stranger", "history"],
)
def test_what_was_touched_in_the_warehouse_is_named_and_the_next_load_heals_it(
    delivered: World, sql: str, said: str
) -> None:
    ended = run(delivered, arrived(FEW), sources=FEW, after={"load": lambda _: delivered.run(sql)})
    assert ended.outcome == "hold"
    assert said in ended.reasons
    assert list(delivered.reports.list("")) == []
    delivered.load_history(COUNT)
    delivered.run("DELETE FROM core.movimientos WHERE id_sistema = 'fantasma'")
    again = run(delivered, arrived(FEW), sources=FEW, night=replace(NIGHT, start=NIGHT.start + timedelta(hours=1)))
    assert again.outcome == "complete"


def test_a_warehouse_changed_between_the_gate_and_the_build_is_not_published(delivered: World) -> None:
    from podemos.core.errors import DataFault

    touch = "UPDATE core.movimientos SET monto = monto + 0.01 WHERE id_movimiento = 'TAR-000004'"
    with pytest.raises(DataFault, match=r"report: tarjetas CARGO: 20 movements, .* changed meanwhile"):
        run(delivered, arrived(FEW), sources=FEW, after={"decide": lambda _: delivered.run(touch)})
    assert list(delivered.reports.list("")) == []


def test_rows_that_cannot_be_read_are_excepted_and_published_plus_excepted_is_expected(world: World) -> None:
    few = only(LAKE, PLAIN)
    world.load_history(COUNT)
    deliver_lake(world.lake, payments(COUNT))
    source, found = ALL.source(PLAIN), lines(PLAIN, COUNT)
    found[7] = replace(found[7], instant=found[7].instant + timedelta(days=1))
    rows = [record(source, line) for line in found]
    rows[5]["folio"] = rows[4]["folio"]
    rows[9]["naturaleza"] = "X"
    deliver(world.lake, source, found, rows=rows)
    ended = run(world, arrived(few), sources=few)
    assert ended.outcome == "complete"
    assert ended.manifest is not None
    listed = json.loads(world.reports.get(f"reports/{DAY}/v1/exceptions.json"))
    assert [(m["fila"], m["reason"]) for m in listed["movements"]] == [
        (6, "duplicate_id"),
        (8, "wrong_day"),
        (10, "unknown_type"),
    ]
    (gap,) = listed["sources"]
    assert gap["published"]["rows"] + gap["excepted"]["rows"] == gap["expected"]["rows"] == COUNT
    assert gap["published"]["cents"] + gap["excepted"]["cents"] == gap["expected"]["cents"]


def test_an_unreadable_file_is_excepted_whole_and_counts_as_a_missing_source(delivered: World) -> None:
    few = only(LAKE, PLAIN)
    source = ALL.source("remesas")
    few = only(LAKE, PLAIN, "remesas")
    found = lines("remesas", COUNT)
    whole = encode(source, [record(source, line) for line in found])
    import hashlib

    cut = whole[: len(whole) // 2]
    folder = f"regulatory/inbox/remesas/{DAY}/"
    cents = sum(line.cents for line in found)
    listed = {"name": "d.csv.gz", "rows": COUNT, "cents": cents, "sha256": hashlib.sha256(cut).hexdigest()}
    control = {"source": "remesas", "business_date": str(DAY), "files": [listed], "rows": COUNT, "cents": cents}
    delivered.lake.put_new(f"{folder}d.csv.gz", cut)
    delivered.lake.put_new(f"{folder}control.json", json.dumps(control).encode())
    ended = run(delivered, arrived(few), sources=few)
    assert ended.outcome == "partial"
    document = json.loads(delivered.reports.get(f"reports/{DAY}/v1/exceptions.json"))
    (gap,) = document["sources"]
    assert (gap["source"], gap["state"], gap["excepted"]["rows"], gap["excepted"]["cents"]) == (
        "remesas",
        "excepted",
        COUNT,
        cents,
    )
    assert "d.csv.gz: unreadable after record" in gap["reason"]
    with pytest.raises(EOFError):
        gzip.decompress(cut)


def test_an_unbalanced_system_is_named_by_file(world: World) -> None:
    few = only(LAKE, BALANCED)
    world.load_history(COUNT)
    deliver_lake(world.lake, payments(COUNT))
    found = lines(BALANCED, COUNT)
    found[0] = replace(found[0], cents=found[0].cents + 1)
    deliver(world.lake, ALL.source(BALANCED), found)
    ended = run(world, arrived(few), sources=few)
    assert ended.outcome == "hold"
    assert "nucleo_credito, file datos-1: cargos" in ended.reasons[0]
    assert "off by 0.01" in ended.reasons[0]


def test_an_unknown_client_is_listed_and_published(world: World) -> None:
    few = only(LAKE, PLAIN)
    world.load_history(COUNT)
    deliver_lake(world.lake, payments(COUNT))
    found = lines(PLAIN, COUNT)
    found[0] = replace(found[0], client=999_999)
    found[6] = replace(found[6], client=888_888)
    assert found[6].branch is None
    deliver(world.lake, ALL.source(PLAIN), found)
    ended = run(world, arrived(few), sources=few)
    assert ended.outcome == "complete"
    summary = json.loads(world.reports.get(f"reports/{DAY}/v1/resumen.json"))
    cents = found[0].cents + found[6].cents
    assert summary["completeness"]["unknown_clients"] == [{"source": PLAIN, "movements": 2, "cents": cents}]


def test_uncertified_branches_are_listed_and_a_differing_branch_holds(world: World) -> None:
    few = only(LAKE)
    world.load_history(COUNT)
    states = [{"id": f"{n:03d}", "state": "certified", "as_of": None} for n in range(1, 11)]
    states[2] |= {"state": "missing", "as_of": "2026-11-18T03:00:00.000000Z"}
    deliver_lake(world.lake, payments(COUNT), branches=states)
    ended = run(world, arrived(few), sources=few)
    assert ended.outcome == "complete"
    summary = json.loads(world.reports.get(f"reports/{DAY}/v1/resumen.json"))
    assert [b["id"] for b in summary["completeness"]["branches_not_certified"]] == ["003"]
    assert [file["name"] for file in (ended.manifest or {})["files"]][-1] == "exceptions.json"


def test_a_row_removed_from_the_sealed_input_disappears_from_the_warehouse(delivered: World) -> None:
    run(delivered, arrived(FEW), sources=FEW)
    found = [line for line in lines(MINOR, COUNT) if line.id != "CAJ-000003"]
    deliver(delivered.lake, ALL.source(MINOR), found, control="control-2.json", name="datos-2")
    ended = run(delivered, arrived(FEW), sources=FEW, night=replace(NIGHT, start=NIGHT.start + timedelta(hours=1)))
    assert ended.manifest is not None
    assert (ended.manifest["version"], ended.manifest["supersedes"]["movements_change"]) == (2, -1)


def test_a_rehearsal_publishes_apart_and_is_chained_to_the_rehearsal_before(delivered: World) -> None:
    rehearsal = Night(DAY, NIGHT.start, 60)
    ended = run(delivered, arrived(FEW), sources=FEW, night=rehearsal)
    assert ended.keys["publish"] == f"reports/rehearsal/{DAY}/v1/manifest.json"


def test_a_published_manifest_is_signed_and_the_signature_verifies(delivered: World) -> None:
    from podemos.regulatory.kms import kms_signer

    key = delivered.kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["KeyId"]
    ended = run(delivered, arrived(FEW), sources=FEW, signer=kms_signer(delivered.kms, key))
    import base64
    import hashlib

    signed = json.loads(delivered.reports.get(f"reports/{DAY}/v1/manifest.sig.json"))
    data = delivered.reports.get(ended.keys["publish"])
    assert signed["manifest_sha256"] == hashlib.sha256(data).hexdigest()
    assert delivered.kms.verify(
        KeyId=key,
        Message=hashlib.sha256(data).digest(),
        MessageType="DIGEST",
        SigningAlgorithm=signed["algorithm"],
        Signature=base64.b64decode(signed["signature"]),
    )["SignatureValid"]
