"""The judge: alone knows what was planted, and compares it with what the stages wrote and said."""

from __future__ import annotations

import traceback
from collections import Counter
from dataclasses import dataclass, field

from bench.chaos_cents import baselines
from bench.chaos_cents.draw import CASES_OF_A_NIGHT, CLEAN, OWN, Case, draw
from bench.chaos_cents.night import Bench, Block, Evidence
from bench.chaos_cents.plant import Planted
from bench.report.content import draw_night
from bench.report.memory import PROVEN_EVERY
from bench.report.redshift import Redshift
from bench.report.stages import Key
from bench.report.suite import scratch


@dataclass
class Verdict:
    """What the judge found."""

    counts: Counter[str] = field(default_factory=Counter)
    undetected: dict[int, list[str]] = field(default_factory=dict)
    unnamed: dict[int, list[str]] = field(default_factory=dict)
    false_alarms: dict[int, list[str]] = field(default_factory=dict)
    crashed: dict[int, list[str]] = field(default_factory=dict)
    cases: dict[int, str] = field(default_factory=dict)

    def prove(self, case: Case, block: Block) -> None:
        """What the suite remembers of its readings is what they are."""
        self.counts["proven"] += 1
        if wrong := block.proven(case):
            self.crashed[case.index] = [f"{case.told()}: reading differs with the suite's memory", *wrong]

    def add(self, other: Verdict) -> None:
        """Adds another part's."""
        self.counts.update(other.counts)
        for mine, theirs in (
            (self.undetected, other.undetected),
            (self.unnamed, other.unnamed),
            (self.false_alarms, other.false_alarms),
            (self.crashed, other.crashed),
        ):
            mine.update(theirs)
        self.cases.update(other.cases)

    def judge(self, planted: Planted, evidence: Evidence) -> None:
        """One case: what was planted against what was said."""
        case, told = planted.case, f"{planted.kind or '-'} in {planted.case.place}: {planted.where}"
        self.cases[case.index] = f"{told} {planted.units}"
        self.counts["great_expectations"] += case.great_expectations
        if case.place == CLEAN:
            self.counts["clean"] += 1
            if evidence.outcome != "published" or evidence.alarms:
                self.false_alarms[case.index] = [told, evidence.outcome, *evidence.lines]
            return
        if case.place == OWN:
            self.counts["own_truth"] += 1
            excepted = any("row(s) excepted" in line for line in evidence.lines)
            self.counts["own_truth_noticed"] += evidence.outcome != "published" or excepted
            if evidence.outcome == "rejected":
                self.false_alarms[case.index] = [told, *evidence.lines]
            return
        self.counts["planted"] += 1
        if planted.sides is not None:
            self.counts["dvt_float32_missed"] += baselines.dvt_float32_misses(planted.sides)
            self.counts["double_sum_missed"] += baselines.double_sum_misses(planted.sides)
        if evidence.outcome == "published" or not evidence.alarms:
            self.undetected[case.index] = [told, evidence.outcome, *evidence.lines]
            return
        self.counts["detected"] += 1
        lacking = [unit for unit in planted.units if not any(all(w in line for w in unit) for line in evidence.lines)]
        if lacking:
            wanted = f"not named: {' · '.join(' '.join(unit) for unit in lacking)}"
            self.unnamed[case.index] = [told, wanted, evidence.outcome, *evidence.lines]
            return
        self.counts["named"] += 1


def run(part: tuple[int, list[int], bool]) -> Verdict:
    """Some cases of a seed, in one process with one warehouse."""
    seed, indexes, aloud = part
    verdict = Verdict()
    with scratch("chaos-cents-") as folder:
        bench = Bench(Redshift(folder / "redshift"), Key(folder), folder)
        block: Block | None = None
        for index in indexes:
            case = draw(seed, index)
            if block is None or index % CASES_OF_A_NIGHT == 0:
                block = Block(draw_night(seed, case.block), bench)
            try:
                planted, evidence = block.run(case)
                if aloud:
                    found = [f"  {line}" for line in evidence.lines]
                    print("\n".join([case.told(), planted.where, evidence.outcome, *found]))
                verdict.judge(planted, evidence)
                if aloud or index % PROVEN_EVERY == 0:
                    verdict.prove(case, block)
            except Exception:  # the run goes on; the case is a failure
                verdict.crashed[index] = [case.told(), *traceback.format_exc().splitlines()[-6:]]
        bench.memory.close()
        bench.warehouse.close()
    return verdict
