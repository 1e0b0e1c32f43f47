"""A night without Airflow: the stages in order, with a hand between any two of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import jsonschema

from podemos.contracts.sources import Policy, Sources, policy
from podemos.core.errors import SourceUnavailable
from podemos.core.manifest import read
from podemos.core.night import Night
from podemos.core.paths import include
from podemos.regulatory.build import build
from podemos.regulatory.decide import decide, outcome
from podemos.regulatory.gate import judge
from podemos.regulatory.load import load_batch
from podemos.regulatory.normalise import normalise
from podemos.regulatory.plan import open_night
from podemos.regulatory.publish import Signer, publish
from podemos.regulatory.reconcile import reconcile
from podemos.regulatory.seal import seal
from podemos.regulatory.second import second
from podemos.warehouse.statements import Batch
from tests.integration.regulatory.world import World
from tests.unit.regulatory.deliveries import ALL, NIGHT, clock, only

Hand = Callable[[str], object]
LAKE, PLAIN, HASHED, BALANCED, MINOR = "sucursales", "tarjetas", "corresponsales", "nucleo_credito", "cajeros"
FEW = only(LAKE, PLAIN, BALANCED, MINOR)
COUNT = 40
LATER = replace(NIGHT, start=NIGHT.start + timedelta(hours=1))
"""The same day again: another night, with its own seal."""
SCHEMAS = {
    "resumen.json": "summary",
    "exceptions.json": "exceptions",
    "cambios.json": "changes",
}


def arrived(sources: Sources) -> list[str]:
    """What the sensors say when everybody delivered."""
    return [f"{source.id}:arrived" for source in sources.sources]


def conforms(document: dict[str, Any], schema: str) -> None:
    """The document fits `include/schemas/<schema>.schema.json`."""
    text = (include() / "schemas" / f"{schema}.schema.json").read_text(encoding="utf-8")
    jsonschema.validate(document, json.loads(text), format_checker=jsonschema.FormatChecker())


@dataclass(frozen=True)
class Ended:
    """Where a night ended: the keys of its stages and what was decided."""

    outcome: str
    reasons: list[str]
    keys: dict[str, str]
    manifest: dict[str, Any] | None


def send(world: World, batch: Batch) -> str:
    """Sends a batch as the load task does; returns the statement."""
    answer = world.redshift.batch_execute_statement(
        WorkgroupName="podemos", Database="analytics", Sqls=list(batch.statements), Parameters=batch.api_parameters()
    )
    return str(answer["Id"])


def load(world: World, normalised: str) -> str:
    """Loads a night's movements."""
    world.finished(send(world, load_batch(normalised, lake=world.lake, platform=world.platform)))
    return normalised


class Dead:
    """A warehouse that does not answer."""

    def execute(self, *_: Any, **__: Any) -> None:
        raise SourceUnavailable("warehouse: no answer")

    def fetch(self, *_: Any, **__: Any) -> Iterator[Any]:
        raise SourceUnavailable("warehouse: no answer")


def run(
    world: World,
    arrivals: list[str],
    *,
    sources: Sources = ALL,
    night: Night = NIGHT,
    agreed: Policy | None = None,
    after: Mapping[str, Hand] | None = None,
    signer: Signer | None = None,
    warehouse_dies: str = "",
) -> Ended:
    """Runs the stages; `after` holds what a hand does once a stage has ended, given the stage's key.

    The warehouse can die at `load`, or before `reconcile` or `build`.
    """
    lake, keys = world.lake, dict[str, str]()
    hands = after or {}

    def done(stage: str, key: str) -> str:
        keys[stage] = key
        if stage in hands:
            hands[stage](key)
        return key

    open_night(night, lake=lake, reports=world.reports, clock=clock, sources=sources)
    sealed = done("seal", seal(night, arrivals, lake=lake, clock=clock, sources=sources))
    normalised = done("normalise", normalise(sealed, lake=lake, sources=sources))
    seconded = done("second", second(sealed, lake=lake, sources=sources))
    loaded = None if warehouse_dies == "load" else done("load", load(world, normalised))
    until_build = Dead() if warehouse_dies in ("load", "reconcile") else world.warehouse
    chosen = agreed or policy()
    found = done(
        "reconcile",
        reconcile(
            normalised,
            seconded,
            loaded,
            lake=lake,
            warehouse=until_build,
            sources=sources,
            policy=chosen,
            clock=clock,
        ),
    )
    judged = done("gate", judge(found, lake=lake))
    decision = done("decide", decide(judged, lake=lake, policy=chosen, sources=sources, clock=clock, night=night))
    decided, reasons = outcome(decision, lake), read(lake, decision)[0]["reasons"]
    if decided == "hold":
        return Ended(decided, reasons, keys, None)
    built = done(
        "build",
        build(
            decision,
            lake=lake,
            warehouse=Dead() if warehouse_dies else world.warehouse,
            platform=world.platform,
            sources=sources,
        ),
    )
    published = done(
        "publish", publish(built, lake=lake, reports=world.reports, clock=clock, night=night, signer=signer)
    )
    manifest = read(world.reports, published)[0]
    conforms(manifest, "manifest")
    for file in manifest["files"]:
        if schema := SCHEMAS.get(file["name"]):
            conforms(read(world.reports, published.replace("manifest.json", file["name"]))[0], schema)
    return Ended(decided, reasons, keys, manifest)
