"""The second engine's own reading of the sealed bytes: DuckDB parses them, and SQL applies the rules of a movement.

With `readers` and `rows` it shares the contract (`sources.yaml`) and the zone table, and no code: an error in parsing
would have to be made twice, in two languages, to go unseen. What cannot be read is simply not there; why it is not is
the first engine's business.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from podemos.contracts.sources import Mapping as FieldMapping
from podemos.contracts.sources import Source
from podemos.core.paths import config_file
from podemos.core.zones import BUSINESS_ZONE
from podemos.warehouse.statements import read

LAKE = "lake"
_OPTIONS = {"threads": "1", "memory_limit": "256MB"}
"""What DuckDB holds beside its blocks comes on top; a task may have 512 MB."""
LARGE = 16 << 20
_TEXT, _INTEGER, _DECIMAL, _OTHER = "texto", "entero", "decimal", "otro"
_TYPES = {"VARCHAR": _TEXT, "DOUBLE": _DECIMAL} | dict.fromkeys(
    ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT"), _INTEGER
)
"""Class of a value by its type in JSON. In parquet a DOUBLE is refused: no float is money."""
_FIELDS = ("id_movimiento", "tipo", "instante", "id_sucursal", "id_cliente", "concepto")
_IDS = ("id_sucursal", "id_cliente")
_REFUSED = "'?'"
"""In the place of an identifier that is no whole number; no rule lets it pass."""


class Unreadable(Exception):
    """A file that DuckDB cannot read to its end, or that lacks a column."""


class SecondReader:
    """A database that holds what was read of a night, in the columns of `core.movimientos`.

    Args:
        day: the business day.
        scratch: where it may spill.
        size: bytes to be read. A large night's tables lie in a file, compressed, and not in memory; a small one is
            spared the file's commits.
    """

    def __init__(self, day: date, scratch: Path, size: int = 0) -> None:
        import duckdb

        self._day = day
        place = str(scratch / "second.duckdb") if size > LARGE else ":memory:"
        self.database = duckdb.connect(place, config=_OPTIONS | {"temp_directory": str(scratch / "spill")})
        self.database.execute("SET TimeZone = 'UTC'")
        self._run("prepare_zones.sql", {"path": str(config_file("zones.csv")), "business_zone": BUSINESS_ZONE})
        self._run("prepare_movements.sql")

    def add(self, source: Source, path: Path, sha256: str) -> None:
        """Reads a local copy of one sealed file; files of a source come in the order of its control file.

        Raises:
            Unreadable: nothing of the file is kept.
        """
        import duckdb

        about = {"system": source.id, "day": self._day, "sha256": sha256}
        try:
            if source.format == LAKE:
                self._run("insert_lake.sql", about | {"path": str(path)})
                return
            mapping = source.mapping
            if mapping is None:
                raise Unreadable(f"source {source.id} has no mapping")
            self._raw(source, mapping, path)
            self.database.execute("CREATE OR REPLACE TEMP TABLE tipos (codigo VARCHAR, tipo VARCHAR)")
            self.database.executemany("INSERT INTO tipos VALUES (?, ?)", list(mapping.tipo_values.items()))
            cents = 100 if mapping.monto_unit == "pesos" else 1
            self._run("insert_movements.sql", about | {"cents": cents, "zone": mapping.instante_zone})
        except (duckdb.Error, OSError, EOFError, UnicodeError, csv.Error) as error:
            raise Unreadable(said(error, path)) from None

    def write(self, path: Path) -> None:
        """Everything read, in the report's order, as one parquet file."""
        (select,) = read("second/select_report.sql")
        self.database.execute(f"COPY ({select}) TO {_literal(str(path))} (FORMAT parquet, COMPRESSION zstd)")

    def _raw(self, source: Source, mapping: FieldMapping, path: Path) -> None:
        """Fills `crudo`: each record's fields as text, numbered as they stand in the file."""
        made = {"csv": _from_csv, "jsonl": _from_jsonl, "parquet": _from_parquet}[source.format]
        self.database.execute("DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans")
        self.database.execute(f"CREATE OR REPLACE TEMP TABLE crudo AS {made(self.database, source, mapping, path)}")
        if source.format == "csv":
            self._run("number_records.sql")

    def _run(self, sql_file: str, values: Mapping[str, Any] | None = None) -> None:
        for statement in read(f"second/{sql_file}"):
            wanted = {name: value for name, value in (values or {}).items() if f"${name}" in statement}
            self.database.execute(statement, wanted)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.database.close()


def said(error: Exception, path: Path) -> str:
    """What an engine says of a file, in one line, without where this process keeps its copy.

    It becomes a part of manifests: the same sealed bytes must give the same text on every machine.
    """
    return str(error).partition("\n")[0].replace(str(path), path.name)


