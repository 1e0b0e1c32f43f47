"""Files: every mapping style in every format, and the ways a file breaks."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from podemos.contracts.sources import Source
from podemos.regulatory.readers import UnreadableFile, records
from podemos.regulatory.row_hashes import row_hash
from podemos.regulatory.rows import Reason, RowFault, RowReader
from tests.unit.regulatory.deliveries import ALL, DAY, encode, lines, record

STYLES = ("tarjetas", "spei", "corresponsales")
FORMATS = (
    {"format": "csv"},
    {"format": "csv", "delimiter": "\t", "compression": "gzip"},
    {"format": "csv", "delimiter": "|", "encoding": "latin-1"},
    {"format": "jsonl"},
    {"format": "jsonl", "compression": "gzip"},
    {"format": "parquet"},
)


def variant(source_id: str, **changed: Any) -> Source:
    plain = {"format": "csv", "delimiter": ",", "encoding": "utf-8", "compression": None}
    return Source(**ALL.source(source_id).model_dump() | plain | changed)


def items(source: Source, data: bytes, tmp_path: Path) -> list[Any]:
    path = tmp_path / "file"
    path.write_bytes(data)
    return list(records(source, path, "datos"))


@pytest.mark.parametrize("changed", FORMATS, ids=lambda f: "-".join(f.values()).replace("\t", "tab"))
@pytest.mark.parametrize("style", STYLES)
def test_every_style_in_every_format_gives_the_same_movements(
    style: str, changed: dict[str, Any], tmp_path: Path
) -> None:
    source, found = variant(style, **changed), lines(style, 60)
    reader = RowReader(source, DAY)
    read = [
        reader.movement(item, "0" * 64, at)
        for at, item in items(source, encode(source, [record(source, line) for line in found]), tmp_path)
    ]
    assert [(m.id_movimiento, m.monto, m.tipo, m.id_sucursal, m.id_cliente, m.concepto, m.fila) for m in read] == [
        (ln.id, ln.cents, ln.tipo, ln.branch, ln.client, ln.concept, at) for at, ln in enumerate(found, 1)
    ]
    assert [m.instante_utc[:19] for m in read] == [ln.instant.strftime("%Y-%m-%dT%H:%M:%S") for ln in found]


def test_a_broken_line_is_one_row_and_the_rest_goes_on(tmp_path: Path) -> None:
    source = variant("tarjetas")
    rows = [record(source, line) for line in lines("tarjetas", 4)]
    text = encode(source, rows).decode().splitlines()
    text[2] = "solo,dos"
    found = items(source, "\n".join(text).encode(), tmp_path)
    assert [isinstance(item, RowFault) for _, item in found] == [False, True, False, False]
    assert found[1][1].reason is Reason.UNREADABLE_ROW


def test_bytes_outside_the_encoding_except_only_their_row(tmp_path: Path) -> None:
    source = variant("tarjetas")
    data = encode(source, [record(source, line) for line in lines("tarjetas", 3)]).replace("ñ|".encode(), b"\xff|", 1)
    reader, outcomes = RowReader(source, DAY), []
    for at, item in items(source, data, tmp_path):
        try:
            reader.movement(item, "0" * 64, at)
            outcomes.append("read")
        except RowFault as fault:
            outcomes.append(fault.reason)
    assert outcomes == [Reason.UNREADABLE_FIELD, "read", "read"]


@pytest.mark.parametrize("line", ["{", "[1]", '{"txn_id": NaN}', "", '"x"', "[" * 100_000])
def test_a_line_that_is_no_json_object_is_one_row(line: str, tmp_path: Path) -> None:
    source = variant("spei", format="jsonl")
    good = encode(source, [record(source, ln) for ln in lines("spei", 1)])
    found = items(source, line.encode() + b"\n" + good, tmp_path)
    assert [isinstance(item, RowFault) for _, item in found] == [True, False]


def test_a_json_amount_never_passes_through_a_float(tmp_path: Path) -> None:
    source = variant("tarjetas", format="jsonl")
    row = record(source, lines("tarjetas", 1)[0])
    text = encode(source, [row]).replace(b'"10.00"', b"90071992547409.93")
    ((at, item),) = items(source, text, tmp_path)
    assert RowReader(source, DAY).movement(item, "0" * 64, at).monto == 9007199254740993


def whole(source: Source) -> bytes:
    return encode(source, [record(source, line) for line in lines(source.id, 500)])


@pytest.mark.parametrize(
    ("changed", "cut", "said"),
    [
        ({"format": "csv", "compression": "gzip"}, lambda d: d[: len(d) // 2], "unreadable after record"),
        ({"format": "csv", "compression": "gzip"}, lambda d: b"not gzip at all", "Not a gzipped file"),
        ({"format": "csv", "compression": "gzip"}, lambda d: d[:40] + b"\x00" * 40 + d[80:], "unreadable after record"),
        ({"format": "parquet"}, lambda d: d[: len(d) // 2], "unreadable after record 0"),
        ({"format": "parquet"}, lambda d: b"", "unreadable after record 0"),
        ({"format": "csv"}, lambda d: b"", "column folio, importe, naturaleza"),
        ({"format": "csv"}, lambda d: d.replace(b"importe", b"monto", 1), "column importe is missing; the file has"),
    ],
    ids=["gzip-cut", "no-gzip", "gzip-broken", "parquet-cut", "parquet-empty", "csv-empty", "column"],
)
def test_an_unreadable_file_names_itself_the_place_and_the_remedy(
    changed: dict[str, Any], cut: Any, said: str, tmp_path: Path
) -> None:
    source = variant("tarjetas", **changed)
    with pytest.raises(UnreadableFile) as fault:
        items(source, cut(whole(source)), tmp_path)
    assert said in str(fault.value)
    assert str(fault.value).startswith("datos: ")
    assert "ask pagos-electronicos@podemos.example to deliver it again" in str(fault.value)


def test_a_parquet_amount_stored_as_a_float_is_refused(tmp_path: Path) -> None:
    source = variant("tarjetas", format="parquet")
    rows = [record(source, line) | {"importe": 10.5} for line in lines("tarjetas", 2)]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), sink)
    with pytest.raises(UnreadableFile, match="column importe is a float"):
        items(source, sink.getvalue(), tmp_path)


def test_a_byte_order_mark_does_not_hide_the_first_column(tmp_path: Path) -> None:
    source = variant("tarjetas")
    found = items(source, b"\xef\xbb\xbf" + whole(source), tmp_path)
    assert found[0][1]["folio"] == "TAR-000000"


def test_the_row_hash_is_the_one_of_the_contract() -> None:
    import hashlib

    source = variant("spei", format="jsonl")
    row = {"txn_id": "ñ1", "amount_cents": 5, "side": "debit", "occurred_at": "t", "branch": None, "currency": "MXN"}
    text = "3:ñ11:55:debit1:t-1:-1:-1:3:MXN"
    assert row_hash(source, row) == hashlib.sha256(text.encode()).hexdigest()
