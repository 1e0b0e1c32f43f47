"""UNLOAD to S3: one file, rows in the order of the query, names as Redshift gives them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import IO

from local.aws.redshift.copy_load import check_role, scratch
from local.aws.redshift.dml import lock_all
from local.aws.redshift.errors import RedshiftError, Unsupported
from local.aws.redshift.session import Result, Session
from local.aws.redshift.statements import Unload
from local.aws.redshift.text import as_text
from local.aws.redshift.translate import Translated, translate

_OPTIONS = frozenset({"format", "iam_role", "parallel", "allowoverwrite", "cleanpath", "manifest", "extension"})
_CSV_OPTIONS = _OPTIONS | {"header", "gzip", "delimiter", "null"}
_FETCH = 20_000


def unload(session: Session, statement: Unload) -> Result:
    """Write the query's rows.

    Raises:
        RedshiftError: role, target not empty, a query that is no SELECT.
        Unsupported: an option or format that is not here.
    """
    options = statement.options
    kind = options.get("format")
    if kind not in ("parquet", "csv"):
        raise Unsupported(f"UNLOAD FORMAT {(kind or 'of delimited text (say FORMAT AS CSV)').upper()}")
    for option in options:
        if option not in (_OPTIONS if kind == "parquet" else _CSV_OPTIONS):
            raise Unsupported(f"UNLOAD option {option.upper()} with FORMAT {kind.upper()}")
    if options.get("parallel") not in (None, "on", "off"):
        raise RedshiftError("ERROR: syntax error: PARALLEL is ON or OFF")
    check_role(options)
    session.begin()
    work = translate(statement.query, session.resolve, {}, session.now, session.search_path)
    if work.kind != "select":
        raise RedshiftError("ERROR: UNLOAD takes a SELECT")
    lock_all(session, work.reads)
    _clear_target(session, statement)
    with scratch() as folder:
        path = folder / "data"
        count = _write_parquet(session, work, path) if kind == "parquet" else _write_csv(session, work, path, options)
        uri = statement.target + _suffix(options)
        session.control.check()
        session.objects.put_file(path, uri)
        if options.get("manifest"):
            entry = {"url": uri, "meta": {"content_length": path.stat().st_size, "record_count": count}}
            session.objects.put(json.dumps({"entries": [entry]}).encode(), f"{statement.target}manifest")
    return Result(affected=count)


def _clear_target(session: Session, statement: Unload) -> None:
    present = [uri for uri, _ in session.objects.list(statement.target)]
    if statement.options.get("cleanpath"):
        session.objects.delete(present)
    elif present and not statement.options.get("allowoverwrite"):
        raise RedshiftError(
            "ERROR: Specified unload destination on S3 is not empty. Consider using a different bucket / prefix, "
            "manually "
            f"removing the target files in S3, or using the ALLOWOVERWRITE option. ({present[0]})"
        )


def _suffix(options: dict[str, str]) -> str:
    """`000` alone, or slice and part: this warehouse has one slice."""
    number = "000" if options.get("parallel") == "off" else "0000_part_00"
    if "extension" in options:
        return f"{number}.{options['extension']}"
    if options["format"] == "parquet":
        return f"{number}.parquet"
    return f"{number}.gz" if options.get("gzip") else number


def _write_parquet(session: Session, work: Translated, path: Path) -> int:
    description = session.execute(f"SELECT * FROM ({work.sql}) AS q LIMIT 0").description
    # DuckDB writes a HUGEINT as DOUBLE: a sum must stay exact
    sql = work.sql
    if any(str(d[1]) == "HUGEINT" for d in description or []):
        casts = ", ".join(f'"{d[0]}"::DECIMAL(38,0) AS "{d[0]}"' for d in description or [] if str(d[1]) == "HUGEINT")
        sql = f"SELECT * REPLACE ({casts}) FROM ({sql}) AS q"
    done = session.execute(f"COPY ({sql}) TO '{path}' (FORMAT PARQUET)")
    return int(done.fetchall()[0][0])


def _write_csv(session: Session, work: Translated, path: Path, options: dict[str, str]) -> int:
    delimiter, null = options.get("delimiter", ","), options.get("null", "")
    if len(delimiter) != 1:
        raise RedshiftError("ERROR: DELIMITER is one character")
    special = frozenset((delimiter, '"', "\n", "\r"))

    def field(value: object) -> str:
        if value is None:
            return null
        text = as_text(value)
        return '"' + text.replace('"', '""') + '"' if special.intersection(text) else text

    done = session.execute(work.sql)
    count = 0
    with _opened(path, bool(options.get("gzip"))) as out:
        if options.get("header"):
            out.write(delimiter.join(field(d[0]) for d in done.description or []) + "\n")
        while rows := done.fetchmany(_FETCH):
            session.control.check()
            out.writelines(delimiter.join(map(field, row)) + "\n" for row in rows)
            count += len(rows)
    return count


def _opened(path: Path, gzipped: bool) -> IO[str]:
    if gzipped:
        return gzip.open(path, "wt", encoding="utf-8", newline="")
    return path.open("w", encoding="utf-8", newline="")
