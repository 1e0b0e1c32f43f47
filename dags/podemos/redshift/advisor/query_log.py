"""A query log as a `Workload`: statements by shape, weighed by time x frequency, the unreadable counted."""

from __future__ import annotations

import csv
import json
import logging
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from podemos.core.errors import ContractViolation
from podemos.redshift.advisor.reader import Known, Reader
from podemos.redshift.advisor.workload import Query, Skipped, Workload
from podemos.redshift.history import generic_hash

EXAMPLES = 5
"""Texts of one shape that are simulated, the heaviest; the others' time is theirs."""
_TEXT = ("text", "query_text", "querytxt", "query", "sql")
_SECONDS = ("seconds", "elapsed_seconds", "duration")
_STARTED = ("at", "start_time", "starttime")
_COMMENT = re.compile(r"\A(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?\*/)+", re.DOTALL)
_READ = {"SELECT", "WITH", "INSERT", "CREATE", "("}
"""First words of statements that may contain a query."""
_LONGEST = 200_000
logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of every statement that it keeps as raw text


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a log.

    Attributes:
        seconds: of one run, or of all if `runs` is more than one.
        at: when it ran: what CURRENT_DATE was.
    """

    text: str
    seconds: float = 1.0
    runs: int = 1
    at: datetime | None = None


def read(entries: Iterable[Entry], known: Known) -> Workload:
    """Reads a log; a statement that cannot be read is skipped with a reason, whatever it is.

    Args:
        entries: the log, in any order.
        known: columns of the tables that are known; others are named by the queries alone.
    """
    shapes: dict[str, dict[str, Entry]] = defaultdict(dict)
    times: list[datetime] = []
    for entry in entries:
        if entry.at is not None:
            times = [min([*times, entry.at]), max([*times, entry.at])]
        texts = shapes[generic_hash(entry.text)]
        seen = texts.get(entry.text)
        texts[entry.text] = (
            Entry(entry.text, seen.seconds + entry.seconds, seen.runs + entry.runs, entry.at or seen.at)
            if seen
            else entry
        )
    queries: list[Query] = []
    skipped: list[Skipped] = []
    for texts in shapes.values():
        heaviest = sorted(texts.values(), key=lambda entry: -entry.seconds)
        kept = heaviest[:EXAMPLES]
        factor = sum(e.seconds for e in heaviest) / (sum(e.seconds for e in kept) or 1.0)
        more = sum(e.runs for e in heaviest) / sum(e.runs for e in kept)
        for entry in kept:
            found = one(entry, known)
            if isinstance(found, Query):
                queries.append(found.weighing(found.seconds * factor, max(1, round(found.runs * more))))
            else:
                skipped.append(found)
        if isinstance(found, Skipped):
            skipped += [Skipped(found.reason, entry.text) for entry in heaviest[EXAMPLES:]]
    days = (times[-1] - times[0]).total_seconds() / 86400 if times else 0.0
    return Workload(tuple(queries), tuple(skipped), days)


def one(entry: Entry, known: Known) -> Query | Skipped:
    """One statement, or why it says nothing."""
    text = entry.text
    body = _COMMENT.sub("", text) if text[:1].isspace() or text.startswith(("--", "/*")) else text
    word = re.match(r"\(|\w+", body)
    first = word[0].upper() if word else ""
    if first not in _READ:
        return Skipped("empty" if not first else f"no query: {first}", text)
    if len(text) > _LONGEST:
        return Skipped("longer than 200 KB", text)
    try:
        tree = sqlglot.parse_one(text, read="redshift")
        if not isinstance(tree, exp.Query):
            inner = tree.args.get("expression")
            if not isinstance(inner, exp.Query):
                return Skipped(f"no query: {first}", text)
            tree = inner
        found = Reader(tree, known, entry.at).query(text, entry.seconds, entry.runs)
    except (SqlglotError, RecursionError) as error:
        return Skipped(f"cannot be parsed: {type(error).__name__}", text)
    except Exception as error:  # a stranger's log must not end the advice; the reason is counted and told
        return Skipped(f"cannot be read: {type(error).__name__}", text)
    return found if found.uses else Skipped("reads no table", text)


def entries(path: Path) -> Iterator[Entry]:
    """The entries of a log: `.sql` with statements, `.jsonl` and `.csv` with text, seconds, runs and start.

    Raises:
        ContractViolation: there is no such file, it is of another kind, or a record of it has no text.
    """
    if not path.is_file():
        raise ContractViolation(f"{path}: no such log")
    content = path.read_text(encoding="utf-8", errors="replace")
    match path.suffix:
        case ".sql":
            yield from (Entry(text) for text in split(content))
        case ".jsonl":
            for number, line in enumerate(content.splitlines(), start=1):
                if line.strip():
                    try:
                        record = json.loads(line)
                    except ValueError as error:
                        raise ContractViolation(f"{path}:{number}: {error}") from error
                    yield _entry(record if isinstance(record, dict) else {}, f"{path}:{number}")
        case ".csv":
            for number, row in enumerate(csv.DictReader(content.splitlines(keepends=True)), start=2):
                yield _entry({k.lower(): v for k, v in row.items() if k}, f"{path}:{number}")
        case _:
            raise ContractViolation(f"{path}: a query log is .sql, .jsonl or .csv")


def split(content: str) -> Iterator[str]:
    """The statements of a text, at semicolons outside of quotes and comments."""
    piece = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|;", re.DOTALL)
    start = 0
    for found in piece.finditer(content):
        if found[0] == ";":
            if text := content[start : found.start()].strip():
                yield text
            start = found.end()
    if text := content[start:].strip():
        yield text


def _entry(record: dict[str, object], where: str) -> Entry:
    def first(names: tuple[str, ...]) -> str:
        return next((str(record[name]) for name in names if record.get(name) not in (None, "")), "")

    text = first(_TEXT)
    if not text:
        raise ContractViolation(f"{where}: no text; one of {', '.join(_TEXT)} is expected")
    try:
        seconds = float(first(_SECONDS) or float(first(("elapsed_time", "elapsed")) or 1e6) / 1e6)
        at = datetime.fromisoformat(first(_STARTED)) if first(_STARTED) else None
        return Entry(text, seconds, int(first(("runs",)) or 1), at.replace(tzinfo=None) if at else None)
    except ValueError as error:
        raise ContractViolation(f"{where}: {error}") from error
