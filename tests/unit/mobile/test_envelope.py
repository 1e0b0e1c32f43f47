"""A line is an event or is refused with a reason; nothing that a phone can send raises."""

import json
import random
from collections import Counter
from datetime import timedelta

import jsonschema
import pytest

from podemos.core.paths import include
from podemos.mobile.envelope import LINE_BYTES, Event, Reason, Refused, parse_line
from podemos.mobile.event_ids import day_of, milliseconds_of, uuid7
from tests.unit.mobile.events import START, events, line

SCHEMA = jsonschema.Draft202012Validator(
    json.loads((include() / "schemas" / "mobile_event.schema.json").read_text(encoding="utf-8"))
)
PAGO = next(event for event in events(count=4) if event.event_type == "pago")


def changed(event=PAGO, data=None, **fields):
    document = json.loads(event.canonical())
    document["event_data"] |= data or {}
    return json.dumps(document | fields).encode()


def without(name, inner=False):
    document = json.loads(PAGO.canonical())
    del (document["event_data"] if inner else document)[name]
    return json.dumps(document).encode()


def test_what_a_phone_sends_is_read_back_whole_and_its_fingerprint_is_of_the_content():
    for event in events(count=12):
        assert parse_line(line(event)) == event
        assert not list(SCHEMA.iter_errors(json.loads(line(event))))
    shuffled = json.dumps(dict(reversed(json.loads(PAGO.canonical()).items())), indent=1).replace("\n", " ").encode()
    assert parse_line(shuffled).fingerprint() == PAGO.fingerprint()
    other = parse_line(changed(data={"monto_centavos": PAGO.event_data["monto_centavos"] + 1}))
    assert other.event_id == PAGO.event_id
    assert other.fingerprint() != PAGO.fingerprint()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b'{"a": \xff}', Reason.INVALID_UTF8),
        (b'{"a": "\\ud800"}', Reason.MISSING_FIELD),
        (changed(data={"nota": "\ud800"}), Reason.INVALID_UTF8),
        (changed(data={"nota": "\0"}), Reason.INVALID_FIELD),
        (b"", Reason.INVALID_JSON),
        (b"\xef\xbb\xbf{}", Reason.INVALID_JSON),
        (b"[" * 60_000, Reason.INVALID_JSON),
        (b'{"a":' * 10_000, Reason.INVALID_JSON),
        (changed(data={"nota": [[[[[[[[[1]]]]]]]]]}), Reason.INVALID_JSON),
        (b'{"event_id": 1, "event_id": 2}', Reason.INVALID_JSON),
        (b'{"a": NaN}', Reason.INVALID_JSON),
        (b'{"a": 1e999999999999999999999}', Reason.INVALID_JSON),
        (b'{"a": ' + b"9" * 50_000 + b"}", Reason.INVALID_JSON),
        (b"[1, 2]", Reason.INVALID_JSON),
        (b"x" * (LINE_BYTES + 1), Reason.TOO_LONG),
        (changed(event_type="venta"), Reason.UNKNOWN_TYPE),
        (changed(event_type=["pago"]), Reason.UNKNOWN_TYPE),
        (without("secuencia"), Reason.MISSING_FIELD),
        (without("monto_centavos", inner=True), Reason.MISSING_FIELD),
        (changed(secuencia=True), Reason.INVALID_FIELD),
        (changed(data={"monto_centavos": 12.5}), Reason.INVALID_FIELD),
        (changed(data={"monto_centavos": "1250"}), Reason.INVALID_FIELD),
        (changed(data={"foto": "abc"}), Reason.INVALID_FIELD),
        (changed(id_dispositivo="../../etc"), Reason.INVALID_FIELD),
        (changed(event_id="1"), Reason.INVALID_FIELD),
        (changed(capturado_en="2026-11-20T10:00:00"), Reason.INVALID_FIELD),
        (changed(capturado_en="1970-01-01T00:00:00Z"), Reason.ABSURD_CLOCK),
        (changed(capturado_en="2026-02-30T00:00:00Z"), Reason.ABSURD_CLOCK),
        (changed(capturado_en=(START + timedelta(days=8)).isoformat()), Reason.ABSURD_CLOCK),
        (changed(data={"lat": 0, "lon": 0}), Reason.ABSURD_POSITION),
        (changed(data={"lat": 200.5}), Reason.ABSURD_POSITION),
    ],
)  # fmt: skip
def test_what_is_no_event_is_refused_with_its_reason(data, reason):
    found = parse_line(data, START)
    assert isinstance(found, Refused), found
    assert found.reason == reason


def test_a_clock_that_is_three_days_wrong_is_ordinary_and_a_payment_without_a_fix_is_one():
    for days in (-3, 3):
        assert isinstance(parse_line(changed(capturado_en=(START + timedelta(days=days)).isoformat()), START), Event)
    assert parse_line(changed(data={"lat": None, "lon": None})).event_data["lat"] is None
    assert parse_line(changed(data={"id_recibo": 4711})).event_data["id_recibo"] == "4711"


def test_fields_of_a_later_app_are_kept_and_count_as_content():
    newer = parse_line(changed(data={"propina": 1.50}, app="9.1"))
    assert newer.event_data["_envelope"] == {"app": "9.1"}
    assert newer.fingerprint() != PAGO.fingerprint()
    assert parse_line(newer.canonical()) == newer


def test_a_refused_line_still_tells_its_sequence():
    assert parse_line(changed(event_type="venta")).secuencia == PAGO.secuencia
    assert parse_line(b'{"secuencia": -1}').secuencia is None


PIECES = (b"", b'"', b"[", b"\xff", b"9", b"\\", b"null", b"e9")


def test_no_mutation_of_a_line_raises():
    draw, lines = random.Random(5), [line(event) for event in events(count=4)]
    outcomes = Counter()
    for _ in range(4000):
        data = bytearray(draw.choice(lines))
        for _ in range(draw.randrange(1, 4)):
            at = draw.randrange(len(data))
            data[at : at + draw.choice((0, 1, 1, 9))] = draw.choice(
                (b"", b'"', b"[", b"\xff", b"9", b"\\", b"null", b"e9")
            )
        outcomes[type(parse_line(bytes(data), START)).__name__] += 1
    assert outcomes["Refused"] > 1000
    assert outcomes["Event"] > 50


ODD = (None, True, 0, -1, 1.5, 10**13, "", "x", "0" * 64, "R-1", [], {}, [1], {"a": 1}, "pago", "2026-11-20T15:00:00Z")


@pytest.mark.parametrize("name", sorted(json.loads(PAGO.canonical())))
def test_what_the_parser_takes_the_schema_takes(name):
    inner = list(PAGO.event_data) if name == "event_data" else [name]
    for field in inner:
        for value in ODD:
            data = changed(data={field: value}) if name == "event_data" else changed(**{field: value})
            parsed = parse_line(data)
            if isinstance(parsed, Event):
                assert not list(SCHEMA.iter_errors(json.loads(data))), data
                assert parse_line(parsed.canonical()) == parsed


def test_the_day_of_an_id_is_a_function_of_the_id():
    name = uuid7(int(START.timestamp() * 1000), 2**74 - 1)
    assert (name[14], day_of(name)) == ("7", START.date())
    assert milliseconds_of(name) == int(START.timestamp() * 1000)
    assert day_of("01a1f978-b6b9-495e-9216-5bbba7d71246") is None
