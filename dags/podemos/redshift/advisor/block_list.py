"""STV_BLOCKLIST, unloaded to CSV: the blocks of a table as they lie today."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

from podemos.core.errors import ContractViolation
from podemos.redshift.advisor.layout import Block, Layout, from_blocks
from podemos.redshift.advisor.values import LOWEST, NULL, kind
from podemos.redshift.facts import Table

COLUMNS = ("slice", "col", "blocknum", "num_values", "minvalue", "maxvalue", "unsorted")
_EPOCH_DAYS = (date(2000, 1, 1) - date(1970, 1, 1)).days
"""Days and microseconds count from 2000 in Redshift's own blocks, as in PostgreSQL's (inferred, not documented)."""


def read(path: Path, table: Table) -> Layout:
    """The layout of a table, from rows of STV_BLOCKLIST of this table alone.

    `col` counts the table's columns from 0; the hidden ones behind them are left out. Of a text the view has its first
    eight bytes in an order that is not documented: its blocks are taken for ones that may hold anything.

    Raises:
        ContractViolation: there is no such file, or it has other columns, or a row is no block.
    """
    if not path.is_file():
        raise ContractViolation(f"{path}: no such file of blocks")
    blocks = []
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if missing := set(COLUMNS) - set(reader.fieldnames or ()):
            raise ContractViolation(f"{path}: STV_BLOCKLIST's {', '.join(sorted(missing))} are missing")
        for number, row in enumerate(reader, start=2):
            try:
                slice_, col, block, values = (int(row[name]) for name in COLUMNS[:4])
                ends = (row["minvalue"].strip(), row["maxvalue"].strip())
                if not 0 <= col < len(table.columns) or values <= 0:
                    continue
                low, high = _bounds(table.columns[col].type, ends)
                unsorted = row["unsorted"].strip() == "1"
            except (ValueError, AttributeError, TypeError) as error:
                raise ContractViolation(f"{path}:{number}: {error}") from error
            blocks.append(Block(slice_, table.columns[col].name, block, values, low, high, unsorted))
    if not blocks:
        raise ContractViolation(f"{path}: no block of {table.title}")
    return from_blocks(blocks)


def _bounds(type_text: str, ends: tuple[str, str]) -> tuple[int, int]:
    form = kind(type_text).form
    if form in ("text", "float") or not all(ends):
        return LOWEST, int(NULL) - 1
    shift = {"date": _EPOCH_DAYS, "timestamp": _EPOCH_DAYS * 86_400_000_000}.get(form, 0)
    return int(ends[0]) + shift, int(ends[1]) + shift
