"""`python -m podemos.branches run`: the stages in their order, from one command line."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from podemos.branches import __main__ as command
from podemos.branches import keys
from podemos.branches.state import MemoryState
from podemos.core import manifest
from podemos.core.store import MemoryStore


def test_run_pulls_the_branches_then_curates_loads_and_certifies(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    lake = MemoryStore()

    def pulls(batch: str, **ports: object) -> str:
        done.append(f"pull {batch}, left {ports['left']}")
        return manifest.commit(lake, f"{keys.BATCHES}one.json", {"branches": []}).key

    outside = SimpleNamespace(lake=lake, state=MemoryState(), platform=SimpleNamespace(pilot_branches=None))
    monkeypatch.setattr(command, "Outside", lambda endpoint=None: outside)
    monkeypatch.setattr(command.pull, "pull_batch", pulls)
    monkeypatch.setattr(command.stages, "curate", lambda *given: done.append("curate") or "revision")
    monkeypatch.setattr(command.stages, "load_tables", lambda *given: done.append(f"load {given[2]}"))
    monkeypatch.setattr(command, "_certify", lambda args: done.append("certify") or 0)
    assert command.main(["run", "--branch", "001,002"]) == 0
    assert done == ["pull 001,002, left None", "curate", "load revision", "certify"]
