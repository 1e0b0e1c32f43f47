"""Two engines read the same bytes: whatever is in them, they find the same movements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from podemos.contracts.sources import Source
from podemos.core.errors import DataFault
from podemos.core.fingerprint import Fingerprint
from podemos.regulatory.level_warehouse import totals
from podemos.regulatory.movement import MovementFile
from podemos.regulatory.readers import UnreadableFile, records
from podemos.regulatory.rows import RowFault, RowReader
from podemos.regulatory.second import SecondEngine
from podemos.regulatory.second_reader import SecondReader, Unreadable
from tests.unit.regulatory.deliveries import (
    DAY,
    encode,
    lines,
    record,
)
from tests.unit.regulatory.test_readers import FORMATS, STYLES, variant

SHA = "ab" * 32
PESOS = ["0.01", "-0.01", "+5", "1250", "9999999999999999.99", "10000000000000000", "1.5", "1.", ".5", "1,0", "1e3",
         " 5", "", "12.345", "NaN", "0x10", "00012.10", "--1"]  # fmt: skip
CENTS = ["1", "-7", "+9", "999999999999999999", "1000000000000000000", "1.0", "", "abc", "0001", "1_0"]
INSTANTS = ["2026-11-19 23:59:59", "2026-11-20 00:00:00", "2026-11-19T00:00", "2026-11-19", "2026-02-30 10:00:00",
            "2026-11-19 10:00:00.5", "2026-11-19T10:00:00Z", "2026-11-19T22:30:00-07:00", "2026-11-20T05:59:59+00:00",
            "2026-11-19T23:30:00-06", "", "hoy", "1969-01-01 00:00:00", "2041-01-01 00:00:00"]  # fmt: skip
NUMBERS = ["", "0", "7", "+7", "-0", "-4", "007", "1.0", "centro", "9" * 18, "9" * 19]
TEXTS = ["", "a", "ñ" * 128, "ñ" * 129, 'di "jo"; x|y,z', "dos\nrenglones", "\t", "😀", "x" * 64, "x" * 65]


def odd(source: Source, draw: Any) -> dict[str, Any]:
    """A record with odd values, in the source's own names."""
    m = source.mapping
    assert m is not None
    amounts = PESOS if m.monto_unit == "pesos" else CENTS
    found = {
        m.id_movimiento: draw(st.sampled_from(["A-1", "A-2", "A-3", *TEXTS])),
        m.monto: draw(st.sampled_from(amounts)),
        m.tipo: draw(st.sampled_from([*m.tipo_values, "Z", ""])),
        m.instante: draw(st.sampled_from(INSTANTS)),
        m.id_sucursal: draw(st.sampled_from(NUMBERS)),
        m.id_cliente: draw(st.sampled_from(NUMBERS)),
        m.concepto: draw(st.sampled_from(TEXTS)),
    }
    if m.moneda:
        found[m.moneda] = draw(st.sampled_from(["MXN", "USD", ""]))
    return {name: value for name, value in found.items() if name}


def first_engine(source: Source, path: Path, scratch: Path) -> Fingerprint:
    reader = RowReader(source, DAY)
    with MovementFile(scratch / "first.parquet") as found:
        for fila, item in records(source, path, "datos"):
            if isinstance(item, RowFault):
                continue
            try:
                found.add(reader.movement(item, SHA, fila))
            except RowFault:
                continue
    return found.totals


def second_engine(source: Source, path: Path, scratch: Path) -> Fingerprint:
    with SecondReader(DAY, scratch) as reader:
        reader.add(source, path, SHA)
        reader.write(scratch / "second.parquet")
    engine = SecondEngine(scratch / "second.parquet")
    found = totals(DAY, engine)
    engine.close()
    return found.get(source.id, Fingerprint())


@pytest.mark.parametrize("changed", FORMATS, ids=lambda f: "-".join(f.values()).replace("\t", "tab"))
@pytest.mark.parametrize("style", STYLES)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_both_engines_find_the_same_movements(
    style: str, changed: dict[str, Any], data: st.DataObject, tmp_path: Path
) -> None:
    source = variant(style, **changed)
    rows = [odd(source, data.draw) for _ in range(data.draw(st.integers(1, 30)))]
    if source.encoding == "latin-1":
        rows = [{n: v.replace("😀", "¡") for n, v in row.items()} for row in rows]
    good = [record(source, line) for line in lines(style, 20)]
    if source.format == "parquet":
        good = [{n: None if v is None else str(v) for n, v in row.items()} for row in good]
    path = tmp_path / "file"
    path.write_bytes(encode(source, [*good, *rows], list(good[0])))
    expected = first_engine(source, path, tmp_path)
    assert expected.count >= 20
    assert second_engine(source, path, tmp_path) == expected


@pytest.mark.parametrize("changed", FORMATS, ids=lambda f: "-".join(f.values()).replace("\t", "tab"))
def test_what_is_said_of_a_damaged_file_names_no_place_of_this_machine(changed: dict[str, Any], tmp_path: Path) -> None:
    source = variant("spei", **changed)
    data = encode(source, [record(source, line) for line in lines("spei", 40)])
    damaged = data[: len(data) // 2]
    said = []
    for place in ("one", "two"):
        path = tmp_path / place / "sealed"
        path.parent.mkdir()
        path.write_bytes(damaged)
        found = [place]
        try:
            list(records(source, path, "datos"))
        except UnreadableFile as error:
            found.append(str(error))
        with SecondReader(DAY, path.parent) as reader:
            try:
                reader.add(source, path, SHA)
            except Unreadable as error:
                found.append(str(error))
        with pytest.raises(DataFault) as refused:
            SecondEngine(path)
        said.append([*found[1:], str(refused.value)])
    assert said[0] == said[1]
    assert "/" not in " ".join(said[0])
    assert len(said[0]) == 3 or source.compression is None
