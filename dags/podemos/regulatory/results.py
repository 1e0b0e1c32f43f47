"""The result of a reconciliation: one row per source, level, rule and unit, with integer counts and cents.

What is compared is a pair of numbers that must be equal. `RED` blocks publication, `YELLOW` informs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any


class Severity(StrEnum):
    """What a difference does."""

    RED = "red"
    YELLOW = "yellow"


class Level(IntEnum):
    """The three levels."""

    CONTROL = 1
    WAREHOUSE = 2
    BUSINESS = 3


class Cause(StrEnum):
    """Root-cause class of a difference."""

    NONE = "none"
    MISSING = "missing"
    LATE = "late"
    UNREADABLE = "unreadable"
    EDITED_AFTER_CONTROL = "edited_after_control"
    EDITED_AFTER_SEAL = "edited_after_seal"
    LOST = "lost"
    DOUBLED = "doubled"
    CHANGED = "changed"
    STRANGER = "stranger"
    MISCOUNTED = "miscounted"
    UNBALANCED = "unbalanced"
    UNKNOWN_CLIENT = "unknown_client"
    UNCERTIFIED_BRANCH = "uncertified_branch"
    NOT_LISTED = "not_listed"
    NOT_COMPARED = "not_compared"


class Rule(StrEnum):
    """What is compared."""

    DELIVERED = "entrega"
    FILE = "archivo_sha256"
    UNLISTED = "archivo_sin_control"
    TOTALS = "control_publicado_mas_exceptuado"
    READABLE = "renglones_legibles"
    LAKE = "huella_lago"
    STORED = "normalizado_sha256"
    WAREHOUSE = "normalizado_almacen"
    HISTORY = "lago_historia"
    SECOND = "segundo_motor"
    BALANCE = "cargos_abonos"
    UNIQUE = "id_unico"
    CLIENT = "cliente_conocido"
    BRANCHES = "sucursales_certificadas"
    BRANCH_DIFFERENCE = "certificado_sucursal"


@dataclass(frozen=True, slots=True)
class Pair:
    """One side of a comparison."""

    rows: int = 0
    cents: int = 0
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """One comparison. `unit` is the smallest thing it speaks of: a file, a branch, or empty for the whole source.

    `units` lists what a difference consists of, the most important first; `detail` says it in one line.
    """

    source: str
    level: Level
    rule: Rule
    expected: Pair
    actual: Pair
    severity: Severity = Severity.RED
    cause: Cause = Cause.NONE
    unit: str = ""
    detail: str = ""
    units: tuple[str, ...] = field(default=())

    @property
    def equal(self) -> bool:
        """Whether the two sides agree; the whole predicate of the gate."""
        return self.expected == self.actual

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "source": self.source,
            "level": int(self.level),
            "rule": self.rule,
            "severity": self.severity,
            "cause": self.cause,
            "unit": self.unit,
            "detail": self.detail,
            "units": list(self.units),
            "expected_rows": self.expected.rows,
            "actual_rows": self.actual.rows,
            "expected_cents": self.expected.cents,
            "actual_cents": self.actual.cents,
            "expected_digest": self.expected.digest,
            "actual_digest": self.actual.digest,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Result:
        """The inverse of `to_dict`."""
        return cls(
            source=data["source"],
            level=Level(data["level"]),
            rule=Rule(data["rule"]),
            expected=Pair(data["expected_rows"], data["expected_cents"], data["expected_digest"]),
            actual=Pair(data["actual_rows"], data["actual_cents"], data["actual_digest"]),
            severity=Severity(data["severity"]),
            cause=Cause(data["cause"]),
            unit=data["unit"],
            detail=data["detail"],
            units=tuple(data["units"]),
        )


def blocking(results: Iterable[Result]) -> list[Result]:
    """The red differences."""
    return [result for result in results if result.severity is Severity.RED and not result.equal]
