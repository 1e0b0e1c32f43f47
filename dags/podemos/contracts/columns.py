"""One column of a table contract: which MySQL type it has, and how its values travel."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from podemos.contracts.loading import Strict
from podemos.contracts.names import lake_name
from podemos.core import table as core
from podemos.core.errors import ContractViolation

_PLAIN = {"INTEGER": core.Kind.INTEGER, "DECIMAL": core.Kind.DECIMAL, "VARCHAR": core.Kind.TEXT, "DATE": core.Kind.DATE,
          "DATETIME": core.Kind.DATETIME, "TIMESTAMP": core.Kind.DATETIME}  # fmt: skip
_READ = {"ENUM": core.Read.ENUM, "BIT": core.Read.BITS, "BINARY": core.Read.HEX, "BLOB": core.Read.HEX,
         "FLOAT": core.Read.REAL, "DOUBLE": core.Read.REAL, "TIMESTAMP": core.Read.INSTANT}  # fmt: skip
_UNCOVERED = {
    "FLOAT": "binary fractions have no text that all servers agree on",
    "DOUBLE": "binary fractions have no text that all servers agree on",
    "JSON": "its text may be longer than the warehouse holds",
    "TEXT": "it may be longer than the warehouse holds",
    "BLOB": "it may be longer than the warehouse holds",
}
_REAL_LENGTH = 32
_BITS_OF_BIGINT = 63


class ColumnContract(Strict):
    """One column. `type` says how it travels, `as` what lake and warehouse call it.

    INTEGER, DECIMAL(p,s), VARCHAR(n), DATE and DATETIME(f) travel as they are; TIMESTAMP(f) is a DATETIME(f) in the
    zone of the server's sessions; BIT(n) is a number; BINARY(n), of n octets, and BLOB are hexadecimal text; ENUM(n) is
    the text of an ENUM or SET (VARCHAR does, unless it is part of the key); FLOAT, DOUBLE, JSON and TEXT are text.
    BIGINT UNSIGNED travels as DECIMAL(20,0); YEAR, TIME and DECIMAL beyond (38,6) as VARCHAR.
    """

    name: str
    as_: str | None = Field(default=None, alias="as", description="its name in lake and warehouse")
    type: str = Field(
        pattern=r"^(INTEGER|DECIMAL\(\d+,\d+\)|(VARCHAR|ENUM|BIT|BINARY)\(\d+\)|DATE|(DATETIME|TIMESTAMP)\([0-6]\)"
        r"|FLOAT|DOUBLE|JSON|TEXT|BLOB)$"
    )
    comment: str = Field(min_length=5)
    nullable: bool = False
    sensitivity: int = Field(default=0, ge=0, le=3)
    fingerprint: bool = Field(default=True, description="false: no certificate covers it")
    impossible: Literal["quarantine", "keep"] = Field(
        default="quarantine", description="keep: a text that is no date stays, without a derived date"
    )

    @field_validator("name")
    @classmethod
    def _possible(cls, name: str) -> str:
        try:
            core.branch_identifier(name)
        except ContractViolation as error:
            raise ValueError(str(error)) from None
        return name

    @model_validator(mode="after")
    def _exact(self) -> Self:
        word, numbers = self._parts()
        try:
            lake_name(self.as_ or self.name, "column")
        except ContractViolation as error:
            raise ValueError(str(error)) from None
        if word == "DECIMAL" and (numbers[0] > 38 or numbers[1] > 6):
            raise ValueError(
                f"{self.name}: DECIMAL beyond (38,6) is not exact in every engine; VARCHAR({numbers[0] + 3})"
            )
        if word == "BIT" and not 1 <= numbers[0] <= 64:
            raise ValueError(f"{self.name}: BIT holds 1 to 64 bits")
        if self.fingerprint and word in _UNCOVERED:
            raise ValueError(f"{self.name}: {word} needs `fingerprint: false`: {_UNCOVERED[word]}")
        if self.fingerprint and self.compiled().kind is core.Kind.TEXT and self.octets > core.WAREHOUSE_BYTES:
            raise ValueError(
                f"{self.name}: {self.type} is longer than the warehouse's {core.WAREHOUSE_BYTES} bytes; declare what "
                "it really holds, or add `fingerprint: false`"
            )
        if self.impossible == "keep" and not self.compiled().kind.temporal:
            raise ValueError(f"{self.name}: `impossible` is about dates")
        return self

    @property
    def lake_name(self) -> str:
        """Its name in lake and warehouse."""
        return (self.as_ or self.name).lower()

    @property
    def octets(self) -> int:
        """The most that its text takes, without knowing its charset."""
        column = self.compiled()
        if column.kind is not core.Kind.TEXT:
            return 40
        return column.length * (1 if column.read in (core.Read.HEX, core.Read.REAL) else 4)

    def _parts(self) -> tuple[str, list[int]]:
        word, _, rest = self.type.partition("(")
        return word, [int(n) for n in rest.rstrip(")").split(",") if n]

    def compiled(self) -> core.Column:
        """The column as engines need it."""
        word, numbers = self._parts()
        kind, precision, scale, length = _PLAIN.get(word, core.Kind.TEXT), 0, 0, 0
        if kind in (core.Kind.DECIMAL, core.Kind.DATETIME):
            precision, scale = numbers[0], numbers[1] if kind is core.Kind.DECIMAL else 0
        elif word == "BIT":
            wide = numbers[0] > _BITS_OF_BIGINT
            kind, precision = (core.Kind.DECIMAL, 20) if wide else (core.Kind.INTEGER, 0)
        elif kind is core.Kind.TEXT:
            length = _REAL_LENGTH if word in ("FLOAT", "DOUBLE") else numbers[0] if numbers else 0
            length *= 2 if word == "BINARY" else 1
        return core.Column(
            self.lake_name,
            kind,
            self.comment,
            precision=precision,
            scale=scale,
            length=length,
            nullable=self.nullable,
            sensitivity=self.sensitivity,
            fingerprint=self.fingerprint,
            source=self.name if self.name != self.lake_name else "",
            read=_READ.get(word, core.Read.PLAIN),
            lenient=self.impossible == "keep",
        )
