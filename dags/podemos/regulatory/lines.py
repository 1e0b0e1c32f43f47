"""Names the movements in which two renderings of a report differ; both stand in the report's order, so one pass does.

A movement that is out of its place counts as lost where it should stand and as added where it stands.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from podemos.regulatory.render import HEADER

NAMED = 20
"""Movements that are named; the first is what matters."""
_MONTO = HEADER.index("monto")
_Line = tuple[str, ...]


def differing(wanted: Path, found: Path, holder: str) -> list[str]:
    """One line per movement that differs, at most `NAMED`.

    Args:
        wanted: the rendering that is right.
        found: the other one.
        holder: whose it is, as the lines call it.
    """
    named: list[str] = []
    try:
        for line in _differing(_records(wanted), _records(found), holder):
            named.append(line)
            if len(named) == NAMED:
                break
    except (csv.Error, UnicodeDecodeError) as error:
        named.append(f"the rest of {holder} is not in the report's form ({error})")
    return named


def _differing(wanted: Iterator[_Line], found: Iterator[_Line], holder: str) -> Iterator[str]:
    right, other, before = next(wanted, None), next(found, None), b""
    while right is not None or other is not None:
        if right == other and right is not None:
            before = _key(right)
            right, other = next(wanted, None), next(found, None)
        elif other is None or (right is not None and _key(right) < _key(other)):
            assert right is not None  # noqa: S101 - one of them is there
            yield f"{_name(right)}: {right[_MONTO]} is not in {holder}"
            right = next(wanted, None)
        elif right is None or _key(other) < _key(right):
            what = "stands twice" if _key(other) == before else "does not belong"
            yield f"{_name(other)}: {other[_MONTO]} {what} in {holder}"
            other = next(found, None)
        else:
            fields = [name for name, a, b in zip(HEADER, right, other, strict=False) if a != b]
            what = f"{right[_MONTO]}, but {other[_MONTO]}" if fields == ["monto"] else f"another {', '.join(fields)}"
            yield f"{_name(right)}: {what} in {holder}"
            before = _key(right)
            right, other = next(wanted, None), next(found, None)


def _records(path: Path) -> Iterator[_Line]:
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.reader(file)
        next(reader, None)
        for record in reader:
            if len(record) != len(HEADER):
                raise csv.Error(f"line {reader.line_num} has {len(record)} fields, not {len(HEADER)}")
            yield tuple(record)


def _key(line: _Line) -> bytes:
    return line[1].encode() + b"\0" + line[2].encode()


def _name(line: _Line) -> str:
    branch, _, payment = line[2].partition("-")
    if line[1] == "sucursales" and payment:
        return f"sucursal {branch}, {line[0]}, pago {payment}"
    return f"{line[1]}, {line[0]}, {line[2]}"
