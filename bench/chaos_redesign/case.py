"""One case: what is drawn for it, the redesign driven through its crashes, and what the judge finds."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from bench.chaos_redesign import judge, translations
from bench.chaos_redesign.server import Locks, Server
from bench.chaos_redesign.simulation import Simulation
from bench.chaos_redesign.world import STRANGER, TABLE, World, seed_statements
from local.aws.redshift.warehouse import Warehouse
from podemos.core.errors import DataFault, SourceUnavailable
from podemos.core.store import MemoryStore
from podemos.redshift import redesign_build, redesign_swap
from podemos.redshift.redesign_target import Design, Order
from podemos.warehouse.port import DataApi

BEGIN = datetime(2026, 11, 24, 6, tzinfo=UTC)
PROTECTIONS: dict[str, Callable[[str], bool]] = {
    "mutex": lambda text: text.startswith('LOCK "ops"'),
    "lock": lambda text: text.startswith('LOCK "core"'),
    "days": lambda text: ("dias_d" in text and not text.startswith("CREATE")) or "dias_s AS s" in text,
    "close": lambda text: text.startswith("REVOKE"),
}
"""Statements of the swap that a protection is made of: what is left out by `--without`."""


class Killed(BaseException):
    """The process that redesigns ends here."""


@dataclass
class Outcome:
    """What became of a case.

    Attributes:
        crashed_at: calls at which the redesigning process was killed.
        ended: swapped, rolled back or finished.
    """

    index: int
    found: judge.Found = field(default_factory=judge.Found)
    longest: float = 0.0
    ended: str = ""
    crashed_at: Counter[str] = field(default_factory=Counter)
    gave_up: int = 0
    writes: int = 0
    error: str = ""


class Client:
    """The Data API and the lake of a process that can be killed before and after any call."""

    def __init__(
        self, server: Server, dice: random.Random, crashes: int, without: Callable[[str], bool] | None
    ) -> None:
        self.server, self.dice, self.without = server, dice, without
        self.killed: Counter[str] = Counter()
        self._left, self._calls = crashes, 0
        self._at = dice.randint(1, 70)

    def call(self, label: str, function: Callable[[], Any]) -> Any:
        """Calls, unless it is killed before; may be killed afterwards."""
        self._calls += 1
        if not self._left or self._calls < self._at:
            return function()
        self._left, self._calls, self._at = self._left - 1, 0, self.dice.randint(1, 70)
        self.killed[label] += 1
        if self.dice.random() < 0.6:
            function()
        raise Killed(label)

    def execute_statement(self, Sql: str, **fields: Any) -> Any:
        return self.call(_label([Sql]), lambda: self.server.execute_statement(Sql, **fields))

    def batch_execute_statement(self, Sqls: list[str], **fields: Any) -> Any:
        renames = any(" RENAME TO " in text for text in Sqls)
        sent = [text for text in Sqls if not (renames and self.without and self.without(text))]
        used = " ".join(sent)
        fields["Parameters"] = [p for p in fields.get("Parameters", []) if f":{p['name']}" in used]
        return self.call(_label(Sqls), lambda: self.server.batch_execute_statement(sent, **fields))

    def describe_statement(self, Id: str) -> Any:
        return self.call("describe", lambda: self.server.describe_statement(Id))

    def get_statement_result(self, Id: str) -> Any:
        return self.server.get_statement_result(Id)


class Lake(MemoryStore):
    """A lake before and after whose writes the process can be killed."""

    client: Client | None = None

    def put_new(self, key: str, data: bytes, content_type: str = "application/octet-stream") -> None:
        write = super().put_new
        if self.client is None:
            write(key, data, content_type)
        else:
            self.client.call(f"put {key.rpartition('/')[2]}", lambda: write(key, data, content_type))


@cache
def warehouse() -> Warehouse:
    """One DuckDB file for the cases of this process."""
    translations.install()
    memory = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a folder of its own there
    folder = Path(tempfile.mkdtemp(prefix="chaos-redesign-", dir=memory if memory.is_dir() else None))
    found = Warehouse(folder / "warehouse.duckdb", "http://127.0.0.1:9")
    found._connection.execute("SET threads = 1")
    return found


def run(seed: int, index: int, without: str = "") -> Outcome:
    """Plays one case; the same seed and number give the same case."""
    dice = random.Random(f"{seed}/{index}")
    local, outcome = warehouse(), Outcome(index)
    simulation = Simulation(dice)
    raw = judge.Raw(local)
    raw.reset()
    local.locks = Locks(simulation, raw.may_write, raw.table_id)
    slow = dice.uniform(0.02, 0.5)
    longest_query = dice.choice((5.0, 20.0, 120.0))
    server = Server(local, simulation, lambda text: _cost(simulation, dice, slow, longest_query, text))
    world = World(dice, simulation, server)
    client = Client(server, dice, dice.choice((0, 1, 1, 2, 3)), PROTECTIONS.get(without))
    lake = Lake()
    order = Order(
        TABLE,
        Design("KEY", "id_cliente", ("fecha_pago", "id_cliente")),
        "fecha_pago",
        "monto",
        "ops.writer_pagos",
        (),
        most=dice.choice((0, 5, 60)) or 25,
        wait_ms=dice.choice((500, 1000, 2000)),
        hold_ms=30_000,
        unfiltered=True,
    )
    end = dice.choice(("swap", "rollback", "rollback", "finish"))

    def main() -> None:
        server.transaction([*seed_statements(), world.fill(dice.randint(20, 50))])
        gap = dice.choice((3.0, 10.0, 40.0))
        for number in range(dice.randint(1, 2)):
            simulation.spawn(f"stranger {number}", lambda: world.stranger(gap, 8), STRANGER)
        simulation.spawn("loader", lambda: world.loader(gap, 6))
        simulation.spawn("reader", lambda: world.reader(gap, 8))
        if dice.random() < 0.5:
            simulation.spawn("long reader", lambda: world.reader(gap * 3, 2))
        if dice.random() < 0.3:
            simulation.spawn("dba", lambda: world.dba(60.0))
        lake.client = client
        outcome.gave_up = _drive(order, client, lake, simulation, end)
        lake.client = None
        simulation.pause(30.0)

    actor = simulation.spawn("main", main)
    try:
        simulation.run(actor)
        error = actor.error
    except RuntimeError as stuck:
        error = stuck
        simulation.end()
    outcome.error = f"{type(error).__name__}: {error}" if error else ""
    outcome.ended, outcome.crashed_at, outcome.longest = end, client.killed, world.longest
    outcome.writes = world.writes
    outcome.found = judge.judge(raw, world, end)
    return outcome


def _drive(order: Order, client: Client, lake: Lake, simulation: Simulation, end: str) -> int:
    """What the DAG and the operator do: every step again until it is done. Returns how often a step gave up."""
    gave_up = 0
    clock = lambda: BEGIN + timedelta(seconds=simulation.now)  # noqa: E731

    def ports() -> dict[str, Any]:
        port = DataApi(client, "podemos", "analytics", sleep=simulation.pause)
        return {"warehouse": port, "lake": lake, "clock": clock}

    def step(function: Callable[[], Any]) -> Any:
        nonlocal gave_up
        for _ in range(20):
            try:
                return function()
            except Killed:
                simulation.pause(simulation.dice.choice((0.0, 0.1, 30.0)))
            except SourceUnavailable:
                gave_up += 1
                simulation.pause(300.0)
        raise DataFault("a step was tried twenty times")

    def at(function: Callable[..., Any], *arguments: Any, **named: Any) -> Callable[[], Any]:
        return lambda: function(redesign_build.opened(key, **ports(), sleep=simulation.pause), *arguments, **named)

    key = step(lambda: redesign_build.plan(order, **ports()))["key"]
    step(at(redesign_build.build))
    step(at(redesign_swap.approve, "ana", "vista"))
    step(at(redesign_swap.swap))
    simulation.pause(20.0)
    if end == "rollback":
        step(at(redesign_swap.rollback))
    elif end == "finish":
        step(at(redesign_swap.finish, now=True))
    return gave_up


def _cost(simulation: Simulation, dice: random.Random, slow: float, longest: float, text: str) -> float:
    actor = simulation.current
    if actor is not None and actor.name == "long reader":
        return dice.uniform(0.3, 1.0) * longest
    if text.startswith(("LOCK", "SET", "ALTER", "COMMENT", "GRANT", "REVOKE", "CREATE SCHEMA", "CREATE OR REPLACE")):
        return 0.01
    return slow


def _label(texts: list[str]) -> str:
    """What a batch does, by its most telling statement."""
    joined = " ".join(texts)
    for mark, label in (
        (" RENAME TO ", "swap"),
        ("DROP TABLE", "drop"),
        ("dias_s", "carry"),
        ("COMMENT ON", "dress"),
        ("CREATE TABLE", "create"),
        ('INSERT INTO "core"', "copy"),
        ("lado", "totals"),
    ):
        if mark in joined:
            return label
    return "look"
