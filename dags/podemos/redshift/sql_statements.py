"""SQL files as statements of sqlglot's tokens, with file and line for whoever must be told.

Tokens and not trees: sqlglot has no place for DISTKEY and SORTKEY of a column, SORTKEY AUTO or ENCODE AUTO of a table,
and COMMENT .. IS NULL.
"""

from __future__ import annotations

import configparser
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from sqlglot.dialects.redshift import Redshift
from sqlglot.errors import TokenError

from podemos.core.errors import ContractViolation


class Kind(StrEnum):
    """What a token is. Only a word can be a keyword."""

    WORD = "word"
    QUOTED = "quoted"
    STRING = "string"


@dataclass(frozen=True, slots=True)
class Token:
    """One word, quoted name or string, without its quotes."""

    text: str
    kind: Kind
    line: int


@dataclass
class Statement:
    """One statement's tokens and a position in them."""

    file: Path
    tokens: list[Token]
    at: int = 0

    def word(self, offset: int = 0) -> str:
        """The token at an offset from here, in upper case; empty behind the end or for quoted text."""
        at = self.at + offset
        if at >= len(self.tokens) or self.tokens[at].kind is not Kind.WORD:
            return ""
        return self.tokens[at].text.upper()

    def accept(self, *words: str) -> bool:
        """Step over these words if all of them come next."""
        if [self.word(n) for n in range(len(words))] != list(words):
            return False
        self.at += len(words)
        return True

    def take(self) -> Token:
        """The next token."""
        if self.at >= len(self.tokens):
            raise self.unreadable("it ends too early")
        self.at += 1
        return self.tokens[self.at - 1]

    def where(self, at: int | None = None) -> str:
        """File and line of a token."""
        at = min(self.at if at is None else at, len(self.tokens) - 1)
        return f"{self.file}:{self.tokens[at].line}"

    def unreadable(self, why: str) -> ContractViolation:
        """The fault of a statement that cannot be read."""
        return ContractViolation(f"{self.where()}: the gate cannot read this statement: {why}")

    def name(self) -> tuple[str, ...]:
        """A qualified name."""
        parts = [self.take().text.lower()]
        while self.accept("."):
            parts.append(self.take().text.lower())
        return tuple(parts)

    def table(self, parts: tuple[str, ...]) -> tuple[str, str]:
        """(schema, table) of a name."""
        if not 1 <= len(parts) <= 3:
            raise self.unreadable(f"{'.'.join(parts)} is no table")
        return ("public", parts[0]) if len(parts) == 1 else (parts[-2], parts[-1])

    def names(self) -> tuple[str, ...]:
        """`(a, b)`, lower case."""
        return tuple(element[0].text.lower() for element in self.elements())

    def elements(self) -> list[list[Token]]:
        """What stands in the parentheses that come next, split at its own commas."""
        if not self.accept("("):
            raise self.unreadable("'(' expected")
        depth, found = 0, [[]]  # type: tuple[int, list[list[Token]]]
        while True:
            word, token = self.word(), self.take()
            depth += {"(": 1, ")": -1}.get(word, 0)
            if depth < 0:
                return [element for element in found if element]
            if word == "," and depth == 0:
                found.append([])
            else:
                found[-1].append(token)


def dialect(file: Path, top: Path) -> str:
    """The dialect that the nearest `.sqlfluff` states; the linter and the gate read the same word."""
    for folder in (file.parent, *file.parent.parents):
        settings = folder / ".sqlfluff"
        if settings.is_file():
            parser = configparser.ConfigParser(interpolation=None)
            parser.read(settings, encoding="utf-8")
            return parser.get("sqlfluff", "dialect", fallback="redshift")
        if folder == top:
            break
    return "redshift"


def statements(file: Path) -> Iterator[Statement]:
    """The statements of a file.

    Raises:
        ContractViolation: it has text that is no SQL.
    """
    text = file.read_text(encoding="utf-8")
    try:
        tokens = Redshift().tokenize(text)
    except TokenError as error:
        raise ContractViolation(f"{file}: the gate cannot read this file: {error}") from error
    current: list[Token] = []
    for token in tokens:
        kind = {"STRING": Kind.STRING, "IDENTIFIER": Kind.QUOTED}.get(token.token_type.name, Kind.WORD)
        if kind is Kind.WORD and token.text == ";":
            if current:
                yield Statement(file, current)
            current = []
            continue
        # The tokenizer joins keywords such as PRIMARY KEY.
        parts = token.text.split() if kind is Kind.WORD else [token.text]
        current += [Token(part, kind, token.line) for part in parts]
    if current:
        yield Statement(file, current)
