"""Column labels of a query as Redshift gives them."""

from __future__ import annotations

from sqlglot import exp

from local.aws.redshift import whitelist


def labelled(tree: exp.Expression) -> exp.Expression:
    """Give every unnamed output column the function's name, the column of its cast, or `?column?`."""
    head = tree
    while isinstance(head, exp.SetOperation):
        head = head.this
    if isinstance(head, exp.Select):
        head.set("expressions", [_with_label(e) for e in head.expressions])
    return tree


def _with_label(node: exp.Expression) -> exp.Expression:
    if isinstance(node, exp.Alias | exp.Column | exp.Star):
        return node
    inner = node
    while isinstance(inner, exp.Cast | exp.Window | exp.WithinGroup | exp.Filter | exp.Paren) and not isinstance(
        inner.this, exp.Literal
    ):
        inner = inner.this
    if isinstance(inner, exp.Column):
        label = inner.name
    elif isinstance(inner, exp.Case | exp.DecodeCase):
        label = "case"
    elif isinstance(inner, exp.Anonymous):
        label = inner.name
    elif isinstance(inner, exp.Func) and not isinstance(inner, exp.Binary | exp.Cast):
        names = whitelist.FUNCTIONS.get(type(inner).__name__, inner.sql_name())
        label = names.split(",")[0].lower()
    else:
        label = "?column?"
    return exp.alias_(node, label, quoted=True)
