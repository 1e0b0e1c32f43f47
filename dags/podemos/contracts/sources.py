"""The systems that feed the report: `include/config/sources.yaml`. A new source is one entry."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from podemos.contracts.loading import Strict, config_file, load
from podemos.contracts.waivers import RENDERINGS, Waiver, fault
from podemos.core.errors import ContractViolation

CLOCK = r"^([01]\d|2[0-3]):[0-5]\d$"


class Criticality(StrEnum):
    """What a source's absence means."""

    CRITICAL = "critical"
    IMPORTANT = "important"
    MINOR = "minor"


class Mapping(Strict):
    """How a source's fields become a canonical movement. Values are names of source fields.

    `tipo_values` maps the source's codes to CARGO or ABONO; `monto_unit` says what its amounts count;
    an `instante` with `instante_zone` is local wall time of that zone, without it ISO 8601 with offset.
    """

    id_movimiento: str
    monto: str
    monto_unit: Literal["pesos", "centavos"] = "pesos"
    tipo: str
    tipo_values: dict[str, Literal["CARGO", "ABONO"]]
    instante: str
    instante_zone: str | None = None
    id_sucursal: str | None = None
    id_cliente: str | None = None
    concepto: str | None = None
    moneda: str | None = None


Rows = Annotated[int | None, Field(ge=0)]


class Volume(Strict):
    """Rows to expect by the kind of day, where that is not `expected_rows`; until there is history of that kind."""

    monday: Rows = None
    tuesday: Rows = None
    wednesday: Rows = None
    thursday: Rows = None
    friday: Rows = None
    saturday: Rows = None
    sunday: Rows = None
    payday: Rows = None


class Source(Strict):
    """One source system."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{2,39}$")
    nombre: str
    owner: str
    contact: str
    kind: Literal["system", "database", "branch_lake", "manual"] = "system"
    criticality: Criticality
    cutoff: str = Field(pattern=CLOCK, description="HH:MM of the night; later is missing")
    format: Literal["csv", "jsonl", "parquet", "lake"]
    compression: Literal["gzip"] | None = None
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    encoding: Literal["utf-8", "latin-1"] = "utf-8"
    balanced: bool = Field(default=False, description="debits equal credits within each file")
    expected_rows: int = Field(ge=0, description="on a usual day")
    volume: Volume = Volume()
    absence: str = Field(description="what its absence does to the totals")
    mapping: Mapping | None = None
    rendering: Literal["pdf", "xlsx"] | None = Field(default=None, description="what a hand transcribed `format` from")
    waiver: Waiver | None = Field(default=None, description="without it, nothing manual and nothing transcribed")

    @model_validator(mode="before")
    @classmethod
    def _data(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("format") in RENDERINGS:
            raise ValueError(
                f"format {given['format']} is a rendering, not data: have the system deliver csv, jsonl or parquet; "
                f"until it can, have it transcribed to csv, with rendering: {given['format']} and a waiver"
            )
        return given

    @model_validator(mode="after")
    def _answered_for(self) -> Self:
        if found := fault(self.id, manual=self.kind == "manual", rendering=self.rendering, waiver=self.waiver):
            raise ValueError(found)
        return self

    def expected_on(self, kind: str) -> int:
        """Rows to expect on a `payday` or a weekday, by its English name."""
        rows = getattr(self.volume, kind)
        return self.expected_rows if rows is None else int(rows)

    @model_validator(mode="after")
    def _mapped(self) -> Self:
        if (self.format == "lake") != (self.kind == "branch_lake"):
            raise ValueError("format lake goes with kind branch_lake, and only with it")
        if self.kind != "branch_lake" and self.mapping is None:
            raise ValueError("mapping is missing: name the source field of each canonical column")
        return self


class Sources(Strict):
    """All source systems."""

    sources: tuple[Source, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _unique(self) -> Self:
        ids = [source.id for source in self.sources]
        twice = sorted({i for i in ids if ids.count(i) > 1})
        if twice:
            raise ValueError(f"source {', '.join(twice)} is listed twice")
        return self

    def source(self, source_id: str) -> Source:
        """The source of that id.

        Raises:
            ContractViolation: it is not listed.
        """
        for source in self.sources:
            if source.id == source_id:
                return source
        raise ContractViolation(f"sources.yaml: source {source_id!r} is not listed; add it, or correct the id")


class Notice(Strict):
    """What the regulator is told with a partial report, besides what is missing. Spanish."""

    addressee: str
    institution: str
    signed_by: str
    contact: str
    completion: str = Field(description="when the complete report follows; a commitment, never a computed hour")


class Policy(Strict):
    """Who decides what when a source is missing: `include/config/policy.yaml`."""

    version: int
    hold_if_missing: tuple[Criticality, ...] = Field(description="a missing source of these classes holds the report")
    max_missing: int = Field(ge=0, description="more missing sources than this hold the report")
    max_excepted_movements: int = Field(ge=0, description="more excepted movements than this hold the report")
    max_branches_missing: int = Field(ge=0, description="more uncertified branches than this hold the report")
    second_engine_alone: bool = Field(description="its report may be published when the warehouse cannot be asked")
    warehouse_minutes: int = Field(ge=0, description="real minutes after the seal that the warehouse is waited for")
    approved_by: str
    approved_on: str
    notice: Notice


@cache
def sources() -> Sources:
    """The configured sources."""
    return load(Sources, config_file("sources.yaml"))


@cache
def policy() -> Policy:
    """The agreed policy."""
    return load(Policy, config_file("policy.yaml"))
