"""A small night's content: what fourteen systems and the branch lake hold, and the objects in which they deliver it."""

from __future__ import annotations

import hashlib
import io
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from local.sources.catalog import System, systems
from local.sources.day import Content
from local.sources.formats import encode, row_hash
from local.sources.generate import Delivery, generate
from podemos.contracts.tables import contract
from podemos.core.fingerprint import of_rows
from podemos.core.manifest import canonical, sha256
from podemos.regulatory.keys import inbox

DAY = date(2026, 11, 19)
LAKE = "sucursales"
CLIENTS = {1: (11, 12, 13), 2: (21, 22), 3: (31,)}
PAGOS = contract("pagos").compiled()


def curated_key(day: date) -> str:
    """The key of the lake's one curated file of a day."""
    return f"curated/pagos/fecha={day}/rev=1/part-0.parquet"


CURATED_KEY = curated_key(DAY)
REVISION_KEY = "manifests/branches/revisions/000000000001.json"
SYSTEMS = {system.id: system for system in systems()}


@dataclass(frozen=True, slots=True)
class Payment:
    """One row of curated `pagos`."""

    branch: int
    id: int
    client: int
    cents: int
    moment: datetime
    day: date = DAY
    status: str = "PAGADO"
    deleted: bool = False

    @property
    def name(self) -> str:
        """Its id as a movement."""
        return f"{self.branch:03d}-{self.id}"

    @property
    def counts(self) -> bool:
        """Whether it is a movement of the day."""
        return self.counts_on(DAY)

    def counts_on(self, day: date) -> bool:
        """Whether it is a movement of that day."""
        return self.day == day and self.status == "PAGADO" and not self.deleted


@dataclass
class Night:
    """Everything that is delivered for one night.

    Attributes:
        content: what the simulators draw from.
        deliveries: per system.
        payments: of the branch lake.
    """

    content: Content
    deliveries: dict[str, Delivery] = field(default_factory=dict)
    payments: list[Payment] = field(default_factory=list)

    def objects(self) -> Iterator[tuple[str, bytes]]:
        """Keys and contents in the order of delivery, control files last within each source."""
        yield from self.lake()
        for delivery in self.deliveries.values():
            yield from delivery.objects()

    def lake(self) -> Iterator[tuple[str, bytes]]:
        """The branch lake's part."""
        yield from lake_objects(self.payments, self.content.business_date)


def draw_night(seed: int, block: int, rows: int = 8, day: date = DAY) -> Night:
    """The content of one block of cases."""
    content = Content(day, CLIENTS, rows=rows, seed=seed * 1_000_003 + block)
    rng = random.Random(f"payments/{seed}/{block}")
    start = datetime(day.year, day.month, day.day, 6, tzinfo=UTC)
    payments = []
    for at in range(rows + 3):
        branch = rng.choice(list(CLIENTS))
        moment = start + timedelta(seconds=rng.randrange(1, 86_399))
        cents = rng.choice((1, 99, 100, 125_000, rng.randrange(1, 5_000_000)))
        payments.append(Payment(branch, 88_000 + at, rng.choice(CLIENTS[branch]), cents, moment, day))
    payments[rows] = replace(payments[rows], status="PENDIENTE")
    payments[rows + 1] = replace(payments[rows + 1], deleted=True)
    tomorrow = payments[rows + 2]
    payments[rows + 2] = replace(tomorrow, day=day + timedelta(days=1), moment=tomorrow.moment + timedelta(days=1))
    return Night(content, {s.id: generate(content, s) for s in content.configured}, payments)


