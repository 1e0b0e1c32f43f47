"""Constants of a query: what stands beside a column and is known before the query runs."""

from __future__ import annotations

import calendar
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from sqlglot import exp

from podemos.redshift.advisor.workload import Value

_ADDS = (exp.DateAdd, exp.TsOrDsAdd, exp.TimestampAdd, exp.DatetimeAdd)
_SUBS = (exp.DateSub, exp.TimestampSub, exp.DatetimeSub)
_NOW = (exp.CurrentDate, exp.CurrentTimestamp, exp.CurrentDatetime)
_CASTS = (exp.Cast, exp.TryCast, exp.TsOrDsToDate, exp.Date, exp.TsOrDsToTimestamp, exp.Paren)
_DAYS = {"DAY": 1, "WEEK": 7}
_MONTHS = {"MONTH": 1, "MON": 1, "QUARTER": 3, "YEAR": 12}
_SECONDS = {"HOUR": 3600, "MINUTE": 60, "SECOND": 1}


def constant(tree: exp.Expression | None, now: datetime | None) -> Value | None:
    """The value of an expression without columns, or None if it is not known.

    Args:
        tree: the expression.
        now: when the query ran; None leaves CURRENT_DATE unknown.
    """
    match tree:
        case exp.Literal(is_string=True):
            return str(tree.this)
        case exp.Literal():
            return _decimal(str(tree.this))
        case exp.Neg():
            inner = constant(tree.this, now)
            return -inner if isinstance(inner, Decimal) else None
        case exp.Boolean():
            return Decimal(bool(tree.this))
    if isinstance(tree, _CASTS):
        return _cast(tree, constant(tree.this, now))
    if isinstance(tree, _NOW) or (isinstance(tree, exp.Anonymous) and tree.name.upper() in ("GETDATE", "SYSDATE")):
        day = isinstance(tree, exp.CurrentDate)
        return None if now is None else now.date() if day else now
    if isinstance(tree, exp.Add | exp.Sub):
        return _sum(tree, now)
    if isinstance(tree, exp.Mul | exp.Div):
        left, right = constant(tree.this, now), constant(tree.expression, now)
        if not (isinstance(left, Decimal) and isinstance(right, Decimal)) or (isinstance(tree, exp.Div) and not right):
            return None
        return left * right if isinstance(tree, exp.Mul) else left / right
    if isinstance(tree, _ADDS + _SUBS):
        amount = constant(tree.expression, now)
        unit = tree.args.get("unit")
        sign = -1 if isinstance(tree, _SUBS) else 1
        if isinstance(amount, str):
            amount = _decimal(amount)
        moment = instant(constant(tree.this, now))
        if moment is None or not isinstance(amount, Decimal):
            return None
        return shifted(moment, sign * int(amount), unit.name.upper() if unit is not None else "DAY")
    return None


def instant(value: Value | None) -> date | datetime | None:
    """A date or a time from a constant, if it is one."""
    if isinstance(value, date):
        return value
    if not isinstance(value, str):
        return None
    text = value.strip()
    try:
        return date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text)
    except ValueError:
        return None


def shifted(moment: date | datetime, amount: int, unit: str) -> date | datetime | None:
    """A date or time moved by calendar units; None for a unit that is not known."""
    unit = unit.removesuffix("S")
    try:
        if unit in _MONTHS:
            month = moment.year * 12 + moment.month - 1 + amount * _MONTHS[unit]
            year, month = month // 12, month % 12 + 1
            return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))
        if unit in _DAYS:
            return moment + timedelta(days=amount * _DAYS[unit])
        if unit in _SECONDS:
            start = moment if isinstance(moment, datetime) else datetime(moment.year, moment.month, moment.day)  # noqa: DTZ001 - the column has no zone
            return start + timedelta(seconds=amount * _SECONDS[unit])
    except (ValueError, OverflowError):
        return None
    return None


def _cast(tree: exp.Expression, inner: Value | None) -> Value | None:
    to = tree.args.get("to")
    if isinstance(to, exp.DataType) and to.is_type("date") and isinstance(inner, datetime):
        return inner.date()
    return inner


def _sum(tree: exp.Expression, now: datetime | None) -> Value | None:
    left, sign = constant(tree.this, now), 1 if isinstance(tree, exp.Add) else -1
    if isinstance(tree.expression, exp.Interval):
        moment, amount, unit = instant(left), tree.expression.this, tree.expression.args.get("unit")
        words = str(amount.name if amount is not None else "").split()
        count = _decimal(words[0]) if words else None
        name = unit.name.upper() if unit is not None else words[1].upper() if len(words) > 1 else "DAY"
        return None if moment is None or count is None else shifted(moment, sign * int(count), name)
    right = constant(tree.expression, now)
    if isinstance(left, Decimal) and isinstance(right, Decimal):
        return left + right if sign > 0 else left - right
    moment = instant(left)
    if moment is not None and isinstance(right, Decimal):  # DATE + 30
        return shifted(moment, sign * int(right), "DAY")
    return None


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
