"""Compares what a night published with the oracle and with what the sources really hold."""

from __future__ import annotations

import contextlib
import csv
import io
import logging
import tempfile
import traceback
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from bench.chaos_cents.night import verify_report
from bench.chaos_report import oracle
from bench.chaos_report.faults import Faults, clock, draw, minute_of
from bench.chaos_report.night import Simulation, history
from bench.chaos_report.world import Ended
from bench.report.content import DAY, Night, draw_night
from bench.report.memory import PROVEN_EVERY, Memory
from bench.report.redshift import Redshift
from bench.report.stages import Key
from bench.report.suite import scratch
from podemos.contracts.loading import load
from podemos.contracts.platform import platform
from podemos.contracts.sources import Criticality, Policy, sources
from podemos.core.store import MemoryStore
from podemos.regulatory.publish import SIGNATURE

NIGHTS_OF_A_CONTENT = 20
GREAT_EXPECTATIONS_EVERY = 97
WORDS = ("missed_deadline", "unbalanced", "wrong_cent", "silent_overwrite", "false_alarms", "unalerted", "disagree")


@dataclass
class Verdict:
    """Counts, and per failed night what went wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    failed: dict[int, list[str]] = field(default_factory=dict)
    cases: dict[int, str] = field(default_factory=dict)

    def add(self, other: Verdict) -> None:
        """Adds another part's."""
        self.counts.update(other.counts)
        self.failed.update(other.failed)
        self.cases.update(other.cases)


