"""Redshift tokens, and a cursor over them for the statements that sqlglot keeps as raw text or mangles."""

from __future__ import annotations

import re
from dataclasses import dataclass

from local.aws.redshift.errors import RedshiftError

_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*)
    |(?P<comment>/\*)
    |(?P<string>[eE]?'(?:[^'\\]|\\.|'')*')
    |(?P<dollar>\$(?P<tag>\w*)\$(?:.*?)\$(?P=tag)\$)
    |(?P<quoted>"(?:[^"]|"")+")
    |(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?(?![A-Za-z_])|\.\d+)
    |(?P<word>[^\W]\w*|\#\w+)
    |(?P<symbol>::|<=|>=|<>|!=|\|\||[^\s\w])""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True)
class Token:
    """One token: its kind, its value and where it stands in the text (`end` exclusive)."""

    kind: str  # word | quoted | string | number | symbol
    text: str
    start: int
    end: int


def _scan(sql: str) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    while at < len(sql):
        found = _TOKEN.match(sql, at)
        if found is None:
            raise RedshiftError(f'ERROR: syntax error at or near "{sql[at : at + 20]}"')
        kind, text, end = found.lastgroup or "", found.group(), found.end()
        if kind == "tag":
            kind = "dollar"
        if kind == "comment":
            at = _comment_end(sql, at)
            continue
        if kind == "symbol" and text in ("'", '"'):
            raise RedshiftError(f'ERROR: unterminated quoted text at or near "{sql[at : at + 20]}"')
        if kind == "string":
            text = re.sub(r"''|\\(['\\])", lambda m: m[1] or "'", text[text.index("'") + 1 : -1])
        elif kind == "dollar":
            tag = text.index("$", 1) + 1
            kind, text = "string", text[tag:-tag]
        elif kind == "quoted":
            text = text[1:-1].replace('""', '"')
        if kind != "space":
            tokens.append(Token(kind, text, at, end))
        at = end
    return tokens


def _comment_end(sql: str, at: int) -> int:
    """Comments nest, as in Postgres."""
    depth = 0
    for found in re.finditer(r"/\*|\*/", sql[at:]):
        depth += 1 if found.group() == "/*" else -1
        if depth == 0:
            return at + found.end()
    raise RedshiftError("ERROR: unterminated /* comment")


def tokenize(sql: str) -> list[Token]:
    """Tokens of one statement, comments and a trailing semicolon dropped.

    Raises:
        RedshiftError: the text cannot be tokenized, is empty, or holds more than one statement.
    """
    tokens = _scan(sql)
    while tokens and tokens[-1].kind == "symbol" and tokens[-1].text == ";":
        tokens.pop()
    if not tokens:
        raise RedshiftError("ERROR: syntax error: the statement is empty")
    if any(token.kind == "symbol" and token.text == ";" for token in tokens):
        raise RedshiftError(
            "ERROR: cannot insert multiple commands into a prepared statement: send one statement per Sql"
        )
    return tokens


class TokenStream:
    """Reads tokens left to right; every method that does not find what it expects raises a syntax error."""

    def __init__(self, sql: str, tokens: list[Token]) -> None:
        """Start before the first token of `tokens`, whose text is in `sql`."""
        self.sql = sql
        self._tokens = tokens
        self._at = 0

    @property
    def done(self) -> bool:
        """Whether every token has been read."""
        return self._at >= len(self._tokens)

    def peek(self, ahead: int = 0) -> str:
        """Upper-case text of a coming token; empty at the end and for quoted text."""
        if self._at + ahead >= len(self._tokens):
            return ""
        token = self._tokens[self._at + ahead]
        return "" if token.kind in ("string", "quoted") else token.text.upper()

    def accept(self, *words: str) -> bool:
        """Read the words if they come next, all of them or none."""
        if all(self.peek(i) == word for i, word in enumerate(words)):
            self._at += len(words)
            return True
        return False

    def expect(self, *words: str) -> None:
        """Read the words or fail."""
        if not self.accept(*words):
            raise self.error(f"expected {' '.join(words)}")

    def choice(self, *words: str) -> str | None:
        """Read one of the words, if it comes next."""
        return next((word for word in words if self.accept(word)), None)

    def identifier(self) -> str:
        """One name, folded to lower case as Redshift does, quoted or not."""
        if self.done:
            raise self.error("expected a name")
        token = self._tokens[self._at]
        if token.kind not in ("word", "quoted"):
            raise self.error("expected a name")
        self._at += 1
        return token.text.lower()

    def qualified(self) -> tuple[str, ...]:
        """A dotted name, lower case."""
        parts = [self.identifier()]
        while self.accept("."):
            parts.append(self.identifier())
        return tuple(parts)

    def string(self) -> str:
        """A quoted or dollar-quoted text."""
        if self.done or self._tokens[self._at].kind != "string":
            raise self.error("expected a quoted text")
        self._at += 1
        return self._tokens[self._at - 1].text

    def integer(self) -> int:
        """An unsigned whole number."""
        if self.done or not self._tokens[self._at].text.isdigit():
            raise self.error("expected a whole number")
        self._at += 1
        return int(self._tokens[self._at - 1].text)

    def names(self) -> list[str]:
        """Names in parentheses."""
        self.expect("(")
        found = [self.identifier()]
        while self.accept(","):
            found.append(self.identifier())
        self.expect(")")
        return found

    def text_until(self, stops: frozenset[str]) -> str:
        """Source text up to a stop word, comma or closing parenthesis at this depth."""
        start, depth = self._at, 0
        while not self.done:
            word = self.peek()
            if depth == 0 and (word in stops or word in (",", ")")):
                break
            depth += {"(": 1, ")": -1}.get(word, 0)
            self._at += 1
        if self._at == start:
            raise self.error("expected an expression")
        return self.sql[self._tokens[start].start : self._tokens[self._at - 1].end]

    def rest(self) -> str:
        """Source text of everything that is left."""
        if self.done:
            return ""
        start = self._tokens[self._at].start
        self._at = len(self._tokens)
        return self.sql[start : self._tokens[-1].end]

    def end(self) -> None:
        """Fail unless everything has been read."""
        if not self.done:
            raise self.error("unexpected text")

    def error(self, what: str) -> RedshiftError:
        """A syntax error at the current token."""
        near = "end of statement" if self.done else self._tokens[self._at].text
        return RedshiftError(f'ERROR: syntax error at or near "{near}": {what}')
