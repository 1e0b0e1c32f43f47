"""What a source delivers: data files and, last, a control file that states what they hold."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, Field, ValidationError, model_validator

from podemos.contracts.loading import Strict, check
from podemos.contracts.sources import Source
from podemos.core.errors import ContractViolation, DataFault
from podemos.core.store import ObjectStore
from podemos.regulatory.keys import inbox

SHA256 = r"^[0-9a-f]{64}$"
Exact = Annotated[int, Field(strict=True)]
"""Cents: a JSON integer, nothing that would have to be converted."""
_NUMBERED = re.compile(r"control(?:-(\d{1,6}))?\.json")


class DeclaredFile(Strict):
    """A data file as its source states it; `cents` is the sum of its amounts, whatever their sign of account."""

    name: str = Field(pattern=r"^[\w][\w.-]*$", max_length=200)
    rows: int = Field(ge=0)
    cents: Exact
    sha256: str = Field(pattern=SHA256)


class Control(BaseModel):
    """`control.json` of a source system. Keys we do not know are ignored: sources extend their files."""

    source: str
    business_date: date
    files: tuple[DeclaredFile, ...]
    rows: int = Field(ge=0)
    cents: Exact
    row_hashes: str | None = Field(default=None, description="name of a JSON lines file of {id_movimiento, sha256}")

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        rows, cents = sum(f.rows for f in self.files), sum(f.cents for f in self.files)
        if (rows, cents) != (self.rows, self.cents):
            raise ValueError(f"rows/cents {self.rows}/{self.cents} are not the sum of the files, {rows}/{cents}")
        names = [f.name for f in self.files]
        if twice := {n for n in names if names.count(n) > 1}:
            raise ValueError(f"file {', '.join(sorted(twice))} is listed twice")
        return self


class LakeFile(Strict):
    """A curated parquet file of the branch lake: whole-file totals, of which only a part are the day's movements."""

    key: str
    rows: int = Field(ge=0)
    cents: Exact
    sha256: str = Field(pattern=SHA256)


class LakeExcepted(BaseModel):
    """A payment of the day that curation set aside."""

    id_sucursal: int
    id_pago: int
    reason: str
    cents: Exact | None = None


class BranchState(BaseModel):
    """How far a branch's day is proven."""

    id: str
    state: Literal["certified", "differs", "missing"]
    as_of: str | None = None


class Reference(Strict):
    """A manifest the delivery rests on."""

    key: str
    sha256: str = Field(pattern=SHA256)


class LakeControl(BaseModel):
    """`control-NNNN.json` of the branch lake: it delivers references to curated files instead of copies."""

    source: str
    business_date: date
    kind: Literal["lake"]
    revision: Reference
    certificates: tuple[Reference, ...] = ()
    files: tuple[LakeFile, ...]
    rows: int = Field(ge=0)
    cents: Exact
    digest: str | None = None
    excepted: tuple[LakeExcepted, ...] = ()
    excepted_rows: int = Field(default=0, ge=0)
    excepted_cents: Exact = 0
    branches: tuple[BranchState, ...] = ()


def control_pattern(source: Source, day: date) -> str:
    """The key pattern whose first match completes a source's delivery."""
    return f"{inbox(source.id, day)}control*.json"


def newest_control(lake: ObjectStore, source: Source, day: date) -> str | None:
    """The key of the newest control file: `control.json`, then `control-1.json` and so on; None if there is none."""
    found: dict[int, str] = {}
    prefix = inbox(source.id, day)
    for info in lake.list(f"{prefix}control"):
        if matched := _NUMBERED.fullmatch(info.key.removeprefix(prefix)):
            found[int(matched[1] or -1)] = info.key
    return found[max(found)] if found else None


def read_control(data: bytes, uri: str, source: Source, day: date) -> Control | LakeControl:
    """The control file's content.

    Raises:
        DataFault: it is not JSON, a key is wrong, or it speaks of another source or day; the message names file and
            key and the remedy.
    """
    model: type[Control] | type[LakeControl] = LakeControl if source.format == "lake" else Control
    remedy = f"ask {source.contact} to deliver again with a corrected control file"
    try:
        document: Any = json.loads(data)
    except (ValueError, UnicodeDecodeError) as error:
        raise DataFault(f"{uri} is not JSON ({error}); {remedy}") from None
    try:
        control = check(model, document, uri)
    except (ContractViolation, ValidationError) as error:
        raise DataFault(f"{error}; {remedy}") from None
    if control.source != source.id:
        raise DataFault(f"{uri}: source is {control.source!r}, this is the inbox of {source.id!r}; {remedy}")
    if control.business_date != day:
        raise DataFault(f"{uri}: business_date is {control.business_date}, expected {day}; {remedy}")
    return control
