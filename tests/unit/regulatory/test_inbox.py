"""Control files: what is accepted, and what a person reads when one is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from podemos.core.errors import DataFault
from podemos.regulatory.inbox import Control, LakeControl, control_pattern, newest_control, read_control
from tests.unit.regulatory.deliveries import ALL, DAY, deliver, deliver_lake, lines, memory, payments

SOURCE = ALL.source("cajeros")
GOOD: dict[str, Any] = {
    "source": "cajeros",
    "business_date": "2026-11-19",
    "files": [{"name": "a.csv", "rows": 2, "cents": 300, "sha256": "0" * 64}],
    "rows": 2,
    "cents": 300,
}


def read(document: Any) -> Control | LakeControl:
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return read_control(data, "s3://lake/control.json", SOURCE, DAY)


def test_a_control_file_is_read_and_keys_of_the_source_own_are_ignored() -> None:
    control = read(GOOD | {"sistema_version": "7.1"})
    assert isinstance(control, Control)
    assert (control.rows, control.cents, control.files[0].name) == (2, 300, "a.csv")


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b"{not json", "is not JSON"),
        (b"\xff\xfe", "is not JSON"),
        ([], "(top)"),
        (GOOD | {"source": "nomina"}, "source is 'nomina', this is the inbox of 'cajeros'"),
        (GOOD | {"business_date": "2026-11-18"}, "business_date is 2026-11-18, expected 2026-11-19"),
        (GOOD | {"business_date": "2026-02-30"}, "business_date"),
        (GOOD | {"rows": 3}, "are not the sum of the files"),
        (GOOD | {"cents": 300.0}, "cents: Input should be a valid integer"),
        (GOOD | {"files": [GOOD["files"][0] | {"sha256": "xyz"}]}, "files.0.sha256"),
        (GOOD | {"files": [GOOD["files"][0] | {"name": "../otro/a.csv"}]}, "files.0.name"),
        (GOOD | {"files": [GOOD["files"][0]] * 2, "rows": 4, "cents": 600}, "file a.csv is listed twice"),
    ],
)
def test_a_wrong_control_file_names_file_key_and_remedy(document: Any, said: str) -> None:
    with pytest.raises(DataFault) as fault:
        read(document)
    assert said in str(fault.value)
    assert "s3://lake/control.json" in str(fault.value)
    assert "ask pagos-electronicos@podemos.example to deliver again" in str(fault.value)


def test_the_lake_s_control_file_is_its_own_form() -> None:
    lake, source = memory(), ALL.source("sucursales")
    deliver_lake(lake, payments(10))
    key = newest_control(lake, source, DAY)
    assert key is not None
    assert key.endswith("/control-0001.json")
    assert isinstance(read_control(lake.get(key), key, source, DAY), LakeControl)


def test_the_highest_number_counts_and_other_names_do_not() -> None:
    lake = memory()
    deliver(lake, SOURCE, lines("cajeros", 2))
    folder = "regulatory/inbox/cajeros/2026-11-19/"
    assert newest_control(lake, SOURCE, DAY) == f"{folder}control.json"
    for name in ("control-2.json", "control-10.json", "control-x.json", "control-99.json.tmp", "controlado.json"):
        lake.put_new(folder + name, b"{}")
    assert newest_control(lake, SOURCE, DAY) == f"{folder}control-10.json"
    assert newest_control(lake, ALL.source("nomina"), DAY) is None
    assert control_pattern(SOURCE, DAY) == f"{folder}control*.json"
