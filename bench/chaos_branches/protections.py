"""The protections that `make why` removes one at a time: by changing lines of the shipped code in this process."""

from __future__ import annotations
import __future__

import functools
import importlib
import inspect
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from types import FunctionType
from typing import Any
from unittest import mock

from podemos.branches import ddl
from podemos.contracts.tables import contract
from podemos.warehouse import statements

_SPLIT = statements._split
LOCK = "LOCK "


@dataclass(frozen=True, slots=True)
class Change:
    """Lines of a function, and what stands there without the protection."""

    function: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Protection:
    """One protection.

    Attributes:
        without: what happens when it is missing, in words.
        stage: where it shows: in what the `watermark` promises to see, in what only the `fingerprint` sees, in the
            `curate` job, at a `commit`, or in the `load`.
    """

    name: str
    without: str
    stage: str
    changes: tuple[Change, ...] = ()


PROTECTIONS = (
    Protection(
        "watermark held back",
        "a transaction that commits after the snapshot with an older cursor is below the watermark for ever",
        "watermark",
        (
            Change(
                "podemos.branches.bound:held_back",
                "reached if below(reached.cursor, bound) else Position(bound)",
                "reached",
            ),
        ),
    ),
    Protection(
        "page bound on the pair (cursor, key)",
        "rows of one microsecond that do not fit on a page are skipped by the next one",
        "watermark",
        (
            Change(
                "podemos.branches.query:_after",
                'f"{name} >= {value} AND ({name} > {value} OR {beyond})"',
                'f"{name} > {value}"',
            ),
        ),
    ),
    Protection(
        "start below a clock that was set back",
        "what is written after a clock was set back lies below the watermark",
        "watermark",
        (
            Change(
                "podemos.branches.bound:start",
                "watermark.position if watermark.position.cursor <= lowest else Position(lowest)",
                "watermark.position",
            ),
        ),
    ),
    Protection(
        "one consistent snapshot",
        "pages and fingerprints are of different moments",
        "watermark",
        (Change("podemos.branches.link:Link.open_snapshot", "self.ahead(query.BEGIN, *then)", "return"),),
    ),
    Protection(
        "a first load's watermark at the bound of its first snapshot",
        "with bound and instant of its last one, what was edited behind it meanwhile lies below the watermark",
        "watermark",
        (
            Change(
                "podemos.branches.table_pull:TablePull._way",
                "load = first_load.under_way(watermark, table) or first_load.begun(bound, at.as_of)",
                "load = first_load.under_way(watermark, table) or first_load.begun(bound, at.as_of)\n"
                "        late = load.loading and replace(load.loading, bound=bound)\n"
                "        load = replace(load, as_of=at.as_of, loading=late)",
            ),
        ),
    ),
    Protection(
        "look at the writers before the snapshot",
        "a transaction that commits between snapshot and look is in neither",
        "watermark",
        (
            Change(
                "podemos.branches.branch_pull:BranchPull._pull",
                "link.open_snapshot(*self._first_statements(at, waiting, leases))",
                "pass",
            ),
        ),
    ),
    Protection(
        "manifest before watermark",
        "a crash between the two leaves a watermark beyond rows that nothing names",
        "watermark",
        (
            Change(
                "podemos.branches.table_pull:TablePull.read",
                "            self.commit(part)\n            lease = self._advance(lease, part, back)\n",
                "            lease = self._advance(lease, part, back)\n            self.commit(part)\n",
            ),
        ),
    ),
    Protection(
        "fingerprint pass",
        "edits that leave the cursor alone, deletes and rows restored from a backup are never seen",
        "fingerprint",
        (Change("podemos.branches.debts:left", "revision = revisions.latest(lake)", "return Left()"),),
    ),
    Protection(
        "a range is a statement only when it was read to its end",
        "rows on a later page are taken for deleted",
        "fingerprint",
        (Change("podemos.branches.sweep:parts", "page.rows < page_rows", "True"),),
    ),
    Protection(
        "a key is gone only when the branch was asked for it",
        "a row that moved silently to another day is taken for deleted",
        "fingerprint",
        (
            Change(
                "podemos.branches.sweep:parts", "page.extend(link.columns(query.keyed(table, asked), table))", "pass"
            ),
        ),
    ),
    Protection(
        "winner by snapshot, not by cursor",
        "a row restored from a backup, or written by a clock set back, loses to its own past",
        "curate",
        (
            Change("podemos.branches.curation:keep_latest_snapshot", 'F.desc("snapshot_seq")', "F.desc(table.cursor)"),
            Change(
                "podemos.branches.curation:decide",
                'F.col("i.snapshot_seq") < F.col("p.snapshot_seq")',
                'F.col(f"i.{table.cursor}") < F.col(f"p.{table.cursor}")',
            ),
        ),
    ),
    Protection(
        "tombstones",
        "a row that was deleted at the branch stays in the report",
        "curate",
        (Change("podemos.branches.absence:declare_gone", "if not ranges and not named:", "if True:"),),
    ),
    Protection(
        "manifests are created once",
        "a worker that hung replaces the revision that others loaded and certified",
        "commit",
        (
            Change(
                "podemos.core.manifest:commit_first",
                'store.put_new(key, data, "application/json")',
                "store.replace(key, data)",
            ),
        ),
    ),
    Protection(
        "mutex of the load",
        "two sends of one batch at once insert every row twice",
        "load",
    ),
)


@contextmanager
def removed(protection: Protection) -> Iterator[None]:
    """The process without a protection.

    Raises:
        LookupError: the lines are not there (any more): the exhibit must be brought up to date.
    """
    with ExitStack() as stack:
        if protection.stage == "load":
            stack.enter_context(_without_locks())
        functions: dict[str, list[Change]] = {}
        for change in protection.changes:
            functions.setdefault(change.function, []).append(change)
        for name, changes in functions.items():
            function = _function(name)
            original = function.__code__
            stack.callback(functools.partial(setattr, function, "__code__", original))
            function.__code__ = _changed(function, changes)
        yield


def _changed(function: FunctionType, changes: list[Change]) -> Any:
    text = inspect.getsource(function)
    for change in changes:
        if text.count(change.old) != 1:
            raise LookupError(f"{change.function}: {change.old!r} stands there {text.count(change.old)} times")
        text = text.replace(change.old, change.new)
    text = textwrap.dedent(text)
    space: dict[str, Any] = {}
    flags = __future__.annotations.compiler_flag
    code = compile(text, function.__code__.co_filename, "exec", flags=flags, dont_inherit=True)
    exec(code, dict(function.__globals__), space)  # noqa: S102 - the shipped text with one line changed
    (found,) = space.values()
    return found.__code__


def _function(name: str) -> FunctionType:
    module, _, path = name.partition(":")
    found: Any = importlib.import_module(module)
    for part in path.split("."):
        found = getattr(found, part)
    assert isinstance(found, FunctionType)  # noqa: S101 - a protection names a plain function
    return found


@contextmanager
def _without_locks() -> Iterator[None]:
    merge = ddl.script(contract("pagos").compiled(), "merge")
    if not any(statement.startswith(LOCK) for statement in _SPLIT(merge.name, merge.text)):
        raise LookupError("the batch of a load begins with no LOCK (any more): the exhibit must be brought up to date")

    def split(name: str, content: str) -> tuple[str, ...]:
        return tuple(statement for statement in _SPLIT(name, content) if not statement.startswith(LOCK))

    with mock.patch.object(statements, "_split", split):
        statements.read.cache_clear()
        yield
    statements.read.cache_clear()
