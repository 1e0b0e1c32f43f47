"""Turns an SQL file of `include/sql/` into statements for the Data API.

A file holds one or more statements, each ended by a semicolon at the end of a line. ``:name`` is a bound value,
or a typed literal when the caller gives one; ``--`` starts a comment line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache

from podemos.core.errors import ContractViolation
from podemos.core.paths import include
from podemos.warehouse.literals import Typed, render

Value = str | int | date
"""What a parameter may be. Money goes in as cents (int) or as its decimal text, never as a float."""

_END = re.compile(r";[ \t]*(?:\n|$)")
_NAME = re.compile(r"(?<![:\w]):([a-z_][a-z0-9_]*)")
_STRING = re.compile(r"('(?:[^']|'')*')")
MAX_BATCH = 40


@dataclass(frozen=True, slots=True)
class Batch:
    """Statements of one transaction and the values they bind, as the Data API takes them.

    Attributes:
        afterwards: one statement to be sent when the transaction is committed, and alone; empty when there is none.
    """

    statements: tuple[str, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)
    origin: str = ""
    afterwards: str = ""

    def api_parameters(self) -> list[dict[str, str]]:
        """``[{"name": …, "value": …}]``."""
        return [{"name": name, "value": value} for name, value in self.parameters.items()]


@dataclass(frozen=True, slots=True)
class Script:
    """SQL that is rendered from a contract instead of being read from `include/sql/`; `name` is what errors call it."""

    name: str
    text: str


@cache
def read(sql_file: str) -> tuple[str, ...]:
    """The statements of `include/sql/<sql_file>`, without comments.

    Raises:
        ContractViolation: no such file, or it holds no statement.
    """
    path = include() / "sql" / sql_file
    if not path.is_file():
        raise ContractViolation(f"include/sql/{sql_file}: no such file")
    return _split(sql_file, path.read_text(encoding="utf-8"))


def bind(
    sql: str | Script, values: Mapping[str, Value] | None = None, literals: Mapping[str, Typed] | None = None
) -> Batch:
    """The statements of a file or script with typed literals rendered and values ready to bind.

    Raises:
        ContractViolation: a name has no value, a value has no name, a value is empty, or there are over 40 statements.
    """
    sql_file, source = (sql, read(sql)) if isinstance(sql, str) else (sql.name, _split(sql.name, sql.text))
    given, typed = dict(values or {}), dict(literals or {})
    used: set[str] = set()

    def put(match: re.Match[str]) -> str:
        name = match[1]
        used.add(name)
        if name in typed:
            return render(typed[name])
        if name not in given:
            raise ContractViolation(f"include/sql/{sql_file}: no value for :{name}")
        return match[0]

    statements = tuple(
        "".join(part if part.startswith("'") else _NAME.sub(put, part) for part in _STRING.split(statement))
        for statement in source
    )
    if unused := sorted((given.keys() | typed.keys()) - used):
        raise ContractViolation(f"include/sql/{sql_file}: unused values {', '.join(unused)}")
    if len(statements) > MAX_BATCH:
        raise ContractViolation(f"include/sql/{sql_file}: {len(statements)} statements; a batch holds {MAX_BATCH}")
    parameters = {name: _text(sql_file, name, value) for name, value in given.items()}
    return Batch(statements, parameters, sql_file)


def pieces(script: Script) -> list[Script]:
    """A script of any length as scripts that a batch can hold, for statements that need no common transaction."""
    found = _split(script.name, script.text)
    return [
        Script(script.name, ";\n".join(found[at : at + MAX_BATCH]) + ";\n") for at in range(0, len(found), MAX_BATCH)
    ]


def _split(name: str, content: str) -> tuple[str, ...]:
    text = "\n".join(line for line in content.splitlines() if not line.lstrip().startswith("--"))
    found = tuple(part.strip() for part in _END.split(text) if part.strip())
    if not found:
        raise ContractViolation(f"include/sql/{name}: holds no statement")
    return found


def _text(sql_file: str, name: str, value: Value) -> str:
    text = value.isoformat() if isinstance(value, date) else str(value)
    if not text or "\x00" in text:
        raise ContractViolation(f"include/sql/{sql_file}: :{name} is empty or holds NUL; the Data API refuses that")
    return text
