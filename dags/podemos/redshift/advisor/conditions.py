"""WHERE as conditions on one occurrence of a table: what zone maps can use, and what they cannot."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from sqlglot import exp

from podemos.redshift.advisor.constants import constant
from podemos.redshift.advisor.workload import All, Any, Condition, Guess, Opaque, Range, Value

MOST_VALUES = 500
"""An IN list longer than this counts as the range from its least to its greatest value."""
HIGHEST = "\uffff"
_FLIPPED: dict[type[exp.Expr], type[exp.Expr]] = {exp.GT: exp.LT, exp.LT: exp.GT, exp.GTE: exp.LTE, exp.LTE: exp.GTE}
_COMPARED = (exp.EQ, exp.GT, exp.GTE, exp.LT, exp.LTE)

Own = Callable[[exp.Expr | None], str | None]
"""The column's name if the expression is a bare column of the occurrence, else None."""


def condition(tree: exp.Expr, own: Own, now: datetime | None) -> Condition:
    """What the tree says of the occurrence whose columns `own` knows; anything else in it is opaque.

    Opaque is never restrictive: the condition holds wherever the tree does.
    """
    match tree:
        case exp.Paren():
            return condition(tree.this, own, now)
        case exp.And():
            return _all(*(condition(part, own, now) for part in tree.flatten()))
        case exp.Or():
            return _any([condition(part, own, now) for part in tree.flatten()])
        case exp.Between():
            return _between(tree, own, now)
        case exp.In():
            return _among(tree, own, now)
        case exp.Like():
            return _like(tree, own)
    if isinstance(tree, _COMPARED):
        kind: type[exp.Expr] = type(tree)
        left, right = tree.this, tree.expression
        if own(left) is None:
            left, right, kind = right, left, _FLIPPED.get(kind, kind)
        column = own(left)
        if column is None:
            return Opaque()
        value = constant(right, now)
        if value is None:
            return Guess(column, kind is exp.EQ) if _known_when_run(right) else Opaque()
        return _compared(column, kind, value)
    return Opaque()


def _all(*parts: Condition) -> Condition:
    kept = tuple(part for part in parts if not isinstance(part, Opaque))
    return Opaque() if not kept else kept[0] if len(kept) == 1 else All(kept)


def _any(parts: list[Condition]) -> Condition:
    if any(isinstance(part, Opaque) for part in parts):
        return Opaque()
    return Any(tuple(parts))


def _compared(column: str, kind: type[exp.Expr], value: Value) -> Condition:
    if kind is exp.EQ:
        return Range(column, value, value)
    if kind in (exp.GT, exp.GTE):
        return Range(column, value, None, low_open=kind is exp.GT)
    return Range(column, None, value, high_open=kind is exp.LT)


def _between(tree: exp.Between, own: Own, now: datetime | None) -> Condition:
    column = own(tree.this)
    if column is None:
        return Opaque()
    ends = tree.args.get("low"), tree.args.get("high")
    low, high = (constant(end, now) for end in ends)
    if low is not None and high is not None:
        return Range(column, low, high)
    return Guess(column, point=False) if all(_known_when_run(end) for end in ends) else Opaque()


def _among(tree: exp.In, own: Own, now: datetime | None) -> Condition:
    column = own(tree.this)
    if column is None or not tree.expressions:
        return Opaque()
    values = [constant(value, now) for value in tree.expressions]
    if None in values:
        return Guess(column, point=True) if all(_known_when_run(value) for value in tree.expressions) else Opaque()
    known = [value for value in values if value is not None]
    if len(known) > MOST_VALUES:
        ordered = sorted(known, key=lambda value: (str(type(value)), value))
        return Range(column, ordered[0], ordered[-1])
    return _any([Range(column, value, value) for value in known])


def _like(tree: exp.Like, own: Own) -> Condition:
    """`LIKE 'abc%'` is a range of texts; a pattern that begins with a wildcard restricts nothing."""
    column, pattern = own(tree.this), tree.expression
    if column is None or not (isinstance(pattern, exp.Literal) and pattern.is_string):
        return Opaque()
    text = str(pattern.this)
    prefix = re.split(r"[%_\\]", text, maxsplit=1)[0]
    if not prefix:
        return Opaque()
    return Range(column, prefix, prefix if prefix == text else prefix + HIGHEST)


def _known_when_run(tree: exp.Expr | None) -> bool:
    """Whether it has no column of this query: a parameter, CURRENT_DATE, a scalar subquery."""
    if tree is None:
        return False
    if isinstance(tree, exp.Subquery | exp.Select):
        return True
    return tree.find(exp.Column) is None
