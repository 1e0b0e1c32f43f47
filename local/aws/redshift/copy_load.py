"""COPY from S3: Parquet by position, CSV; a load that fails says which column, file and row."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local.aws.redshift.catalog import Relation
from local.aws.redshift.errors import RedshiftError, Unsupported
from local.aws.redshift.load_errors import LoadFailed, first_bad_row
from local.aws.redshift.locks import Mode
from local.aws.redshift.parquet_types import checked_schema, utc_timestamp
from local.aws.redshift.s3_objects import Fetched
from local.aws.redshift.session import SYSTEM_SCHEMA, Result, Session
from local.aws.redshift.statements import Column, Copy

_PARQUET_OPTIONS = frozenset({"format", "iam_role", "manifest", "statupdate"})
_CSV_OPTIONS = _PARQUET_OPTIONS | {
    "gzip",
    "ignoreheader",
    "delimiter",
    "null",
    "emptyasnull",
    "blanksasnull",
    "quote",
    "compupdate",
}
ROLE = re.compile(r"default|arn:aws[\w-]*:iam::\d{12}:role/[\w+=,.@/-]+")


def check_role(options: dict[str, str]) -> None:
    """COPY and UNLOAD need a role.

    Raises:
        RedshiftError: IAM_ROLE is missing or is no role ARN.
    """
    if "iam_role" not in options:
        raise RedshiftError("ERROR: must specify IAM_ROLE: COPY and UNLOAD need a role to reach S3")
    if not ROLE.fullmatch(options["iam_role"]):
        raise RedshiftError(
            f"ERROR: Invalid IAM_ROLE '{options['iam_role']}': expected arn:aws:iam::<account>:role/<name>"
        )


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="redshift-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def copy(session: Session, statement: Copy) -> Result:
    """Load every object under the prefix, or of the manifest, in one statement.

    Raises:
        LoadFailed: a value does not fit; names column, file and row.
        RedshiftError: options, role, prefix, column count or type.
    """
    options = statement.options
    kind = options.get("format")
    if kind not in ("parquet", "csv"):
        raise Unsupported(f"COPY FORMAT {(kind or 'of delimited text (say FORMAT CSV)').upper()}")
    for option in options:
        if option not in (_PARQUET_OPTIONS if kind == "parquet" else _CSV_OPTIONS):
            raise Unsupported(f"COPY option {option.upper()} with FORMAT {kind.upper()}")
    check_role(options)
    session.begin()
    relation = session.resolve(statement.name)
    if relation.view_sql is not None or relation.schema == SYSTEM_SCHEMA:
        raise RedshiftError(f'ERROR: cannot copy into "{relation.name}": it is not a table')
    columns = _target_columns(session, statement, relation)
    if not relation.temporary:
        session.lock(relation.full_name, Mode.WRITE)
    with scratch() as folder:
        uris = session.objects.copy_sources(statement.source, options.get("manifest") == "on")
        session.control.check()
        files = session.objects.fetch(uris, folder)
        count = _insert(session, relation, columns, files, options)
    state = session.catalog.rows(relation)
    empty = state.visible + state.ghosts == 0
    analyzed = options.get("statupdate") == "on" or (empty and options.get("statupdate") != "off")
    session.catalog.changed(relation, visible=count, unsorted=0 if empty else count, stale=0 if analyzed else count)
    session.execute(
        "INSERT INTO _redshift.load_history VALUES (?, ?, ?, ?, 'completed', ?, ?, get_current_timestamp() AT "
        "TIME ZONE 'UTC', "
        "?, ?, ?, ?, ?)",
        [
            session.query_id,
            session.transaction_id,
            session.pid,
            session.database,
            relation.name,
            session.now.replace(tzinfo=None),
            statement.source,
            kind.upper(),
            count,
            len(files),
            sum(f.size for f in files),
        ],
    )
    return Result(affected=count)


def _target_columns(session: Session, statement: Copy, relation: Relation) -> tuple[Column, ...]:
    if not statement.columns:
        return tuple(c for c in relation.columns if c.identity is None)
    if len(set(statement.columns)) != len(statement.columns):
        raise RedshiftError("ERROR: COPY: a column is listed twice")
    return tuple(session.catalog.require_column(relation, name) for name in statement.columns)


def _insert(
    session: Session, relation: Relation, columns: tuple[Column, ...], files: list[Fetched], options: dict[str, str]
) -> int:
    names = ", ".join(f'"{c.name}"' for c in columns)
    count = 0
    for group, source, values in _sources(files, columns, options):
        try:
            done = session.execute(
                f"INSERT INTO {relation.quoted} ({names}) SELECT {', '.join(values)} FROM {source}", relation=relation
            )
            count += int(done.fetchall()[0][0])
        except RedshiftError as error:
            session.control.check()
            raise _explained(session, relation, columns, group, options, error) from error
    return count


def _sources(
    files: list[Fetched], columns: tuple[Column, ...], options: dict[str, str]
) -> Iterator[tuple[list[Fetched], str, list[str]]]:
    """Groups of files that one SELECT can read: the files, the FROM source and one expression per column."""
    if options["format"] == "csv":
        raw = [f"c{i}" for i in range(len(columns))]
        yield (
            files,
            csv_source(files, len(columns), options),
            [csv_value(n, c, options) for n, c in zip(raw, columns, strict=True)],
        )
        return
    groups: dict[tuple[tuple[str, bool], ...], list[Fetched]] = {}
    for file in files:  # every file is checked before the first row is loaded
        names = checked_schema(file, columns)
        instants = [c.type.name.startswith("timestamp") and utc_timestamp(file, i) for i, c in enumerate(columns)]
        groups.setdefault(tuple(zip(names, instants, strict=True)), []).append(file)
    for shape, group in groups.items():
        yield (
            group,
            parquet_source(group),
            [parquet_value(name, instant, column) for (name, instant), column in zip(shape, columns, strict=True)],
        )


def parquet_source(files: list[Fetched], extra: str = "") -> str:
    """A FROM source; the path says nothing about values, ever (no hive partitions)."""
    paths = ", ".join(f"'{file.path}'" for file in files)
    return f"read_parquet([{paths}], hive_partitioning = false{extra})"


def parquet_value(name: str, instant: bool, column: Column) -> str:
    """The expression for a column; NUL in a text fails the load."""
    quoted = '"' + name.replace('"', '""') + '"'
    if column.type.name.startswith("character"):
        return f"CASE WHEN contains({quoted}, chr(0)) THEN error('NUL in text') ELSE {quoted} END"
    if instant and column.type.name == "timestamp without time zone":
        return f"({quoted} AT TIME ZONE 'UTC')::TIMESTAMP"
    return f"{quoted}::{column.type.duckdb}"


def csv_source(files: list[Fetched], width: int, options: dict[str, str]) -> str:
    """A FROM source whose text columns are c0, c1 and so on."""
    delimiter = options.get("delimiter", ",")
    quote = options.get("quote", '"')
    if len(delimiter) != 1 or len(quote) != 1:
        raise RedshiftError("ERROR: DELIMITER and QUOTE are one character")
    paths = ", ".join(f"'{file.path}'" for file in files)
    shape = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(width))

    def text(value: str) -> str:
        return "'" + value.replace("'", "''") + "'"

    return (
        f"read_csv([{paths}], auto_detect = false, header = false, skip = {int(options.get('ignoreheader', '0'))}, "
        f"delim = {text(delimiter)}, quote = {text(quote)}, escape = {text(quote)}, nullstr = "
        f"{text(options.get('null', chr(92) + 'N'))}, "
        f"allow_quoted_nulls = false, columns = {{{shape}}}, compression = "
        f"'{'gzip' if options.get('gzip') else 'none'}', "
        "hive_partitioning = false, null_padding = false, max_line_size = 10000000)"
    )


def csv_value(name: str, column: Column, options: dict[str, str]) -> str:
    """The expression for a column: an empty field is NULL, except in a text column, where EMPTYASNULL has to say so."""
    if column.type.name.startswith("character"):
        value = f"nullif({name}, '')" if options.get("emptyasnull") else name
        if options.get("blanksasnull"):
            value = f"CASE WHEN {name} <> '' AND trim({name}) = '' THEN NULL ELSE {value} END"
        return f"CASE WHEN contains({name}, chr(0)) THEN error('NUL in text') ELSE {value} END"
    return f"CAST(nullif(trim({name}), '') AS {column.type.duckdb})"


def _explained(
    session: Session,
    relation: Relation,
    columns: tuple[Column, ...],
    files: list[Fetched],
    options: dict[str, str],
    error: RedshiftError,
) -> RedshiftError:
    """The same failure with column, file and row; looked up on another connection, since this transaction is dead."""
    lookup = session.cursor.cursor()
    try:
        for file in files:
            for _, source, values in _sources([file], columns, options):
                bad = first_bad_row(
                    lookup,
                    source,
                    values,
                    columns,
                    parquet=options["format"] == "parquet",
                    skipped=int(options.get("ignoreheader", "0")),
                )
                if bad is not None:
                    return LoadFailed(relation, file.uri, bad)
    finally:
        lookup.close()
    return RedshiftError(f"ERROR: Load into table '{relation.name}' failed: {str(error).removeprefix('ERROR: ')}")
