"""Runs the shipped stages over one case and collects what they wrote and said."""

from __future__ import annotations

import contextlib
import importlib.util
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.chaos_cents.draw import OWN, Case
from bench.chaos_cents.plant import Plant, Planted
from bench.report.content import CLIENTS, DAY, Night, curated
from bench.report.memory import Memory, differing
from bench.report.redshift import Redshift
from bench.report.stages import Key, at, judged_by
from podemos.contracts.platform import Platform, platform
from podemos.contracts.sources import Policy, Sources, policy, sources
from podemos.core.errors import PodemosError
from podemos.core.manifest import read
from podemos.core.night import Night as Clockwork
from podemos.core.store import MemoryStore
from podemos.regulatory import build, decide, gate, load, normalise, publish, rebuild, reconcile, seal, second
from podemos.regulatory.results import Result, Severity

REPOSITORY = Path(__file__).resolve().parents[2]
_SPEC = importlib.util.spec_from_file_location("verify_report", REPOSITORY / "tools" / "verify_report.py")
assert _SPEC is not None  # noqa: S101 - it is there
assert _SPEC.loader is not None  # noqa: S101
verify_report = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(verify_report)

STAGES = ("seal", "normalise", "second")
"""The stages that do not ask the warehouse; cases whose defect comes after one of them share it."""
_SHARED = {"normalised": 2, "second_file": 3} | dict.fromkeys(("source", "control", "reader", "second", OWN), 0)
"""How many of them come before the defect, by place; all, where it is not listed."""


@dataclass
class Evidence:
    """What a case left behind.

    Attributes:
        outcome: `published`, `held`, `refused` by a stage, or `rejected` by whoever verifies the folder.
        lines: reasons, differences and messages.
        alarms: red differences.
    """

    outcome: str = ""
    lines: list[str] = field(default_factory=list)
    alarms: int = 0


@dataclass
class Bench:
    """What all cases share."""

    warehouse: Redshift
    key: Key
    scratch: Path
    platform: Platform = field(default_factory=platform)
    sources: Sources = field(default_factory=sources)
    policy: Policy = field(default_factory=policy)
    clockwork: Clockwork = field(default_factory=lambda: Clockwork.scheduled(DAY))
    memory: Memory = field(default_factory=Memory)


class Block:
    """A night's content, delivered and read once, for all cases that have it."""

    def __init__(self, night: Night, bench: Bench) -> None:
        self.night, self._bench = night, bench
        self._delivered = _filled(night)
        self._read, self._keys = _copy(self._delivered), dict[str, str]()
        self._after = [_copy(self._delivered)]
        """The lake after none, one, two and all of the reading stages."""
        bench.memory.forget()
        with bench.memory.used():
            _read(self._read, self._keys, bench, lambda *_: self._after.append(_copy(self._read)))
        path = bench.scratch / "pagos.parquet"
        path.write_bytes(curated(night.payments))
        bench.warehouse.load_history(path, CLIENTS)

    def run(self, case: Case) -> tuple[Planted, Evidence]:
        """One case, from its defect to the end of the night."""
        plant, evidence = Plant(case, self.night), Evidence()
        shared = _SHARED.get(case.place, len(STAGES))
        lake, keys = _copy(self._after[shared]), {stage: self._keys[stage] for stage in STAGES[:shared]}
        reports, warehouse = MemoryStore("podemos-reports"), self._bench.warehouse
        with warehouse.case(lake), self._bench.memory.used():
            if case.place == OWN:
                lake = warehouse.lake = _filled(own := plant.own_truth())
                history = self._bench.scratch / "own.parquet"
                history.write_bytes(curated(own.payments))
                warehouse.load_history(history, CLIENTS)
            try:
                self._stages(case, plant, lake, reports, evidence, keys)
            except PodemosError as error:
                evidence.outcome, evidence.alarms = "refused", 1
                evidence.lines += str(error).split("; ")
        return plant.planted, evidence

    def proven(self, case: Case) -> list[str]:
        """Reads the case's inputs without memory and with it; names what differs."""

        def read() -> dict[str, str]:
            plant, keys = Plant(case, self.night), dict[str, str]()
            lake = _filled(plant.own_truth())
            plant.delivered(lake)
            with plant.reading():
                _read(lake, keys, self._bench, lambda *_: None)
            return keys

        return differing(read, self._bench.memory)

    def _stages(
        self,
        case: Case,
        plant: Plant,
        lake: MemoryStore,
        reports: MemoryStore,
        evidence: Evidence,
        keys: dict[str, str],
    ) -> None:
        bench, warehouse = self._bench, self._bench.warehouse

        def hand(stage: str, key: str) -> None:
            plant.after(stage, key, lake, reports, warehouse)

        plant.delivered(lake)
        with plant.reading():
            if "normalise" in keys:
                hand("normalise", keys["normalise"])
            if "second" in keys:
                hand("second", keys["second"])
            _read(lake, keys, bench, hand)
            self._judged(case, lake, reports, evidence, keys, hand)

    def _judged(
        self,
        case: Case,
        lake: MemoryStore,
        reports: MemoryStore,
        evidence: Evidence,
        keys: dict[str, str],
        hand: Callable[[str, str], None],
    ) -> None:
        bench, warehouse = self._bench, self._bench.warehouse
        warehouse.send(load.load_batch(keys["normalise"], lake=lake, platform=bench.platform))
        hand("load", keys["normalise"])
        about: dict[str, Any] = {"lake": lake, "sources": bench.sources}
        reconciled = reconcile.reconcile(
            keys["normalise"],
            keys["second"],
            keys["normalise"],
            warehouse=warehouse,
            policy=bench.policy,
            clock=clock,
            **about,
        )
        _collect(read(lake, reconciled)[0]["results"], evidence)
        with judged_by(great_expectations=case.great_expectations):
            judged = gate.judge(reconciled, lake=lake)
        decision = decide.decide(judged, policy=bench.policy, clock=clock, night=bench.clockwork, **about)
        if decide.outcome(decision, lake) == decide.Outcome.HOLD:
            evidence.outcome = "held"
            evidence.lines += read(lake, decision)[0]["reasons"]
            return
        hand("decide", decision)
        built = build.build(decision, warehouse=warehouse, platform=bench.platform, **about)
        hand("build", built)
        published = publish.publish(
            built, lake=lake, reports=reports, clock=clock, night=bench.clockwork, signer=bench.key.signer
        )
        hand("publish", published)
        evidence.outcome = "published"
        _verify(reports, published, bench, evidence)
        if evidence.outcome == "rejected":
            evidence.lines += rebuild.rebuild(DAY, 1, lake=lake, reports=reports).differences