def _from_csv(database: Any, source: Source, mapping: FieldMapping, path: Path) -> str:
    header = _header(source, path)
    _require(mapping, header)
    columns = ", ".join(f"{_literal(name)}: 'VARCHAR'" for name in header)
    options = {
        "columns": f"{{{columns}}}",
        "auto_detect": "false",
        "header": "true",
        "delim": _literal(source.delimiter),
        "quote": "'\"'",
        "escape": "'\"'",
        "encoding": _literal(source.encoding),
        "compression": _literal(source.compression or "none"),
        "store_rejects": "true",
    }
    read_csv = f"READ_CSV({_literal(str(path))}, {', '.join(f'{name} = {value}' for name, value in options.items())})"
    fields = [f"{_value(mapping, name)} AS {name}" for name in _FIELDS]
    return (
        f"SELECT ROW_NUMBER() OVER () AS fila, {', '.join(fields)}, {_name(mapping.monto)} AS monto, "  # noqa: S608
        f"'{_TEXT}' AS monto_clase, {_currency(mapping)} AS moneda FROM {read_csv}"
    )


def _header(source: Source, path: Path) -> list[str]:
    opened: Any = gzip.open if source.compression == "gzip" else open
    encoding = "utf-8-sig" if source.encoding == "utf-8" else source.encoding
    with opened(path, "rt", encoding=encoding, newline="") as text:
        return next(csv.reader(text, delimiter=source.delimiter), [])


def _from_jsonl(database: Any, source: Source, mapping: FieldMapping, path: Path) -> str:
    fields = []
    for name in (*_FIELDS, "moneda"):
        if not (field := getattr(mapping, name)):
            continue
        text = f"(json ->> {_path(field)})"
        if name in _IDS:
            text = f"CASE WHEN {_json_class(field)} IN ('{_TEXT}', '{_INTEGER}', '') THEN {text} ELSE {_REFUSED} END"
        fields.append(f"{text} AS {name}")
    fields += [f"NULL AS {name}" for name in _FIELDS if not getattr(mapping, name)]
    fields += [] if mapping.moneda else ["'MXN' AS moneda"]
    return (
        f"SELECT ROW_NUMBER() OVER () AS fila, {', '.join(fields)}, json ->> {_path(mapping.monto)} AS monto, "  # noqa: S608
        f"{_json_class(mapping.monto)} AS monto_clase FROM READ_JSON_OBJECTS({_literal(str(path))}, "
        f"format = 'newline_delimited', ignore_errors = true, compression = {_literal(source.compression or 'none')})"
    )


def _json_class(field: str) -> str:
    """The class of a JSON value as SQL; empty where there is none."""
    when = " ".join(f"WHEN '{kind}' THEN '{name}'" for kind, name in _TYPES.items())
    return f"CASE COALESCE(JSON_TYPE(json, {_path(field)}), 'NULL') {when} WHEN 'NULL' THEN '' ELSE '{_OTHER}' END"


def _from_parquet(database: Any, source: Source, mapping: FieldMapping, path: Path) -> str:
    file = f"READ_PARQUET({_literal(str(path))}, file_row_number = true)"
    types = {row[0]: row[1] for row in database.execute(f"DESCRIBE SELECT * FROM {file}").fetchall()}  # noqa: S608
    _require(mapping, types)
    if types[mapping.monto] in ("FLOAT", "DOUBLE"):
        raise Unreadable(f"column {mapping.monto} is a float; money must be decimal, integer cents or text")
    fields = []
    for name in _FIELDS:
        field = getattr(mapping, name)
        text = _REFUSED if name in _IDS and field and _class(types[field]) not in (_TEXT, _INTEGER) else ""
        fields.append(f"{text or _value(mapping, name)} AS {name}")
    return (
        f"SELECT file_row_number + 1 AS fila, {', '.join(fields)}, CAST({_name(mapping.monto)} AS VARCHAR) AS monto, "  # noqa: S608
        f"'{_class(types[mapping.monto])}' AS monto_clase, {_currency(mapping)} AS moneda FROM {file}"
    )


def _class(kind: str) -> str:
    return _DECIMAL if kind.startswith("DECIMAL") else _TYPES.get(kind, _OTHER)


def _value(mapping: FieldMapping, name: str) -> str:
    field = getattr(mapping, name)
    return f"CAST({_name(field)} AS VARCHAR)" if field else "CAST(NULL AS VARCHAR)"


def _currency(mapping: FieldMapping) -> str:
    return _value(mapping, "moneda") if mapping.moneda else "'MXN'"


def _require(mapping: FieldMapping, names: Any) -> None:
    wanted = mapping.model_dump(exclude={"monto_unit", "tipo_values", "instante_zone"}).values()
    if lacking := [name for name in wanted if name and name not in names]:
        raise Unreadable(f"column {', '.join(lacking)} is missing")


def _name(field: str) -> str:
    return '"' + field.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _path(field: str) -> str:
    return _literal(f'$."{field}"')
