"""Redshift expressions whose DuckDB form would be missing, different or inexact, rewritten node by node."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from sqlglot import exp

from local.aws.redshift.errors import RedshiftError, Unsupported
from local.aws.redshift.whitelist import ANONYMOUS

# Created in the DuckDB file. The CASE arms are decided by the bound type, so a refused type fails as soon as one row is
# computed and can never give a rounded answer.
MACROS = (
    """CREATE OR REPLACE MACRO _redshift.rs_strtol(x, b) AS CASE
        WHEN x IS NULL THEN NULL
        WHEN b = 10 THEN CAST(x AS BIGINT)
        WHEN b <> 16 THEN error('not supported by the local Redshift: STRTOL with a base other than 10 or 16')
        WHEN NOT regexp_full_match(x, '(0[xX])?[0-9a-fA-F]+') THEN
            error('The input ' || x || ' is not valid to be converted to base 16')
        ELSE CAST('0x' || regexp_replace(x, '^0[xX]', '') AS BIGINT) END""",
    """CREATE OR REPLACE MACRO _redshift.rs_div(a, b) AS CASE
        WHEN typeof(a) LIKE 'DECIMAL%' OR typeof(b) LIKE 'DECIMAL%' OR 'HUGEINT' IN (typeof(a), typeof(b)) THEN
            error('not supported by the local Redshift: division of NUMERIC (it would not be exact); '
                || 'divide integers or DOUBLE PRECISION, or cast a sum of integers to BIGINT')
        WHEN b = 0 THEN error('Divide by zero')
        ELSE a / b END""",
    """CREATE OR REPLACE MACRO _redshift.rs_mod(a, b) AS CASE WHEN b = 0 THEN error('Divide by zero') ELSE a % b END""",
    """CREATE OR REPLACE MACRO _redshift.rs_avg(x) AS CASE
        WHEN typeof(any_value(x)) NOT IN ('DOUBLE', 'FLOAT') THEN
            error('not supported by the local Redshift: AVG of ' || typeof(any_value(x))
                || ' (it would not be exact); use SUM and COUNT, or AVG of DOUBLE PRECISION')
        ELSE avg(x) END""",
    """CREATE OR REPLACE MACRO _redshift.rs_cut(x, n) AS CASE
        WHEN x IS NULL OR strlen(x) <= n THEN x
        ELSE left(x, list_max(list_transform(
            range(0, n + 1), lambda k: CASE WHEN strlen(left(x, k)) <= n THEN k ELSE 0 END))) END""",
)

_TEXT_TYPES = ("VARCHAR", "NVARCHAR", "CHAR", "NCHAR")
_ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg)


def rewrite(tree: exp.Expression, values: Mapping[str, str], now: datetime) -> exp.Expression:
    """Give every expression the meaning it has on Redshift.

    Args:
        tree: a checked tree (see `whitelist`).
        values: the parameters, by name; their form decides the type of one used in arithmetic.
        now: start of the statement, UTC: what GETDATE and SYSDATE return.
    """
    for node in reversed(list(tree.dfs())):  # children first: a replaced node is not looked into again
        new = _rewritten(node, values, now)
        if new is not node:
            if node is tree:
                tree = new
            else:
                node.replace(new)
    return tree


def _call(name: str, *arguments: exp.Expression | None) -> exp.Expression:
    return exp.Anonymous(this=f"_redshift.{name}", expressions=[a.copy() for a in arguments if a is not None])


def _rewritten(node: exp.Expression, values: Mapping[str, str], now: datetime) -> exp.Expression:
    if isinstance(node, exp.Identifier):
        return exp.to_identifier(node.name.lower(), quoted=True)
    if isinstance(node, exp.RawString):  # $$text$$
        return exp.Literal.string(node.name)
    if isinstance(node, exp.Placeholder):
        return _parameter(node, values)
    if isinstance(node, exp.FromBase):
        return _call("rs_strtol", node.this, node.expression)
    if isinstance(node, exp.Div):
        return _call("rs_div", node.this, node.expression)
    if isinstance(node, exp.Mod):
        return _call("rs_mod", node.this, node.expression)
    if isinstance(node, exp.Avg):
        if isinstance(node.parent, exp.Window) or isinstance(node.this, exp.Distinct):
            raise Unsupported("AVG as a window function or of DISTINCT values")
        return _call("rs_avg", node.this)
    if isinstance(node, exp.Cast) and node.to.this.name in _TEXT_TYPES and node.to.expressions:
        plain = exp.Cast(this=node.this.copy(), to=exp.DataType.build("VARCHAR"))
        size = node.to.expressions[0].this
        return _call("rs_cut", plain, exp.Literal.number(65535) if size.name.upper() == "MAX" else size)
    if isinstance(node, exp.Cast) and node.to.this.name in ("CHAR", "NCHAR"):
        return _call("rs_cut", exp.Cast(this=node.this.copy(), to=exp.DataType.build("VARCHAR")), exp.Literal.number(1))
    if isinstance(node, exp.Concat):  # NULL if either is NULL; DuckDB's CONCAT skips NULLs
        if len(node.expressions) != 2:
            raise RedshiftError("ERROR: function concat takes two arguments; use ||")
        return exp.Paren(this=exp.DPipe(this=node.expressions[0].copy(), expression=node.expressions[1].copy()))
    if isinstance(node, exp.RegexpReplace):  # every occurrence; DuckDB replaces the first unless told otherwise
        arguments = [node.this, node.expression, node.args.get("replacement") or exp.Literal.string("")]
        return exp.Anonymous(
            this="regexp_replace", expressions=[*(a.copy() for a in arguments), exp.Literal.string("g")]
        )
    if isinstance(node, exp.CurrentTimestamp):
        moment = now if node.args.get("sysdate") else now.replace(microsecond=0)
        return exp.cast(exp.Literal.string(moment.replace(tzinfo=None).isoformat(" ")), "TIMESTAMP")
    if isinstance(node, exp.CurrentDate):
        return exp.cast(exp.Literal.string(now.date().isoformat()), "DATE")
    if isinstance(node, exp.DecodeCase):
        return _decode(node)
    if isinstance(node, exp.GroupConcat) and isinstance(node.this, exp.Distinct):
        raise Unsupported("LISTAGG(DISTINCT ..)")
    if isinstance(node, exp.GroupConcat) and node.args.get("separator") is None:
        node.set("separator", exp.Literal.string(""))  # DuckDB's default is a comma
        return node
    if isinstance(node, exp.Anonymous) and node.name.upper() in ANONYMOUS:
        return exp.Anonymous(this=ANONYMOUS[node.name.upper()], expressions=[e.copy() for e in node.expressions])
    return node


def _decode(node: exp.DecodeCase) -> exp.Expression:
    """DECODE compares NULL with NULL as equal."""
    subject, *rest = (e.copy() for e in node.expressions)
    case = exp.Case()
    while len(rest) > 1:
        search, result, *rest = rest
        case = case.when(exp.NullSafeEQ(this=subject.copy(), expression=search), result)
    return case.else_(rest[0]) if rest else case


def _parameter(node: exp.Placeholder, values: Mapping[str, str]) -> exp.Expression:
    """A bound text takes the type of its context, except in arithmetic, where its own form gives the type."""
    name = node.name
    if name not in values:
        raise RedshiftError(f'ERROR: syntax error at or near ":{name}": no such parameter')
    renamed = exp.Placeholder(this=f"p_{name}")
    parent = node.parent
    if isinstance(parent, exp.Paren):
        parent = parent.parent
    in_interval = isinstance(parent, exp.TsOrDsAdd) and node.arg_key == "expression"
    if not isinstance(parent, _ARITHMETIC) and not in_interval:
        return renamed
    text = values[name].strip()
    if re.fullmatch(r"[+-]?\d{1,18}", text):
        return exp.cast(renamed, "BIGINT")
    if found := re.fullmatch(r"[+-]?(\d*)\.?(\d*)", text):
        precision = max(1, min(38, len(found[1]) + len(found[2])))
        return exp.cast(renamed, f"DECIMAL({precision},{len(found[2])})")
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return exp.cast(renamed, "DATE")
    if re.fullmatch(r"\d{4}-\d\d-\d\d[ T].+", text):
        return exp.cast(renamed, "TIMESTAMP")
    raise RedshiftError(f"ERROR: invalid input syntax for type numeric: parameter {name}")
