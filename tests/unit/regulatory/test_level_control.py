"""Level 1: control file = sealed bytes = published + excepted, and what is said when it is not."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from podemos.core.manifest import read
from podemos.core.store import MemoryStore
from podemos.regulatory.inbox import newest_control
from podemos.regulatory.level_control import compare
from podemos.regulatory.normalise import normalise
from podemos.regulatory.results import Cause, Result, Rule, Severity
from podemos.regulatory.seal import seal
from tests.unit.regulatory.deliveries import (
    ALL,
    DAY,
    NIGHT,
    clock,
    deliver,
    deliver_lake,
    lines,
    memory,
    only,
    payments,
    record,
)

FOLDER = f"regulatory/inbox/cajeros/{DAY}/"


def results(lake: MemoryStore, source_id: str, said: str = "arrived") -> dict[Rule, Result]:
    few = only(source_id)
    sealed = seal(NIGHT, [f"{source_id}:{said}"], lake=lake, clock=clock, sources=few)
    found = normalise(sealed, lake=lake, sources=few)
    (entry,), (part,) = read(lake, found)[0]["sources"], read(lake, sealed)[0]["sources"]
    return {result.rule: result for result in compare(ALL.source(source_id), entry, part, lake)}


def restated(lake: MemoryStore, source_id: str, **changed: Any) -> None:
    """The control file says something else than its data, or of other bytes."""
    key = newest_control(lake, ALL.source(source_id), DAY)
    assert key is not None
    document = json.loads(lake.get(key))
    document["files"][0] |= changed
    lake.replace(key, json.dumps(document | {n: changed[n] for n in ("rows", "cents") if n in changed}).encode())


def test_a_clean_delivery_agrees_everywhere() -> None:
    lake = memory()
    deliver(lake, ALL.source("cajeros"), lines("cajeros", 6))
    found = results(lake, "cajeros")
    assert all(result.equal for result in found.values())
    assert {Rule.FILE, Rule.TOTALS, Rule.READABLE, Rule.DELIVERED, Rule.UNLISTED} == set(found)


def test_a_missing_source_informs() -> None:
    (found,) = results(memory(), "cajeros", "missing").values()
    assert (found.rule, found.severity, found.cause, found.equal) == (
        Rule.DELIVERED,
        Severity.YELLOW,
        Cause.MISSING,
        False,
    )


def test_a_control_file_that_miscounts_its_own_data_blocks() -> None:
    lake = memory()
    deliver(lake, ALL.source("cajeros"), lines("cajeros", 6))
    restated(lake, "cajeros", cents=1)
    found = results(lake, "cajeros")
    assert (found[Rule.FILE].cause, found[Rule.FILE].severity) == (Cause.MISCOUNTED, Severity.RED)
    assert "its control file states other totals than its data" in found[Rule.FILE].detail
    assert found[Rule.TOTALS].cause is Cause.CHANGED


def test_rows_too_few_or_too_many_are_lost_or_doubled() -> None:
    for rows, cause in ((7, Cause.LOST), (5, Cause.DOUBLED)):
        lake = memory()
        deliver(lake, ALL.source("cajeros"), lines("cajeros", 6))
        restated(lake, "cajeros", rows=rows)
        assert results(lake, "cajeros")[Rule.TOTALS].cause is cause


def test_an_unreadable_amount_leaves_an_identity_of_rows_and_says_what_it_must_be() -> None:
    lake, source, sent = memory(), ALL.source("cajeros"), lines("cajeros", 6)
    rows = [record(source, line) for line in sent]
    rows[2]["MONTO"] = "diez"
    deliver(lake, source, sent, rows=rows)
    found = results(lake, "cajeros")
    assert found[Rule.FILE].equal
    assert found[Rule.TOTALS].equal
    assert "1 excepted row(s) have no readable amount; by the control file they make 10.08" in found[Rule.TOTALS].detail
    assert (found[Rule.READABLE].severity, found[Rule.READABLE].equal) == (Severity.YELLOW, False)
    assert found[Rule.READABLE].units == (
        "datos-1 row 3: unreadable_amount: MONTO: amount 'diez' is not a decimal with at most two decimals; "
        "correct it at the source",
    )


def test_a_lost_row_behind_an_unreadable_one_is_still_seen() -> None:
    lake, source, sent = memory(), ALL.source("cajeros"), lines("cajeros", 6)
    rows = [record(source, line) for line in sent[:5]]
    rows[2]["MONTO"] = "diez"
    deliver(lake, source, sent, rows=rows)
    assert results(lake, "cajeros")[Rule.TOTALS].cause is Cause.LOST


def test_a_file_nobody_named_informs() -> None:
    lake = memory()
    deliver(lake, ALL.source("cajeros"), lines("cajeros", 6))
    lake.put_new(f"{FOLDER}sobrante.csv", b"x")
    found = results(lake, "cajeros")[Rule.UNLISTED]
    assert (found.severity, found.units) == (Severity.YELLOW, (f"{FOLDER}sobrante.csv",))


def test_a_row_hash_listing_that_is_broken_leaves_the_file_as_the_smallest_unit() -> None:
    lake = memory()
    deliver(lake, ALL.source("cajeros"), lines("cajeros", 6), row_hashes=True)
    lake.replace(f"{FOLDER}row_hashes.jsonl", b"not json")
    restated(lake, "cajeros", sha256=hashlib.sha256(b"").hexdigest())
    found = results(lake, "cajeros")[Rule.FILE]
    assert (found.cause, found.units) == (Cause.EDITED_AFTER_CONTROL, ())


def test_rows_that_are_gone_from_the_only_file_are_named() -> None:
    lake, source, sent = memory(), ALL.source("cajeros"), lines("cajeros", 6)
    key = deliver(lake, source, sent, row_hashes=True)
    kept = [line for line in lake.get(key).decode().splitlines(keepends=True) if "CAJ-000004" not in line]
    lake.replace(key, "".join(kept).encode())
    assert results(lake, "cajeros")[Rule.FILE].units == ("CAJ-000004 is gone",)


def test_a_row_that_stands_twice_and_one_that_left_its_file_are_named_also_when_there_are_several_files() -> None:
    lake, source, sent = memory(), ALL.source("cajeros"), lines("cajeros", 6)
    key = deliver(lake, source, sent, row_hashes=True)
    head, *rows = lake.get(key).decode().splitlines(keepends=True)
    parts = {"datos-1": [head, *rows[:3]], "datos-2": [head, *rows[3:]]}
    listed = []
    for (name, part), of in zip(parts.items(), (sent[:3], sent[3:]), strict=True):
        data, cents = "".join(part).encode(), sum(line.cents for line in of)
        listed.append({"name": name, "rows": 3, "cents": cents, "sha256": hashlib.sha256(data).hexdigest()})
    control = json.loads(lake.get(f"{FOLDER}control.json")) | {"files": listed}
    lake.replace(f"{FOLDER}control.json", json.dumps(control).encode())
    lake.replace(f"{FOLDER}datos-1", "".join(parts["datos-1"]).encode())
    lake.replace(f"{FOLDER}datos-2", "".join([head, rows[3], rows[3], rows[4]]).encode())
    found = results(lake, "cajeros")[Rule.FILE]  # of the last file
    assert found.units == ("row 2 (CAJ-000003, MONTO 10.08) stands twice by the row hashes", "CAJ-000005 is gone")


def test_payments_that_are_not_the_certified_ones_block() -> None:
    lake = memory()
    deliver_lake(lake, payments(20), digest="12345")
    found = results(lake, "sucursales")[Rule.LAKE]
    assert (found.equal, found.severity, found.cause) == (False, Severity.RED, Cause.CHANGED)
    assert "certify the day again" in found.detail
