"""The local Redshift in this process: the shipped SQL runs on its engine, COPY and UNLOAD reach stores in memory.

All statements of a case run in one transaction that is rolled back, so thousands of nights share one warehouse.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local.aws.redshift import dml, unload
from local.aws.redshift import warehouse as engine
from local.aws.redshift.errors import RedshiftError
from local.aws.redshift.parse import parse
from local.aws.redshift.session import Control, Result
from local.aws.redshift.text import as_text
from local.aws.redshift.translate import Translated, translate
from local.aws.redshift.warehouse import Warehouse as Engine
from podemos.core.errors import DataFault, NotFound
from podemos.core.store import MemoryStore
from podemos.warehouse.literals import Typed
from podemos.warehouse.port import Row
from podemos.warehouse.statements import Batch, Script, Value, bind

_TABLES = (
    "regulatory/create_movimientos.sql",
    "branches/ops/create_loads.sql",
    "branches/pagos/create_pagos.sql",
    "branches/clientes/create_clientes.sql",
)


NOW = datetime(2026, 11, 20, 10, 5, tzinfo=UTC)
"""What GETDATE() gives: a statement's text then has one translation."""
_MOST = 2_000


def _remembered(translate: Callable[..., Translated]) -> Callable[..., Translated]:
    """Translates each text once: neither tables nor the time change here.

    The form of a value decides the type of a parameter; two keys of the lake are of one form.
    """
    known: dict[tuple[Any, ...], Translated] = {}

    def once(sql: str, resolve: Any, values: Mapping[str, str], now: datetime, *more: Any) -> Translated:
        key = (sql, now, *sorted((name, "/" if "/" in value else value) for name, value in values.items()))
        if key not in known:
            if len(known) >= _MOST:
                known.clear()
            known[key] = translate(sql, resolve, values, now, *more)
        return known[key]

    return once


class _Bucket:
    """The calls of boto3's S3 client that COPY and UNLOAD make, on the lake of the case that runs."""

    def __init__(self) -> None:
        self.lake = MemoryStore()

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        return {"Body": io.BytesIO(self._bytes(Key))}

    def head_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        return {"ContentLength": len(self._bytes(Key))}

    def download_file(self, bucket: str, key: str, path: str) -> None:
        Path(path).write_bytes(self._bytes(key))

    def upload_file(self, path: str, bucket: str, key: str) -> None:
        self.lake.replace(key, Path(path).read_bytes())

    def get_paginator(self, operation: str) -> _Bucket:
        return self

    def paginate(self, Bucket: str, Prefix: str) -> list[dict[str, Any]]:
        return [{"Contents": [{"Key": info.key, "Size": info.size} for info in self.lake.list(Prefix)]}]

    def _bytes(self, key: str) -> bytes:
        try:
            return self.lake.get(key)
        except NotFound as missing:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": str(missing)}}, "GetObject") from missing


class Redshift:
    """The warehouse's port, without the Data API.

    Args:
        folder: where its file lies; created.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self._engine = Engine(folder / "warehouse.duckdb", "http://127.0.0.1:9", memory="1GB")
        self._bucket = _Bucket()
        self._engine.objects._s3 = self._bucket
        self._session = self._engine.session("analytics")
        self._whole = False
        for file in _TABLES:
            self.execute(file)
        for module in (dml, unload):
            module.translate = _remembered(translate)  # type: ignore[attr-defined]
        engine.parse = lru_cache(_MOST)(parse)  # type: ignore[attr-defined]

    @property
    def lake(self) -> MemoryStore:
        """What COPY reads and UNLOAD writes."""
        return self._bucket.lake

    @lake.setter
    def lake(self, lake: MemoryStore) -> None:
        self._bucket.lake = lake

    @contextmanager
    def case(self, lake: MemoryStore) -> Iterator[None]:
        """One case's transaction over its lake; what it did to the warehouse is undone."""
        self._bucket.lake, self._whole = lake, True
        try:
            yield
        finally:
            self._session.rollback()
            self._whole = False

    def execute(
        self, sql: str | Script, values: Mapping[str, Value] | None = None, literals: Mapping[str, Typed] | None = None
    ) -> None:
        """As the port."""
        self.send(bind(sql, values, literals))

    def fetch(
        self, sql: str | Script, values: Mapping[str, Value] | None = None, literals: Mapping[str, Typed] | None = None
    ) -> Iterator[Row]:
        """As the port."""
        result = self.send(bind(sql, values, literals))
        names = [name for name, _ in result.columns or ()]
        yield from (dict(zip(names, map(_value, row), strict=True)) for row in result.rows)

    def send(self, batch: Batch) -> Result:
        """Runs a batch and returns the last statement's result.

        Raises:
            DataFault: the engine refused a statement; nothing of the case stands then.
        """
        result = Result()
        for sql in batch.statements:
            result = self.run(sql, batch.parameters, batch.origin)
        if not self._whole:
            self._session.commit()
        return result

    def run(self, sql: str, values: Mapping[str, str] | None = None, origin: str = "a hand") -> Result:
        """One statement of Redshift's SQL; also the hands that tamper."""
        self._session.query_id = self._engine.number()
        self._session.start(Control())
        self._session.now = NOW
        try:
            wanted = {name: value for name, value in (values or {}).items() if f":{name}" in sql}
            return self._engine.run(self._session, sql, wanted)
        except RedshiftError as error:
            self._session.rollback()
            raise DataFault(f"warehouse refused include/sql/{origin}: {error}") from error

    def load_history(self, path: Path, clients: Mapping[int, Sequence[int]]) -> None:
        """Puts curated payments and the branches' clients where branch ingestion puts them, instead of any others.

        Outside a case it stays, for the cases that come.
        """
        self._session.begin()
        for table in ("core.pagos_historicos", "core.clientes"):
            self._session.execute(f"DELETE FROM {table}")
        self._session.execute(f"INSERT INTO core.pagos_historicos SELECT * FROM read_parquet('{path}')")
        rows = ", ".join(
            f"({branch}, {client}, 'X', '2026-01-01', '2026-01-01', '2026-01-01', '2026-01-01', 1, FALSE)"
            for branch, ids in clients.items()
            for client in ids
        )
        self.run(
            "INSERT INTO core.clientes (id_sucursal, id_cliente, nombre, fecha_alta_origen, fecha_alta, "
            f"updated_at_origen, updated_at_utc, snapshot_seq, borrado) VALUES {rows}"
        )
        if not self._whole:
            self._session.commit()

    def close(self) -> None:
        """Closes the file."""
        self._session.cursor.close()
        self._engine.close()


def _value(cell: Any) -> Any:
    """As the Data API's port gives it: NULL, integers, decimals and booleans as such, everything else as text."""
    if cell is None or isinstance(cell, bool | int | Decimal):
        return cell
    return as_text(cell) if isinstance(cell, date) else str(cell)
