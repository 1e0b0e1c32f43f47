"""Remembers how a statement was translated: the same thousand statements are sent in every case.

Only the translation is remembered. Which tables the names mean is looked up each time, and a table of other columns is
translated anew.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from local.aws.redshift import dml
from local.aws.redshift.catalog import Relation
from local.aws.redshift.translate import Resolver, Translated, translate

_BY_THE_CLOCK = re.compile(r"\b(GETDATE|SYSDATE|CURRENT_)|\bcore\.v", re.IGNORECASE)
_MOST = 4_000
_known: dict[Any, Translated] = {}


def remembering(
    sql: str, resolve: Resolver, values: Mapping[str, str], now: datetime, search_path: tuple[str, ...]
) -> Translated:
    """As `translate`."""
    if _BY_THE_CLOCK.search(sql):
        return translate(sql, resolve, values, now, search_path)
    key = (sql, tuple(sorted(values.items())), search_path)
    known = _known.get(key)
    if known is not None:
        reads = [_again(relation, resolve) for relation in known.reads]
        target = known.target and _again(known.target, resolve)
        pairs = [*zip(reads, known.reads, strict=True), *([(target, known.target)] if target else [])]
        if all(new and new.columns == old.columns and new.temporary == old.temporary for new, old in pairs):  # type: ignore[union-attr]
            return replace(known, reads=reads, target=target)
    found = translate(sql, resolve, values, now, search_path)
    if len(_known) < _MOST:
        _known[key] = found
    return found


def _again(relation: Relation, resolve: Resolver) -> Relation:
    return resolve((relation.name,) if relation.temporary else (relation.schema, relation.name))


def install() -> None:
    """In this process, from now on."""
    dml.translate = remembering  # type: ignore[assignment]
