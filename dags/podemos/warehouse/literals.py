"""Literals for statements that cannot bind (COPY, UNLOAD, VACUUM, COMMENT, GRANT), rendered by one function.

Redshift refuses parameters in utility statements, so their literals come only from these types.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from podemos.core.errors import ContractViolation
from podemos.core.table import identifier

_S3 = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[\w!*()./=+@,: -]+", re.ASCII)
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class S3Uri:
    """``s3://bucket/key``, quoted."""

    value: str

    def __post_init__(self) -> None:
        if not _S3.fullmatch(self.value):
            raise ContractViolation(f"{self.value!r} is not an s3:// address that may stand in SQL")


@dataclass(frozen=True, slots=True)
class IamRoleArn:
    """The role a COPY or UNLOAD assumes, quoted."""

    value: str

    def __post_init__(self) -> None:
        if not _ROLE.fullmatch(self.value):
            raise ContractViolation(f"{self.value!r} is not the ARN of an IAM role")


@dataclass(frozen=True, slots=True)
class Identifier:
    """``name`` or ``schema.name``, double-quoted."""

    value: str

    def __post_init__(self) -> None:
        for part in self.value.split("."):
            identifier(part)


@dataclass(frozen=True, slots=True)
class Literal:
    """Free text, single-quoted and escaped."""

    value: str

    def __post_init__(self) -> None:
        if "\x00" in self.value:
            raise ContractViolation("a text with NUL cannot stand in SQL")


@dataclass(frozen=True, slots=True)
class Names:
    """Names as the catalog gives them, whatever their characters: double-quoted, with commas between."""

    values: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.values or not all(self.values) or any("\x00" in value for value in self.values):
            raise ContractViolation(f"{self.values!r}: no list of names that can stand in SQL")


@dataclass(frozen=True, slots=True)
class Number:
    """An integer, as it is."""

    value: int


Typed = S3Uri | IamRoleArn | Identifier | Names | Literal | Number


def render(literal: Typed) -> str:
    """The literal as SQL text."""
    match literal:
        case Number(value):
            return str(value)
        case Identifier(value):
            return ".".join(f'"{part}"' for part in value.split("."))
        case Names(values):
            return ", ".join('"' + value.replace('"', '""') + '"' for value in values)
        case _:
            return "'" + literal.value.replace("'", "''") + "'"
