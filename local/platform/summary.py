"""The table of a night: what was pulled and sealed, what differed, and what each stage took beside its budget."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from local.platform import stages
from local.platform.evidence import Evidence
from local.platform.night import Result
from podemos.core.money import format_pesos

MOST = 12


def show(console: Console, result: Result) -> None:
    """Print the night."""
    found = result.evidence
    table = Table(title=f"The night of {result.data.business_date}: {result.status}", show_header=False, min_width=80)
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, text in _facts(result, found):
        table.add_row(name, text)
    console.print(table, markup=False)
    console.print(_stages(result))
    for failure in result.failures:
        if found.held and failure.task == f"{stages.REPORT}.hold":
            continue  # its failure is how a held night shows in Airflow; the reasons follow
        console.print(f"failed: {failure.task}\n  {failure.reason}\n  log: {failure.log}", markup=False)
    for reason in found.reasons[:MOST]:
        console.print(f"HELD: {reason}", markup=False)
    if result.verdict:
        for line in result.verdict.differences[:MOST]:
            console.print(f"the report is wrong: {line}", markup=False)


def _facts(result: Result, found: Evidence) -> list[tuple[str, str]]:
    pulled = sum(state == "pulled" for state in found.branches.values())
    offline = found.branches_offline
    missing = {source: why for source, (state, why) in found.source_states.items() if state != "sealed"}
    rows = [("branches pulled", f"{pulled} of {result.data.branches}, {found.rows:,} rows landed")]
    by_state: dict[str, list[str]] = {}
    for branch in offline:
        by_state.setdefault(found.branches[branch], []).append(branch)
    rows += [(f"branches {state}", ", ".join(names)) for state, names in sorted(by_state.items())]
    broken = [branch for branch in offline if found.branches[branch] != "offline" and branch in found.notes]
    rows += [("", f"{branch}: {found.notes[branch]}") for branch in broken[:MOST]]
    rows.append(("branches certified", f"{found.certified} of {result.data.branches}"))
    if found.uncertified:
        rows.append(("branches not certified", ", ".join(found.uncertified)))
    rows += [("", message) for message in found.messages[:MOST]]
    waiting = ", ".join(f"{count:,} {table}" for table, count in sorted(found.quarantine.items()) if count)
    rows.append(("in quarantine", waiting or "nothing"))
    planted = ", ".join(f"{count:,} {kind}" for kind, count in sorted(result.planted.items()))
    rows.append(("defects planted", planted))
    rows.append(("sources sealed", f"{found.sources} of {len(found.source_states)}"))
    rows += [(f"source missing: {source}", why) for source, why in sorted(missing.items())]
    rows.append(("differences", "\n".join(found.differences[:MOST]) or "none"))
    if len(found.differences) > MOST:
        rows.append(("", f"and {len(found.differences) - MOST} more"))
    rows.append(("movements excepted", f"{found.excepted:,}"))
    if found.docs:
        rows.append(("Data Docs", found.docs))
    rows.append(("messages sent", "\n".join(found.alerts[:MOST]) or "none"))
    if found.report:
        total = f"{found.report.movements:,} movements, {format_pesos(found.report.cents)} MXN"
        rows.append(("report", f"{found.report.uri}\nversion {found.report.version}: {total}"))
    if result.verdict:
        rows.append(("verified", _verdict(result)))
    return rows


def _verdict(result: Result) -> str:
    verdict = result.verdict
    if verdict is None:
        return "nothing was published"
    if not verdict.verified:
        return f"NO: {verdict.difference_count} differences from what sources and branches hold"
    return (
        f"yes: {verdict.movements:,} published + {verdict.excepted:,} excepted, "
        f"of {verdict.expected:,} that sources and branches hold"
    )


def _stages(result: Result) -> Table:
    table = Table(title="Stages")
    table.add_column("stage")
    table.add_column("budget s", justify="right")
    table.add_column("took s", justify="right")
    for stage in stages.ALL:
        took = result.seconds.get(stage.name)
        table.add_row(stage.name, str(stage.budget), "-" if took is None else f"{took:.1f}")
    table.add_row("whole night", str(sum(stage.budget for stage in stages.ALL)), f"{result.took:.1f}")
    return table
