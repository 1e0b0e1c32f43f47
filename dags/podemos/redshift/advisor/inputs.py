"""What the advisor is told: a log, tables from DDL or from the live catalog, samples, blocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from podemos.core.errors import ContractViolation
from podemos.redshift.advisor.cluster import Cluster
from podemos.redshift.advisor.costs import World
from podemos.redshift.advisor.designs import today
from podemos.redshift.advisor.sample import ASSUMED_ROWS, Sample, assumed, sample
from podemos.redshift.advisor.workload import Name, Workload
from podemos.redshift.facts import Column, Table

MOST_SAMPLED = 1_000_000


def known(tables: Mapping[Name, Table]) -> dict[Name, frozenset[str]]:
    """Columns of the tables, for whoever resolves names."""
    return {name: frozenset(column.name for column in table.columns) for name, table in tables.items()}


def inferred(workload: Workload, tables: Mapping[Name, Table]) -> dict[Name, Table]:
    """The tables of a log; those that no DDL declares have the columns that queries name, of types nobody knows."""
    found = dict(tables)
    columns: dict[Name, dict[str, None]] = {}
    for query in workload.queries:
        for use in query.uses:
            names = columns.setdefault(use.table, {})
            names.update(dict.fromkeys(sorted((use.columns or frozenset()) | use.filtered)))
        for join in query.joins:
            for end, column in ((join.left, join.left_column), (join.right, join.right_column)):
                columns[query.uses[end].table][column] = None
    for name, names in columns.items():
        if name not in found:
            found[name] = Table(name, "log", columns=tuple(Column(column, "") for column in names), columns_seen=False)
    return found


def world(
    tables: Mapping[Name, Table],
    values: Mapping[Name, pa.Table],
    rows: Mapping[Name, int],
    cluster: Cluster | None = None,
) -> World:
    """Everything known of the tables of a log.

    Args:
        tables: of the log.
        cluster: to simulate for.
        values: sampled rows, of the tables that have some.
        rows: of whole tables, as far as they are known.
    """
    samples: dict[Name, Sample] = {}
    for name, table in tables.items():
        if name in values and values[name].num_rows:
            samples[name] = sample(table, max(rows.get(name, 0), values[name].num_rows), values[name])
        else:
            samples[name] = assumed(table, rows.get(name, ASSUMED_ROWS))
    return World(cluster or Cluster(), samples, {name: today(table) for name, table in tables.items()})


def table_name(text: str) -> Name:
    """`core.pagos` or `pagos`, folded.

    Raises:
        ContractViolation: it is no name of a table.
    """
    parts = text.replace('"', "").lower().split(".")
    if not 1 <= len(parts) <= 3 or not all(parts):
        raise ContractViolation(f"{text!r} is no name of a table")
    return ("public", parts[0]) if len(parts) == 1 else (parts[-2], parts[-1])


def assignments(texts: Iterable[str]) -> dict[Name, str]:
    """`core.pagos=value` as pairs.

    Raises:
        ContractViolation: one has no `=`.
    """
    found = {}
    for text in texts:
        name, equal, value = text.partition("=")
        if not equal:
            raise ContractViolation(f"{text!r}: TABLE=VALUE is expected")
        found[table_name(name)] = value
    return found


def sampled(path: Path) -> pa.Table:
    """Rows of a parquet file, drawn evenly if it has more than a sample needs.

    Raises:
        ContractViolation: there is no such file.
    """
    if not path.is_file():
        raise ContractViolation(f"{path}: no such sample")
    found = pq.read_table(path)
    if found.num_rows > MOST_SAMPLED:
        step = -(-found.num_rows // MOST_SAMPLED)
        found = found.take(pa.array(range(0, found.num_rows, step)))
    return found
