"""Published + excepted against the truth: one line per difference, in words a controller understands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from local.judge.expected import Expected, Key, Truth
from local.judge.published import Excepted, Line, Report


def differences(report: Report, truth: Truth) -> Iterator[str]:
    """Every difference between a report and the truth; nothing means verified."""
    comparison = _Comparison(report, truth)
    yield from comparison.declared()
    yield from comparison.published()
    yield from comparison.set_aside()
    yield from comparison.absent()


class _Comparison:
    """A report beside the truth, both by key."""

    def __init__(self, report: Report, truth: Truth) -> None:
        self.report, self.truth = report, truth
        self.lines: dict[Key, Line] = {}
        self.repeated = Counter[Key]()
        for line in report.lines:
            key = (line.id_sistema, line.id_movimiento)
            self.repeated[key] += 1
            self.lines.setdefault(key, line)
        self.named: dict[Key, Excepted] = {
            (one.id_sistema, one.id_movimiento): one for one in report.excepted if one.id_movimiento is not None
        }

    def declared(self) -> Iterator[str]:
        """What the report says about missing sources and branches."""
        known = {key[0] for key in self.truth.movements}
        publishing = {key[0] for key in self.lines}
        for source_id in sorted(self.report.missing_sources):
            if source_id in self.truth.in_time:
                yield f"{source_id}: reported missing, but it had delivered before its cut-off"
            if source_id in publishing:
                yield f"{source_id}: reported missing, yet movements of it are published"
            if source_id not in known | {self.truth.lake}:
                yield f"{source_id}: reported missing, but there is no such source"
        for branch in sorted(self.report.missing_branches - self.truth.offline):
            yield f"sucursal {branch}: reported missing, but it is not offline"

    def published(self) -> Iterator[str]:
        """Each published line against its owner's row. A branch reported missing is not proven, so not compared."""
        for key, line in self.lines.items():
            if self._branch_is_missing(key):
                continue
            if self.repeated[key] > 1:
                yield f"{self._name(key)}: published {self.repeated[key]} times"
            if key in self.named:
                yield f"{self._name(key)}: both published and excepted"
            expected = self.truth.movements.get(key)
            if expected is None:
                yield f"{self._name(key)}: {line.monto} in the report, unknown {self._owner(key)}"
            else:
                yield from self._line(key, expected, line)

    def set_aside(self) -> Iterator[str]:
        """Movements excepted by name: each must exist, once, with these cents, and have a flaw."""
        counts = Counter((one.id_sistema, one.id_movimiento) for one in self.report.excepted)
        for key, excepted in self.named.items():
            if self._branch_is_missing(key):
                continue
            expected, name = self.truth.movements.get(key), self._name(key)
            if counts[key] > 1:
                yield f"{name}: excepted {counts[key]} times"
            if expected is None:
                yield f"{name}: excepted ({excepted.reason}), unknown {self._owner(key)}"
                continue
            if excepted.cents != expected.cents:
                found = "no amount" if excepted.cents is None else _pesos(excepted.cents)
                yield f"{name}: {_pesos(expected.cents)} {self._owner(key)}, {found} in the exceptions"
            if not expected.flaw:
                yield f"{name}: excepted ({excepted.reason}), although nothing is wrong with it"

    def absent(self) -> Iterator[str]:
        """Movements neither published nor excepted, apart from sources and branches that are reported missing."""
        unnamed, unnamed_cents = Counter[str](), Counter[str]()
        for excepted in self.report.excepted:
            if excepted.id_movimiento is None:
                unnamed[excepted.id_sistema] += excepted.rows
                unnamed_cents[excepted.id_sistema] += excepted.cents or 0
        absent: dict[str, list[Key]] = {}
        for key in self.truth.movements:
            accounted = key in self.lines or key in self.named or key[0] in self.report.missing_sources
            if not accounted and not self._branch_is_missing(key):
                absent.setdefault(key[0], []).append(key)
        for source_id in sorted(absent.keys() | unnamed.keys()):
            keys = absent.get(source_id, [])
            cents = sum(self.truth.movements[key].cents for key in keys)
            if (len(keys), cents) == (unnamed[source_id], unnamed_cents[source_id]):
                continue
            if unnamed[source_id]:
                yield (
                    f"{source_id}: {unnamed[source_id]} rows, {_pesos(unnamed_cents[source_id])}, are excepted without "
                    f"a name; {len(keys)} rows, {_pesos(cents)}, are absent"
                )
            yield from map(self._absence, keys)

    def _line(self, key: Key, expected: Expected, line: Line) -> Iterator[str]:
        name, owner = self._name(key), self._owner(key)
        if line.cents is None:
            yield f"{name}: {line.monto!r} in the report is not an amount in whole cents"
        elif line.cents != expected.cents:
            yield f"{name}: {_pesos(expected.cents)} {owner}, {_pesos(line.cents)} in the report"
        if line.fecha_contable != self.truth.business_date.isoformat():
            yield f"{name}: fecha_contable {line.fecha_contable} in the report"
        if expected.flaw and key[0] == self.truth.lake:
            yield f"{name}: published although it lacks its {expected.flaw}"
        pairs: list[tuple[str, object, object]] = [
            ("tipo", expected.tipo, line.tipo),
            ("moneda", "MXN", line.moneda),
            ("id_sucursal", str(expected.id_sucursal), line.id_sucursal),
        ]
        if expected.id_cliente is not None:
            pairs.append(("id_cliente", str(expected.id_cliente), line.id_cliente))
        if expected.instant is not None:
            pairs.append(("instante_utc", expected.instant, _instant(line.instante_utc)))
            pairs.append(("concepto", expected.concepto or "", line.concepto))
        for column, wanted, found in pairs:
            if wanted != found:
                yield f"{name}: {column} {wanted} {owner}, {found} in the report"

    def _absence(self, key: Key) -> str:
        unnamed_offline = key[0] == self.truth.lake and _branch(key) in self.truth.offline
        why = "; the branch is offline and the report does not name it" if unnamed_offline else ""
        cents = _pesos(self.truth.movements[key].cents)
        return f"{self._name(key)}: {cents} {self._owner(key)}, neither published nor excepted{why}"

    def _branch_is_missing(self, key: Key) -> bool:
        return key[0] == self.truth.lake and _branch(key) in self.report.missing_branches

    def _owner(self, key: Key) -> str:
        return "at the till" if key[0] == self.truth.lake else "at the source"

    def _name(self, key: Key) -> str:
        if key[0] == self.truth.lake and "-" in key[1]:
            branch, _, payment = key[1].partition("-")
            return f"sucursal {branch}, {self.truth.business_date}, pago {payment}"
        return f"{key[0]}, {self.truth.business_date}, movement {key[1]}"


def _branch(key: Key) -> str:
    return key[1].partition("-")[0]


def _instant(text: str) -> datetime | str:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text


def _pesos(cents: int) -> str:
    sign, size = ("-" if cents < 0 else ""), abs(cents)
    return f"{sign}{size // 100:,}.{size % 100:02d}"
