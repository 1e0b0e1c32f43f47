"""The advice for a person, line by line."""

from __future__ import annotations

from collections.abc import Iterable

from podemos.redshift.advisor.advise import Advice, Option
from podemos.redshift.advisor.workload import Workload

SHOWN = 4
_WORSE = 3


def lines(advices: Iterable[Advice], workload: Workload) -> list[str]:
    """What was read, then each table's options, then the DDL of those that are worth it."""
    found = [f"{len(workload.queries)} distinct queries, {sum(q.seconds for q in workload.queries):,.0f} s"]
    for reason, count in workload.reasons().items():
        found.append(f"skipped: {count} statements: {reason}")
    statements = []
    for advice in advices:
        name = ".".join(advice.table)
        found += ["", f"{name}: {advice.seconds:,.0f} s of the log read it"]
        found += [f"  note: {note}" for note in advice.notes]
        shown = list(advice.options[:SHOWN])
        if advice.nothing not in shown:
            shown.append(advice.nothing)
        for option in shown:
            found += _option(advice, option)
        if advice.best.ddl:
            statements += ["", f"-- {name}: {advice.best.design.title}", advice.best.ddl]
    return [*found, *statements]


def _option(advice: Advice, option: Option) -> list[str]:
    place = advice.options.index(option) + 1
    found = [f"  {place}. {option.design.title}: {option.seconds:,.0f} s predicted, {option.blocks:,} blocks read"]
    found += [f"       because {reason}" for reason in option.reasons]
    found += [f"       worse: {worse}" for worse in option.worse[:_WORSE]]
    if len(option.worse) > _WORSE:
        found.append(f"       worse: {len(option.worse) - _WORSE} more (--json)")
    return found
