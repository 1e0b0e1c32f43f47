"""A published report in the platform's form, made from the truth, so that a test can plant one lie in it."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date
from typing import Any

from local.branches.truth import ExpectedMovement
from local.judge.expected import Truth, assemble
from local.sources.day import Content, NightClock, Record
from local.sources.generate import movements_of
from tests.integration.sources_sim.sample import DAY

URI = "s3://podemos-reports/reports/rehearsal/2026-11-19/v1/"
HEADER = [
    "fecha_contable", "id_sistema", "id_movimiento", "id_sucursal", "id_cliente", "tipo", "monto", "moneda",
    "instante_utc", "concepto",
]  # fmt: skip
PAYMENTS = [
    ExpectedMovement(17, 88213, 125_000, DAY, "PAGADO", ()),
    ExpectedMovement(17, 88214, 99, DAY, "PENDIENTE", ()),
    ExpectedMovement(17, 88215, 70_010, DAY, "PAGADO", ("prestamos",)),
    ExpectedMovement(104, 9007199254740993, 1, DAY, "PAGADO", ()),
]

Row = dict[str, str]


@dataclass
class Draft:
    """A report before it is written; tests change it."""

    rows: list[Row]
    excepted: list[dict[str, Any]]
    missing_sources: set[str] = field(default_factory=set)
    missing_branches: set[str] = field(default_factory=set)
    business_date: date = DAY

    def row(self, source_id: str, movement: str | None = None) -> Row:
        """The first row of a source, or the one of that id."""
        return next(
            row for row in self.rows if row["id_sistema"] == source_id and movement in (None, row["id_movimiento"])
        )

    def drop(self, source_id: str) -> None:
        """Take all rows of a source out."""
        self.rows = [row for row in self.rows if row["id_sistema"] != source_id]


def truth_of(content: Content, offline: tuple[str, ...] = (), *, night: NightClock | None = None, **late: str) -> Truth:
    """Everybody delivered at 02:10 of a real night, but for `late`: source id -> instant, or empty for never."""
    delivered = {system.id: "2026-11-20T08:10:00+00:00" for system in content.configured} | late
    arrived = {source_id: instant for source_id, instant in delivered.items() if instant}
    clock = night or NightClock("2026-11-20T08:00:00+00:00", 3600)
    return assemble(Record(content, clock, arrived), PAYMENTS, offline)


def honest(content: Content, payments: Sequence[ExpectedMovement] = PAYMENTS) -> Draft:
    """What a correct platform publishes on a complete night."""
    rows, excepted = [], []
    for payment in payments:
        name = f"{payment.id_sucursal:03d}-{payment.id_pago}"
        if payment.missing:
            excepted.append(
                {"source": "sucursales", "file": "control-0001.json", "fila": 0, "id_movimiento": name,
                 "reason": "quarantined", "detail": "no loan", "cents": payment.cents, "rows": 1}
            )  # fmt: skip
        elif payment.status_pago == "PAGADO":
            instant = "2026-11-19T18:00:00.000000Z"
            rows.append(_row("sucursales", name, payment.id_sucursal, 7, "ABONO", payment.cents, instant, ""))
    for system in content.configured:
        for group in movements_of(content, system):
            for one in group:
                instant = one.instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
                rows.append(
                    _row(system.id, one.id_movimiento, one.id_sucursal, one.id_cliente, one.tipo, one.cents, instant,
                         one.concepto or "")
                )  # fmt: skip
    return Draft(sorted(rows, key=lambda row: (row["id_sistema"], row["id_movimiento"])), excepted)


def write(client: Any, draft: Draft, content: Content, after: Callable[[dict[str, bytes]], None] | None = None) -> str:
    """Publish the draft, consistent with itself; `after` changes files once the manifest is made. Returns the URI."""
    files = {"movimientos.csv": _csv(draft.rows), "resumen.json": _json(_summary(draft, content))}
    if draft.excepted or draft.missing_sources or draft.missing_branches:
        files["exceptions.json"] = _json(_exceptions(draft))
    manifest = {
        "business_date": draft.business_date.isoformat(),
        "outcome": _outcome(draft),
        "files": [{"name": n, "sha256": hashlib.sha256(d).hexdigest(), "bytes": len(d)} for n, d in files.items()],
        "movements": len(draft.rows),
        "cents": sum(map(_cents, draft.rows)),
    }
    if after is not None:
        after(files)
    prefix = URI.removeprefix("s3://podemos-reports/")
    for name, data in {**files, "manifest.json": _json(manifest)}.items():
        client.put_object(Bucket="podemos-reports", Key=prefix + name, Body=data)
    return URI


def _row(system: str, name: str, branch: int, client: int, tipo: str, cents: int, instant: str, concept: str) -> Row:
    amount = f"{cents // 100}.{cents % 100:02d}"
    values = (DAY.isoformat(), system, name, str(branch), str(client), tipo, amount, "MXN", instant, concept)
    return dict(zip(HEADER, values, strict=True))


def _cents(row: Row) -> int:
    return int(row["monto"].replace(".", ""))


def _csv(rows: list[Row]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, HEADER, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _json(document: dict[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, sort_keys=True).encode()


def _outcome(draft: Draft) -> str:
    return "partial" if draft.missing_sources else "complete"


def _summary(draft: Draft, content: Content) -> dict[str, Any]:
    counts, cents = Counter[tuple[str, str]](), Counter[tuple[str, str]]()
    for row in draft.rows:
        counts[row["id_sistema"], row["tipo"]] += 1
        cents[row["id_sistema"], row["tipo"]] += _cents(row)
    return {
        "business_date": draft.business_date.isoformat(),
        "outcome": _outcome(draft),
        "movements": len(draft.rows),
        "cents": sum(map(_cents, draft.rows)),
        "sources": [
            {
                "id": source_id,
                "state": "missing" if source_id in draft.missing_sources else "sealed",
                "published": {
                    tipo: {"movements": counts[source_id, tipo], "cents": cents[source_id, tipo]}
                    for tipo in ("CARGO", "ABONO")
                },
            }
            for source_id in ["sucursales", *(system.id for system in content.configured)]
        ],
        "completeness": {
            "branches_not_certified": [{"id": b, "state": "missing", "as_of": None} for b in draft.missing_branches],
            "excepted_movements": sum(one["rows"] for one in draft.excepted),
        },
    }


def _exceptions(draft: Draft) -> dict[str, Any]:
    return {
        "business_date": draft.business_date.isoformat(),
        "sources": [{"source": one, "state": "missing"} for one in draft.missing_sources],
        "movements": draft.excepted,
        "branches": [{"id": b, "state": "missing", "as_of": None} for b in draft.missing_branches],
    }