def run(part: tuple[int, list[int], bool]) -> Verdict:
    """Some nights of a seed, in one process with one warehouse."""
    seed, indexes, aloud = part
    logging.getLogger("podemos").setLevel(logging.ERROR)  # a store that does not answer is a drawn fault
    verdict, configured = Verdict(), sources()
    policy = load(Policy, Path(__file__).with_name("policy.yaml"))
    critical = [s.id for s in configured.sources if s.criticality is Criticality.CRITICAL]
    assert (len(critical), len(configured.sources)) == (3, 15)  # noqa: S101 - the policy of the suite
    cutoffs = {source.id: minute_of(source.cutoff) for source in configured.sources}
    with scratch("chaos-report-") as folder:
        redshift, memory = Redshift(folder / "redshift"), Memory()
        key, content = Key(folder), draw_night(seed, 0)

        def run_night(faults: Faults, *, great_expectations: bool = False) -> Ended:
            night = Simulation(
                faults, content, redshift, configured, policy, platform(), key, great_expectations=great_expectations
            )
            with redshift.case(night.ended.lake):
                return night.run()

        for index in indexes:
            if index % NIGHTS_OF_A_CONTENT == 0 or index == indexes[0]:
                content = draw_night(seed, index // NIGHTS_OF_A_CONTENT, rows=4)
                memory.forget()
                history(content, folder, redshift)
            faults = draw(seed, index, configured)
            great = index % GREAT_EXPECTATIONS_EVERY == 3
            verdict.cases[index] = repr(faults)
            verdict.counts["great_expectations"] += great
            try:
                with memory.used():
                    ended = run_night(faults, great_expectations=great)
                lines = judge(verdict, faults, content, ended, cutoffs, critical, key)
                if aloud or index % PROVEN_EVERY == 0:
                    verdict.counts["proven"] += 1
                    lines += _differences(ended, run_night(faults, great_expectations=great))
            except Exception:  # the run goes on; the night is a failure
                verdict.counts["crashed"] += 1
                verdict.failed[index] = ["crashed", *traceback.format_exc().splitlines()[-6:], *faults.told()]
                continue
            if lines:
                verdict.failed[index] = lines + _story(faults, ended)
            if aloud:
                print("\n".join([*lines, *_story(faults, ended)]))
        memory.close()
        redshift.close()
    return verdict


def _differences(remembered: Ended, alone: Ended) -> list[str]:
    """What of the night would have been otherwise without the suite's memory; a signature is another each time."""
    found = []
    for name in ("lake", "reports"):
        ours, theirs = (
            {key: versions for key, versions in getattr(ended, name)._objects.items() if not _timed(key)}
            for ended in (remembered, alone)
        )
        wrong = sorted(key for key in ours.keys() | theirs.keys() if ours.get(key) != theirs.get(key))
        found += [f"differs with the suite's memory: {name} {key}" for key in wrong[:3]]
    if (remembered.seals, remembered.alerts, remembered.told) != (alone.seals, alone.alerts, alone.told):
        found.append("differs with the suite's memory: who was told what")
    return found


def _timed(key: str) -> bool:
    return key.endswith((SIGNATURE, "great_expectations.json"))


def judge(
    verdict: Verdict,
    faults: Faults,
    content: Night,
    ended: Ended,
    cutoffs: dict[str, int],
    critical: list[str],
    key: Key,
) -> list[str]:
    """Counts one night and returns what is wrong with it."""
    wrong: list[str] = []

    def say(what: str, line: str) -> None:
        verdict.counts[what] += 1
        wrong.append(f"{what}: {line}")

    seal = ended.judged
    who, sealed, came, waits = seal.who, seal.minute, seal.outcome, seal.who == "airflow"
    expected = oracle.outcome(faults, sealed, cutoffs, critical, waits=waits)
    verdict.counts["nights"] += 1
    verdict.counts["sql_nights"] += ended.warehouse.asked > 1
    verdict.counts["by_contingency"] += who == "contingency"
    verdict.counts["partial"] += ended.published is not None and came == oracle.PARTIAL
    verdict.counts["held"] += came == oracle.HOLD
    verdict.counts["oracle_partial"] += expected == oracle.PARTIAL
    verdict.counts["oracle_held"] += expected == oracle.HOLD
    if came and came != expected:
        say("disagree", f"{came}, the oracle says {expected}")
    if expected == oracle.HOLD:
        if ended.published is not None:
            say("wrong_cent", "published although it must be held")
        if not any(minute <= 210 and "held" in text.lower() for minute, text in ended.alerts) and sealed < 205:
            say("unalerted", "held without an alert before 05:30")
        return wrong
    if faults.none and (came == oracle.HOLD or ended.alerts):
        say("false_alarms", f"nothing is wrong, yet: {came} {ended.alerts}")
    if ended.published is None or ended.published >= 240:
        say("missed_deadline", f"nothing was published by 06:00, the policy allows {expected}")
        return wrong
    with tempfile.TemporaryDirectory() as name:
        folder = _download(ended.reports, Path(name))
        said = io.StringIO()
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            if verify_report.main([str(folder), "--public-key", str(key.public)]):
                say("unbalanced", said.getvalue())
        _cents(folder, oracle.published(content, oracle.missing(faults, sealed, cutoffs, waits=waits)), say)
    replaced = [k for k, versions in ended.reports._objects.items() if len(versions) > 1] + ended.reports.overwritten
    if replaced:
        say("silent_overwrite", ", ".join(replaced))
    return wrong


def _download(reports: MemoryStore, folder: Path) -> Path:
    """The newest version, as a stranger gets it."""
    objects = {k: v[-1] for k, v in reports._objects.items() if k.startswith(f"reports/{DAY}/")}
    versions = {k.split("/")[2] for k in objects if k.endswith("/manifest.json")}
    last = max(versions, key=lambda v: int(v[1:]))
    for name, data in objects.items():
        if name.split("/")[2] == last:
            (folder / name.rpartition("/")[2]).write_bytes(data)
    return folder


def _cents(folder: Path, wanted: dict[tuple[str, str], int], say: object) -> None:
    with (folder / "movimientos.csv").open(encoding="utf-8", newline="") as file:
        rows = [(r["id_sistema"], r["id_movimiento"], int(r["monto"].replace(".", ""))) for r in csv.DictReader(file)]
    found = Counter(rows)
    expected = Counter((system, movement, cents) for (system, movement), cents in wanted.items())
    for row in sorted((found - expected) + (expected - found))[:3]:
        say("wrong_cent", f"{row}: {found[row]} times in the report, {expected[row]} times in the sources")  # type: ignore[operator]


def _story(faults: Faults, ended: Ended) -> list[str]:
    sealed = [f"sealed by {seal.who} {clock(seal.minute)}: {seal.outcome}" for seal in ended.seals]
    out = [f"published {clock(ended.published)}"] if ended.published is not None else ["nothing published"]
    return [*faults.told(), *ended.told, *sealed, *out, *(f"{clock(m)} {text}" for m, text in ended.alerts)]