def curated(payments: Sequence[Payment]) -> bytes:
    """The payments as curation writes them."""
    columns = [column.name for column in PAGOS.curated_columns()]
    rows = []
    for p in payments:
        local = (p.moment - timedelta(hours=6)).strftime("%Y-%m-%d %H:%M:%S")
        utc = p.moment.replace(tzinfo=None)
        row: dict[str, Any] = {"id_sucursal": p.branch, "id_pago": p.id, "id_prestamo": p.id % 100 + 1}
        row |= {"id_cliente": p.client, "monto": Decimal(p.cents).scaleb(-2), "fecha_pago_origen": local}
        row |= {"fecha_pago_utc": utc, "fecha_pago": p.day, "status_pago": p.status}
        row |= {"otros_datos": None if p.id % 2 else "caja 1, años", "updated_at_origen": f"{local}.000000"}
        row |= {"updated_at_utc": utc, "fecha_contable": p.day, "snapshot_seq": 1, "borrado": p.deleted}
        rows.append(row)
    types: dict[str, pa.DataType] = dict.fromkeys(columns, pa.int64())
    types |= {"monto": pa.decimal128(18, 2), "fecha_pago_utc": pa.timestamp("us"), "updated_at_utc": pa.timestamp("us")}
    types |= {"fecha_pago": pa.date32(), "fecha_contable": pa.date32(), "borrado": pa.bool_()}
    types |= dict.fromkeys(("fecha_pago_origen", "status_pago", "otros_datos", "updated_at_origen"), pa.string())
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema=pa.schema([(c, types[c]) for c in columns])), sink)
    return sink.getvalue()


def lake_objects(payments: Sequence[Payment], day: date = DAY) -> Iterator[tuple[str, bytes]]:
    """The curated file, the revision that holds it, and the control file by which the lake delivers."""
    data = curated(payments)
    yield curated_key(day), data
    revision = canonical({"files": [curated_key(day)]})
    yield REVISION_KEY, revision
    names = [f"{c.name}_origen" if c.kind.temporal else c.name for c in PAGOS.columns if c.fingerprint]
    table = pq.read_table(io.BytesIO(data)).to_pylist()
    moving = [row for row, payment in zip(table, payments, strict=True) if payment.counts_on(day)]
    texts = [[None if row[name] is None else str(row[name]) for name in names] for row in moving]
    total = of_rows(texts, [int(row["monto"].scaleb(2)) for row in moving])
    whole = sum(payment.cents for payment in payments)
    file = {"key": curated_key(day), "rows": len(payments), "cents": whole, "sha256": sha256(data)}
    document = {
        "source": LAKE,
        "business_date": day.isoformat(),
        "kind": "lake",
        "revision": {"key": REVISION_KEY, "sha256": sha256(revision)},
        "certificates": [],
        "files": [file],
        "rows": total.count,
        "cents": total.cents,
        "digest": str(total.digest),
        "excepted": [],
        "excepted_rows": 0,
        "excepted_cents": 0,
        "branches": [{"id": f"{branch:03d}", "state": "certified", "as_of": None} for branch in CLIENTS],
    }
    yield f"{inbox(LAKE, day)}control-0001.json", json.dumps(document).encode()


def redelivered(delivery: Delivery, system: System, files: dict[str, list[Any]], *, control: bool) -> Delivery:
    """The delivery with other movements in some files; with `control`, as its own system's truth.

    Args:
        delivery: as generated.
        system: that delivers.
        files: movements by file name.
        control: whether control file and row hashes are made of the changed files.
    """
    found = [
        replace(file, movements=tuple(files[file.name]), data=encode(system, files[file.name]))
        if file.name in files
        else file
        for file in delivery.files
    ]
    if not control:
        return replace(delivery, files=tuple(found))
    document = json.loads(delivery.control)
    for listed, file in zip(document["files"], found, strict=True):
        cents = sum(movement.cents for movement in file.movements)
        digest = hashlib.sha256(file.data).hexdigest()
        listed |= {"rows": len(file.movements), "cents": cents, "sha256": digest}
    for name in ("rows", "cents"):
        document[name] = sum(listed[name] for listed in document["files"])
    hashes = delivery.row_hashes
    if hashes is not None:
        rows = [(m.id_movimiento, row_hash(system, m)) for file in found for m in file.movements]
        hashes = "".join(json.dumps({"id_movimiento": i, "sha256": h}) + "\n" for i, h in rows).encode()
    return Delivery(delivery.source_id, delivery.business_date, tuple(found), hashes, json.dumps(document).encode())
