"""Source files for the tests of the report: three styles of naming, three formats, gzip, and the branch lake."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import json
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from podemos.contracts.sources import Source, Sources, sources
from podemos.contracts.tables import contract
from podemos.core.fingerprint import of_rows, row_text
from podemos.core.manifest import commit
from podemos.core.night import Night
from podemos.core.store import MemoryStore, ObjectStore
from podemos.core.zones import zone_table
from podemos.regulatory.keys import inbox

DAY = date(2026, 11, 19)
NIGHT = Night.scheduled(DAY)
ALL = sources()
FIELDS = ("id_movimiento", "monto", "tipo", "instante", "id_sucursal", "id_cliente", "concepto", "moneda")


def only(*ids: str) -> Sources:
    """A configuration of a few sources."""
    return Sources(sources=tuple(ALL.source(i) for i in ids))


def clock() -> datetime:
    """04:05 of the night."""
    return NIGHT.at("04:05")


@dataclass(frozen=True)
class Line:
    """One movement as its source knows it."""

    id: str
    cents: int
    tipo: str
    instant: datetime
    branch: int | None
    client: int | None
    concept: str | None


def lines(source_id: str, count: int, day: date = DAY) -> list[Line]:
    """Movements of a day: each charge is followed by a credit of the same amount, so that balanced systems balance."""
    noon = zone_table().instant_at(day, "00:00")
    found = []
    for at in range(count):
        pair = at // 2
        found.append(
            Line(
                id=f"{source_id[:3].upper()}-{at:06d}",
                cents=10_00 + 7 * pair + pair % 100,
                tipo="CARGO" if at % 2 == 0 else "ABONO",
                instant=noon + timedelta(seconds=(at * 40) % 86_000, microseconds=0),
                branch=None if at % 7 == 6 else at % 3 + 1,
                client=None if at % 5 == 4 else at % 50 + 1,
                concept=None if at % 11 == 10 else f'Depósito "{at}"; años, ñ|\t{at}',
            )
        )
    return found


def record(source: Source, line: Line) -> dict[str, Any]:
    """The line in the source's own names, codes and units."""
    m = source.mapping
    assert m is not None
    codes = {canonical: code for code, canonical in m.tipo_values.items()}
    amount: Any = line.cents
    if m.monto_unit == "pesos":
        amount = Decimal(line.cents).scaleb(-2) if source.format == "parquet" else f"{Decimal(line.cents).scaleb(-2)}"
    if m.instante_zone:
        instant = zone_table().local(m.instante_zone, line.instant).strftime("%Y-%m-%d %H:%M:%S")
    else:
        instant = line.instant.strftime("%Y-%m-%dT%H:%M:%SZ")
    values = (line.id, amount, codes[line.tipo], instant, line.branch, line.client, line.concept, "MXN")
    return {getattr(m, f): v for f, v in zip(FIELDS, values, strict=True) if getattr(m, f)}


