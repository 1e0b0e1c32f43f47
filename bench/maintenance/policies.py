"""What each policy would run, from the rows of the system views alone.

The rules of awslabs/amazon-redshift-utils AnalyzeVacuumUtility v.10 are those of its code at f208c11: defaults, phases,
order, `vacuum FULL … to 95 percent` then `analyze` of the same table, serially, without a time budget.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from bench.maintenance.fleets import NOW, Row, Truth
from bench.maintenance.window import Policy, Statement
from podemos.redshift.maintenance import Action, after, plan
from podemos.redshift.maintenance_facts import Facts
from podemos.redshift.maintenance_pace import Form

MAX_MB = 700 * 1024
MIN_UNSORTED, MAX_UNSORTED, STATS_OFF, QUERY_RANK, INTERLEAVED_SKEW = 5, 50, 10, 25, 1.4

Views = Mapping[str, list[Row]]


def once(statements: Iterable[Statement]) -> Policy:
    """A policy that looks once and runs what it found."""
    rounds = iter([list(statements)])
    return lambda left, ended: next(rounds, [])


def ours(facts: Facts) -> Policy:
    """The plan, what was carried over while there is time, and a plan for the time that is left over."""
    sent: dict[Statement, Action] = {}
    known = facts

    def policy(left: float, ended: list[Statement]) -> list[Statement]:
        nonlocal known
        known = after(known, [sent[statement] for statement in ended])
        found = plan(known, left)
        sent.update({_statement(action): action for action in (*found.actions, *found.carried)})
        return [_statement(action) for action in (*found.actions, *found.carried)]

    return policy


def _statement(action: Action) -> Statement:
    what = action.form.value if action.form is Form.ANALYZE else action.form.value.removeprefix("VACUUM ")
    return Statement(action.table_id, what, action.to_percent or 95, action.predicted)


def everything(views: Views) -> Iterator[Statement]:
    """`VACUUM` without a name: every table, to 95 percent. No order is documented: a fleet's is by chance."""
    rows = views["svv_table_info"]
    for row in random.Random(sum(row["size"] for row in rows)).sample(rows, len(rows)):
        yield Statement(row["table_id"], "FULL")


def awslabs(views: Views) -> Iterator[Statement]:
    """Phases 1 to 3. What an earlier phase vacuumed and analyzed no longer meets the rule of a later one."""
    tables = {row["table_id"]: row for row in views["svv_table_info"]}
    done: set[int] = set()
    for row in [*_phase_1(views, tables), *_phase_2(tables)]:
        if row["table_id"] not in done:
            done.add(row["table_id"])
            yield Statement(row["table_id"], "FULL", 100 - MIN_UNSORTED)
            yield Statement(row["table_id"], "ANALYZE")
    for row in views.get("svv_interleaved_columns", ()):
        if row["interleaved_skew"] > INTERLEAVED_SKEW:
            yield Statement(row["tbl"], "REINDEX")
            yield Statement(row["tbl"], "ANALYZE")


def _phase_1(views: Views, tables: Mapping[int, Row]) -> list[Row]:
    """Tables with alerts of deleted rows since yesterday, the 24 ranks with most of them."""
    alerts = Counter(
        row["tbl"]
        for row in views.get("stl_alert_event_log", ())
        if "reclaim deleted" in row["solution"] and row["event_time"] >= NOW - timedelta(days=1)
    )
    ranks = {count: rank for rank, count in enumerate(sorted(set(alerts.values()), reverse=True), 1)}
    found = [tables[table] for table, count in alerts.items() if table in tables and ranks[count] < QUERY_RANK]
    small = [row for row in found if row["size"] < MAX_MB and (_unsorted(row) > MIN_UNSORTED or _stale(row))]
    return sorted(small, key=lambda row: (row["size"], row["skew_rows"]))


def _phase_2(tables: Mapping[int, Row]) -> list[Row]:
    found = [
        row
        for row in tables.values()
        if (row["size"] < MAX_MB and (_unsorted(row) > MIN_UNSORTED or _stale(row)))
        or (row["size"] > MAX_MB and MIN_UNSORTED < _unsorted(row) < MAX_UNSORTED)
    ]
    return sorted(found, key=lambda row: row["size"])


def _unsorted(row: Row) -> float:
    return row["unsorted"] or 0.0


def _stale(row: Row) -> bool:
    return bool(row["stats_off"] > STATS_OFF)


def omniscient(truth: Iterable[Truth]) -> Iterator[Statement]:
    """No policy: it knows the truth, takes what saves most per second, and never begins what would not end.

    It bounds, nearly, what any policy can save; where it does not save twice what the rules do, nobody can.
    """
    found = []
    for table in truth:
        sort, delete = table.scan * table.sort_gain, table.scan * table.ghosts
        found.append((delete, table.delete_seconds() + 2, Statement(table.table_id, "DELETE ONLY", 95)))
        if table.key == "fecha":
            found.append((sort, table.sort_seconds() + 2, Statement(table.table_id, "SORT ONLY", 100)))
    found = [(saved, took, replace(statement, predicted=took)) for saved, took, statement in found if saved > 0]
    yield from (statement for _, _, statement in sorted(found, key=lambda f: -f[0] / f[1]))
