"""SQL of a table's contract: the files under include/sql/branches/ are generated from it and a test compares them.

`python -m podemos.branches sql` writes them again after a contract changed.
"""

from __future__ import annotations

from podemos.branches import movements
from podemos.core import fingerprint
from podemos.core.table import Derived, Table, identifier
from podemos.warehouse.statements import Script

_ENCODINGS = {"BIGINT": "AZ64", "DECIMAL": "AZ64", "DATE": "AZ64", "TIMESTAMP": "AZ64", "VARCHAR": "ZSTD",
              "BOOLEAN": "ZSTD"}  # fmt: skip


def files(table: Table) -> dict[str, str]:
    """Path under include/sql/ -> content, for every file of a table."""
    name = identifier(table.name)
    found = {
        f"branches/{name}/create_{name}.sql": create(table),
        f"branches/{name}/merge_{name}.sql": merge(table),
        f"branches/{name}/select_fingerprints_{name}.sql": select_fingerprints(table),
        f"branches/{name}/select_rows_{name}.sql": select_rows(table),
        f"branches/ops/create_writer_{name}.sql": create_writer(table),
    }
    if table.partitioned:
        found[f"branches/{name}/select_older_fingerprints_{name}.sql"] = select_older_fingerprints(table)
    if movements.of(table):
        found[f"branches/{name}/select_movements_{name}.sql"] = select_movements(table)
    return found


def script(table: Table, verb: str) -> Script:
    """A statement as it is sent: rendered from the contract in force, so a new table needs no generated file.

    Args:
        table: the contract.
        verb: ``create``, ``create_writer``, ``merge``, or ``select_`` with ``fingerprints``, ``older_fingerprints``,
            ``rows`` or ``movements``.
    """
    render = {
        "create": create,
        "create_writer": create_writer,
        "merge": merge,
        "select_fingerprints": select_fingerprints,
        "select_older_fingerprints": select_older_fingerprints,
        "select_movements": select_movements,
        "select_rows": select_rows,
    }[verb]
    folder = "ops" if verb == "create_writer" else table.name
    return Script(f"branches/{folder}/{verb}_{table.name}.sql", render(table))


def create(table: Table) -> str:
    """Target and staging tables with keys, encodings and comments."""
    columns = table.curated_columns()
    dist, sort = dist_key(table), sort_key(table)
    body = ",\n".join(
        f"    {c.name} {c.type.replace(',', ', ')}{_null(table, c)} ENCODE {_encoding(c, sort)}" for c in columns
    )
    lines = [
        f"-- create_{table.name}.sql  · generated from include/config/tables/{table.name}.yaml · idempotent: yes",
        f"CREATE SCHEMA IF NOT EXISTS {table.warehouse.partition('.')[0]};",
        "CREATE SCHEMA IF NOT EXISTS staging;",
    ]
    for target in (table.warehouse, table.staging):
        primary = f",\n    PRIMARY KEY ({', '.join(table.key)})" if target == table.warehouse else ""
        lines.append(
            f"CREATE TABLE IF NOT EXISTS {target} (\n{body}{primary}\n)\n"
            f"DISTSTYLE KEY\nDISTKEY ({dist})\nSORTKEY ({', '.join(sort)});"
        )
    lines.append(_comment("TABLE", table.warehouse, table.comment))
    lines.append(_comment("TABLE", table.staging, f"Carga en curso de {table.warehouse}"))
    for target in (table.warehouse, table.staging):
        lines += [_comment("COLUMN", f"{target}.{c.name}", c.comment) for c in columns]
    return "\n".join(lines) + "\n"


def create_writer(table: Table) -> str:
    """The mutex of a target: an empty table that a load locks."""
    comment = f"Candado: quien carga {table.warehouse} bloquea esta tabla; los lectores no se enteran"
    return (
        f"-- create_writer_{table.name}.sql  · generated · idempotent: yes\n"
        "CREATE SCHEMA IF NOT EXISTS ops;\n"
        f"CREATE TABLE IF NOT EXISTS {table.writer} (candado BIGINT NOT NULL ENCODE RAW)\n"
        "DISTSTYLE ALL\nSORTKEY (candado);\n"
        + _comment("TABLE", table.writer, comment)
        + "\n"
        + _comment("COLUMN", f"{table.writer}.candado", "Sin uso; la tabla queda vacía")
        + "\n"
    )


def merge(table: Table) -> str:
    """One transaction that merges a delta, safe to send twice and at once."""
    target, staging = table.warehouse, table.staging
    columns = [c.name for c in table.curated_columns()]
    on = "\n    AND ".join(f"{target}.{name} = s.{name}" for name in table.key)
    match = "\n    AND ".join(f"{staging}.{name} = t.{name}" for name in table.key)
    updates = ",\n    ".join(f"{name} = s.{name}" for name in columns if name not in table.key)
    names, values = ",\n    ".join(columns), ",\n    ".join(f"s.{name}" for name in columns)
    return f"""\
-- merge_{table.name}.sql  · generated · grain: one row per ({", ".join(table.key)}) · idempotent: yes
-- params: :manifest, :role (literals of COPY), :revision, :revision_key
-- The mutex comes first: under snapshot isolation two loads at once would both insert.
LOCK {table.writer};
DELETE FROM {staging};
COPY {staging} FROM :manifest IAM_ROLE :role FORMAT AS PARQUET MANIFEST;
-- What the target has at a later snapshot stays. Of the same snapshot, a live row stays: only a row that was withdrawn
-- into quarantine is replaced, by its release.
DELETE FROM {staging}
USING {target} AS t
WHERE {match}
    AND (t.snapshot_seq > {staging}.snapshot_seq
        OR (t.snapshot_seq = {staging}.snapshot_seq AND NOT t.borrado));
MERGE INTO {target}
USING {staging} AS s
ON {on}
WHEN MATCHED THEN UPDATE SET
    {updates}
WHEN NOT MATCHED THEN INSERT (
    {names}
) VALUES (
    {values}
);
INSERT INTO ops.loads (tabla, revision, revision_key, renglones, cargado)
SELECT
    '{table.name}',
    CAST(:revision AS BIGINT),
    CAST(:revision_key AS VARCHAR(256)),
    COUNT(*),
    GETDATE()
FROM {staging};
"""  # noqa: S608 - identifiers of a checked contract


