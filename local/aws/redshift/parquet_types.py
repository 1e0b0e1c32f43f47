"""Which Parquet type fits which Redshift column, as COPY decides: by position, losing nothing."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from local.aws.redshift.column_types import ColumnType
from local.aws.redshift.errors import RedshiftError
from local.aws.redshift.s3_objects import Fetched
from local.aws.redshift.statements import Column

_INTEGER_BITS = {"smallint": 16, "integer": 32, "bigint": 64}


def fits(field: pa.DataType, kind: ColumnType) -> bool:
    """Whether a Parquet column of that Arrow type loads into the Redshift type."""
    if kind.name in _INTEGER_BITS:
        return pa.types.is_signed_integer(field) and field.bit_width <= _INTEGER_BITS[kind.name]
    if kind.name == "numeric":
        return (
            bool(pa.types.is_decimal128(field))
            and field.scale == kind.scale
            and field.precision <= (kind.precision or 0)
        )
    if kind.name.startswith("character"):
        return pa.types.is_string(field) or pa.types.is_large_string(field)
    if kind.name == "date":
        return bool(pa.types.is_date32(field))
    if kind.name.startswith("timestamp"):
        return bool(pa.types.is_timestamp(field))
    if kind.name == "boolean":
        return bool(pa.types.is_boolean(field))
    if kind.name == "real":
        return bool(pa.types.is_float32(field))
    return pa.types.is_float32(field) or pa.types.is_float64(field)


def checked_schema(file: Fetched, columns: tuple[Column, ...]) -> tuple[str, ...]:
    """The file's column names, in order, once their count and types fit the table's columns by position.

    Raises:
        RedshiftError: not Parquet, another number of columns, or a type that does not fit; names file and column.
    """
    try:
        schema = pq.read_schema(file.path)
    except (pa.ArrowInvalid, OSError) as error:
        raise RedshiftError(f"ERROR: Spectrum Scan Error: {file.uri} is not a valid Parquet file: {error}") from error
    if len(schema) != len(columns):
        raise RedshiftError(
            f"ERROR: Spectrum Scan Error: Unmatched number of columns between table and file. Table columns: "
            f"{len(columns)}, "
            f"Data columns: {len(schema)}, File name: {file.uri}"
        )
    for position, (field, column) in enumerate(zip(schema, columns, strict=True), 1):
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if not fits(kind, column.type):
            raise RedshiftError(
                f"ERROR: Spectrum Scan Error: File '{file.uri}' has an incompatible Parquet schema for column "
                f"'{column.name}' (position {position}). Column type: {column.type.text}, Parquet schema: {kind} "
                f"{field.name}. "
                "COPY maps by position, not by name"
            )
    return tuple(schema.names)


def utc_timestamp(file: Fetched, position: int) -> bool:
    """Whether that column holds instants (adjusted to UTC) rather than wall-clock times."""
    kind = pq.read_schema(file.path).field(position).type
    return bool(pa.types.is_timestamp(kind)) and kind.tz is not None
