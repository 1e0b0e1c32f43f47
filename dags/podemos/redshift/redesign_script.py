"""Puts statements together with the typed names, literals and values that stand in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from podemos.warehouse.literals import Literal, Names, Number, Typed
from podemos.warehouse.port import Warehouse
from podemos.warehouse.statements import MAX_BATCH, Script, Value

_USED = re.compile(r"(?<![:\w]):([a-z_][a-z0-9_]*)")


@dataclass
class Statements:
    """Statements of one transaction, in order. Nothing but typed literals and bound values is put into their text.

    Args:
        name: what errors call it.
    """

    name: str
    texts: list[str] = field(default_factory=list)
    values: dict[str, Value] = field(default_factory=dict)
    literals: dict[str, Typed] = field(default_factory=dict)

    def add(self, text: str) -> None:
        """One more statement."""
        self.texts.append(text)

    def names(self, *names: str) -> str:
        """Names of the catalog, quoted, with commas between."""
        return self._typed(Names(names))

    def table(self, schema: str, name: str) -> str:
        """`schema.name`, quoted."""
        return f"{self.names(schema)}.{self.names(name)}"

    def text(self, text: str) -> str:
        """A text, quoted."""
        return self._typed(Literal(text))

    def number(self, value: int) -> str:
        """A number."""
        return self._typed(Number(value))

    def value(self, name: str, value: Value) -> str:
        """A bound value; for SELECT and DML alone."""
        self.values[name] = value
        return f":{name}"

    def execute(self, warehouse: Warehouse) -> None:
        """All in one transaction.

        Raises:
            DataFault: refused. SourceUnavailable: no answer in time.
            ContractViolation: over 40 statements.
        """
        warehouse.execute(self._script(self.texts), self.values, self.literals)

    def execute_apart(self, warehouse: Warehouse) -> None:
        """In as many transactions as there must be, for statements that can be repeated."""
        for at in range(0, len(self.texts), MAX_BATCH):
            texts = self.texts[at : at + MAX_BATCH]
            used = {name for text in texts for name in _USED.findall(text)}
            values = {name: value for name, value in self.values.items() if name in used}
            literals = {name: literal for name, literal in self.literals.items() if name in used}
            warehouse.execute(self._script(texts), values, literals)

    def fetch(self, warehouse: Warehouse) -> Iterator[dict[str, object]]:
        """The rows of the only statement."""
        return warehouse.fetch(self._script(self.texts), self.values, self.literals)

    def _script(self, texts: object) -> Script:
        return Script(self.name, ";\n".join(texts) + ";\n")  # type: ignore[arg-type]

    def _typed(self, literal: Typed) -> str:
        for name, known in self.literals.items():
            if known == literal:
                return f":{name}"
        name = f"x{len(self.literals)}"
        self.literals[name] = literal
        return f":{name}"