def clock() -> datetime:
    """All stages run at 04:05."""
    return at("04:05")


def _read(
    lake: MemoryStore,
    keys: dict[str, str],
    bench: Bench,
    hand: Callable[[str, str], None],
) -> None:
    """Seals and reads by both engines; stages that have a key are done."""
    arrivals = [f"{source.id}:arrived" for source in bench.sources.sources]
    work: dict[str, Callable[[], str]] = {
        "seal": lambda: seal.seal(bench.clockwork, arrivals, lake=lake, clock=clock, sources=bench.sources),
        "normalise": lambda: normalise.normalise(keys["seal"], lake=lake, sources=bench.sources),
        "second": lambda: second.second(keys["seal"], lake=lake, sources=bench.sources),
    }
    for stage in STAGES:
        if stage not in keys:
            keys[stage] = work[stage]()
            hand(stage, keys[stage])


def _collect(results: list[dict[str, Any]], evidence: Evidence) -> None:
    """Differences as lines, each with its source and unit in front."""
    for row in results:
        result = Result.from_dict(row)
        if result.equal:
            continue
        evidence.alarms += result.severity is Severity.RED
        evidence.lines.append(f"{result.source} {result.unit}: {result.detail}")
        evidence.lines += [f"{result.source} {result.unit}: {unit}" for unit in result.units]


def _verify(reports: MemoryStore, manifest: str, bench: Bench, evidence: Evidence) -> None:
    """As a stranger does, from the downloaded folder."""
    folder = manifest.rpartition("/")[0] + "/"
    with TemporaryDirectory(dir=bench.scratch) as name:
        for info in reports.list(folder):
            (Path(name) / info.key.removeprefix(folder)).write_bytes(reports.get(info.key))
        said = io.StringIO()
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            code = verify_report.main([name, "--public-key", str(bench.key.public)])
    if code:
        evidence.outcome = "rejected"
        evidence.alarms += 1
        evidence.lines += said.getvalue().splitlines()


def _filled(night: Night) -> MemoryStore:
    lake = MemoryStore("podemos-lake")
    for key, data in night.objects():
        lake.put_new(key, data)
    return lake


def _copy(lake: MemoryStore) -> MemoryStore:
    found = MemoryStore(lake.bucket)
    found._objects = {key: list(versions) for key, versions in lake._objects.items()}
    return found