def encode(source: Source, records: list[dict[str, Any]], header: list[str] | None = None) -> bytes:
    """The file of these records."""
    names = header or list(records[0])
    if source.format == "csv":
        text = io.StringIO(newline="")
        writer = csv.writer(text, delimiter=source.delimiter, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([["" if r.get(n) is None else r[n] for n in names] for r in records])
        data = text.getvalue().encode(source.encoding)
    elif source.format == "jsonl":
        data = "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records).encode()
    else:
        sink = io.BytesIO()
        pq.write_table(pa.Table.from_pylist(records), sink)
        data = sink.getvalue()
    return gzip.compress(data, mtime=0) if source.compression == "gzip" else data


def deliver(
    store: ObjectStore,
    source: Source,
    found: list[Line],
    *,
    day: date = DAY,
    row_hashes: bool = False,
    control: str = "control.json",
    name: str = "datos-1",
    rows: list[dict[str, Any]] | None = None,
    **changed: Any,
) -> str:
    """Puts a file and then its control file, which states the totals of `found`; returns the data file's key."""
    records = [record(source, line) for line in found] if rows is None else rows
    data = encode(source, records, list(record(source, found[0])) if found else None)
    folder = inbox(source.id, day)
    store.put_new(folder + name, data)
    cents = sum(line.cents for line in found)
    document: dict[str, Any] = {
        "source": source.id,
        "business_date": day.isoformat(),
        "files": [{"name": name, "rows": len(found), "cents": cents, "sha256": hashlib.sha256(data).hexdigest()}],
        "rows": len(found),
        "cents": cents,
        "row_hashes": None,
    }
    if row_hashes:
        listed = [{"id_movimiento": ln.id, "sha256": _hash(source, record(source, ln))} for ln in found]
        store.put_new(f"{folder}row_hashes.jsonl", "".join(json.dumps(r) + "\n" for r in listed).encode())
        document["row_hashes"] = "row_hashes.jsonl"
    store.put_new(folder + control, json.dumps(document | changed).encode())
    return folder + name


def _hash(source: Source, row: dict[str, Any]) -> str:
    names = [getattr(source.mapping, f) for f in FIELDS if getattr(source.mapping, f)]
    cell = "" if source.format == "csv" else None
    texts = (cell if row[n] is None else str(row[n]) for n in names)
    return hashlib.sha256(row_text(texts)).hexdigest()


@dataclass(frozen=True)
class Payment:
    """One row of curated `pagos`."""

    branch: int
    id: int
    cents: int | None
    day: date = DAY
    status: str = "PAGADO"
    deleted: bool = False


def payments(count: int) -> list[Payment]:
    """Payments of ten branches, among them some that are no movements of the day."""
    found = [Payment(at % 10 + 1, 88_000 + at, 125_000 + at) for at in range(count)]
    found[3] = replace(found[3], status="PENDIENTE")
    found[4] = replace(found[4], deleted=True)
    found[5] = replace(found[5], day=DAY + timedelta(days=1))
    return found


def curated(found: list[Payment]) -> pa.Table:
    """The payments as curation writes them."""
    columns = [c.name for c in contract("pagos").compiled().curated_columns()]
    rows = []
    for at, p in enumerate(found):
        moment = datetime(p.day.year, p.day.month, p.day.day, 18, 0, tzinfo=UTC) + timedelta(seconds=at % 3600)
        text = (moment - timedelta(hours=6)).strftime("%Y-%m-%d %H:%M:%S")
        rows.append(
            {
                "id_sucursal": p.branch,
                "id_pago": p.id,
                "id_prestamo": p.id % 100,
                "id_cliente": at % 50 + 1,
                "monto": None if p.cents is None else Decimal(p.cents).scaleb(-2),
                "fecha_pago_origen": text,
                "fecha_pago_utc": moment,
                "fecha_pago": p.day,
                "status_pago": p.status,
                "otros_datos": None if at % 2 else "caja 1, años",
                "updated_at_origen": f"{text}.000000",
                "updated_at_utc": moment,
                "fecha_contable": p.day,
                "snapshot_seq": 1,
                "borrado": p.deleted,
            }
        )
    types = {"monto": pa.decimal128(18, 2), "fecha_pago_utc": pa.timestamp("us"), "updated_at_utc": pa.timestamp("us")}
    types |= {"fecha_pago": pa.date32(), "fecha_contable": pa.date32(), "borrado": pa.bool_()}
    texts = ("fecha_pago_origen", "status_pago", "otros_datos", "updated_at_origen")
    types |= dict.fromkeys(texts, pa.string())
    return pa.Table.from_pylist(rows, schema=pa.schema([(c, types.get(c, pa.int64())) for c in columns]))


def deliver_lake(store: ObjectStore, found: list[Payment], **changed: Any) -> str:
    """Puts a curated file and the lake's control file; returns the curated key."""
    table = curated(found)
    sink = io.BytesIO()
    pq.write_table(table, sink)
    data = sink.getvalue()
    key = f"curated/pagos/fecha={DAY}/rev=1/part-0.parquet"
    store.put_new(key, data)
    revision = commit(store, "manifests/branches/revisions/000000000001.json", {"files": [key]})
    movements = [r for r in table.to_pylist() if r["fecha_contable"] == DAY and r["status_pago"] == "PAGADO"]
    movements = [r for r in movements if not r["borrado"]]
    names = [
        f"{c.name}_origen" if c.kind.temporal else c.name for c in contract("pagos").compiled().columns if c.fingerprint
    ]
    rows = [[None if r[n] is None else str(r[n]) for n in names] for r in movements]
    total = of_rows(rows, [int(r["monto"].scaleb(2)) if r["monto"] is not None else 0 for r in movements])
    whole = sum(p.cents or 0 for p in found)
    document = {
        "source": "sucursales",
        "business_date": DAY.isoformat(),
        "kind": "lake",
        "revision": revision.to_dict(),
        "certificates": [],
        "files": [{"key": key, "rows": len(found), "cents": whole, "sha256": hashlib.sha256(data).hexdigest()}],
        "rows": total.count,
        "cents": total.cents,
        "digest": str(total.digest),
        "excepted": [],
        "excepted_rows": 0,
        "excepted_cents": 0,
        "branches": [{"id": f"{n:03d}", "state": "certified", "as_of": None} for n in range(1, 11)],
    }
    store.put_new(f"{inbox('sucursales', DAY)}control-0001.json", json.dumps(document | changed).encode())
    return key


def deliver_all(store: ObjectStore, count: int, configured: Sources = ALL) -> list[str]:
    """Every source delivers on time; returns what the sensors say."""
    for at, source in enumerate(configured.sources):
        if source.format == "lake":
            deliver_lake(store, payments(count))
        else:
            deliver(store, source, lines(source.id, count), row_hashes=at % 2 == 0)
    return [f"{source.id}:arrived" for source in configured.sources]


def memory() -> MemoryStore:
    """An empty lake."""
    return MemoryStore("podemos-lake")