def select_fingerprints(table: Table) -> str:
    """Control totals of the warehouse per branch, and per branch-local day from `:since` on."""
    select = fingerprint.redshift(table)
    day, where, group = "''", "NOT borrado", "id_sucursal"
    params = "none"
    if table.business_date is not None:
        day, group = f"{table.business_date}", f"id_sucursal, {table.business_date}"
        where, params = f"NOT borrado\n    AND {table.business_date} >= CAST(:since AS DATE)", ":since"
    return _select_totals("select_fingerprints", table, select, day, where, group, params)


def select_older_fingerprints(table: Table) -> str:
    """The same of the days in one slice of history: every `:of`-th month; see `rotation`."""
    day = table.business_date or ""
    month = f"(EXTRACT(YEAR FROM {day}) - 2000) * 12 + EXTRACT(MONTH FROM {day}) - 1"
    where = (
        f"NOT borrado\n    AND MOD(\n        CAST(GREATEST({month}, 0) AS BIGINT),\n        CAST(:of AS BIGINT)\n"
        "    ) = CAST(:slice AS BIGINT)"
    )
    select, group = fingerprint.redshift(table), f"id_sucursal, {day}"
    return _select_totals("select_older_fingerprints", table, select, day, where, group, ":of, :slice")


def _select_totals(
    verb: str, table: Table, select: fingerprint.Select, day: str, where: str, group: str, params: str
) -> str:
    return f"""\
-- {verb}_{table.name}.sql  · generated · grain: branch and local day · params: {params}
SELECT
    id_sucursal,
    {day} AS dia,
    {select.count} AS n,
    {_wrapped(select.cents)} AS cents,
    CAST({_wrapped(select.digest)}
        AS VARCHAR(40)) AS digest
FROM {table.warehouse}
WHERE {where}
GROUP BY {group};
"""  # noqa: S608 - identifiers of a checked contract


def select_movements(table: Table) -> str:
    """Control totals of a business day's movements per branch, as the warehouse has them."""
    select = fingerprint.redshift(table)
    return f"""\
-- select_movements_{table.name}.sql  · generated · grain: branch · params: :business_date
SELECT
    id_sucursal,
    {select.count} AS n,
    {_wrapped(select.cents)} AS cents,
    CAST({_wrapped(select.digest)}
        AS VARCHAR(40)) AS digest
FROM {table.warehouse}
WHERE NOT borrado
    AND {movements.STATUS} = '{movements.PAID}'
    AND fecha_contable = CAST(:business_date AS DATE)
GROUP BY id_sucursal;
"""  # noqa: S608 - identifiers of a checked contract


def select_rows(table: Table) -> str:
    """The rows of one branch (and local day), to name what differs."""
    columns = ",\n    ".join(
        f"CAST({c.name}_origen AS VARCHAR(26)) AS {c.name}" if c.kind.temporal else c.name
        for c in table.columns
        if c.fingerprint
    )
    where, params = "NOT borrado\n    AND id_sucursal = CAST(:branch AS BIGINT)", ":branch"
    if table.business_date is not None:
        where += f"\n    AND {table.business_date} = CAST(:day AS DATE)"
        params += ", :day"
    return f"""\
-- select_rows_{table.name}.sql  · generated · grain: one row · params: {params}
SELECT
    {columns}
FROM {table.warehouse}
WHERE {where}
ORDER BY {", ".join(table.primary_key)};
"""  # noqa: S608 - identifiers of a checked contract


def dist_key(table: Table) -> str:
    """Rows that are joined lie together: the first parent's column, else the first key column."""
    return table.parents[0].column if table.parents else table.primary_key[0]


def sort_key(table: Table) -> list[str]:
    """What queries restrict by: the business day, else the branch; then the distribution key."""
    return [table.business_date or "id_sucursal", dist_key(table)]


def _encoding(column: Derived, sort: list[str]) -> str:
    """RAW for the leading sort column: its blocks are what a range scan skips by."""
    return "RAW" if column.name == sort[0] else _ENCODINGS[column.type.partition("(")[0]]


def _null(table: Table, column: Derived) -> str:
    source = next((c for c in table.columns if c.name == column.source), None)
    absent = source is not None and (source.nullable or (source.lenient and column.expression != "value"))
    return "" if absent else " NOT NULL"


def _wrapped(expression: str) -> str:
    """One column a line; contract names are plain, so they need no quotes."""
    lines = expression.replace('"', "").replace(" || COALESCE(", "\n    || COALESCE(")
    lines = lines.replace("MD5(COALESCE(", "MD5(\n    COALESCE(").replace("'-1:')), 15)", "'-1:')\n    ), 15)")
    lines = lines.replace("::VARCHAR || ':' ||", "::VARCHAR\n    || ':' ||")
    return lines


def _comment(kind: str, name: str, text: str) -> str:
    return f"COMMENT ON {kind} {name}\nIS {_quoted(text)};"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
