"""A published report as its reader gets it: parsed with the standard library, every hash and total checked anew."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

MOVEMENTS, SUMMARY, EXCEPTIONS, MANIFEST = "movimientos.csv", "resumen.json", "exceptions.json", "manifest.json"
SUMMARY_PAGE, NOTICE_PAGE = "resumen.html", "notice.es.html"
PROOF_PAGE = "prueba.html"
UNLISTED = {MANIFEST, "manifest.sig.json"}
"""The manifest cannot list itself, nor its signature."""
COLUMNS = (
    "fecha_contable", "id_sistema", "id_movimiento", "id_sucursal", "id_cliente", "tipo", "monto", "moneda",
    "instante_utc", "concepto",
)  # fmt: skip


class UnreadableReport(RuntimeError):
    """The folder is not a report that could be compared; the message names object and reason."""


@dataclass(frozen=True, slots=True)
class Line:
    """One published line as text, and its cents (None when `monto` is no amount in whole cents)."""

    cents: int | None
    fecha_contable: str
    id_sistema: str
    id_movimiento: str
    id_sucursal: str
    id_cliente: str
    tipo: str
    monto: str
    moneda: str
    instante_utc: str
    concepto: str


@dataclass(frozen=True, slots=True)
class Excepted:
    """What was set aside: one movement, or `rows` of them without a name."""

    id_sistema: str
    id_movimiento: str | None
    reason: str
    cents: int | None
    rows: int


@dataclass(frozen=True)
class Report:
    """A report and what is wrong with it by itself (`faults`, one line each), before anything is compared."""

    status: str
    lines: tuple[Line, ...]
    excepted: tuple[Excepted, ...]
    missing_sources: frozenset[str]
    missing_branches: frozenset[str]
    faults: tuple[str, ...]


def read_report(report_uri: str, business_date: date, *, client: Any) -> Report:
    """Read the folder of one version.

    Raises:
        UnreadableReport: a file is missing or is not what its name says.
    """
    folder = _Folder(client, report_uri)
    manifest = _object(folder.document(MANIFEST), MANIFEST)
    faults = list(folder.hash_faults(manifest))
    lines = tuple(_lines(folder.content(MOVEMENTS)))
    summary = _object(folder.document(SUMMARY), SUMMARY)
    listed = _object(folder.document(EXCEPTIONS), EXCEPTIONS) if EXCEPTIONS in folder.names() else {}
    try:
        excepted = tuple(_excepted(listed))
        faults += _total_faults(lines, excepted, manifest, summary, business_date)
        return Report(
            status=summary["outcome"],
            lines=lines,
            excepted=excepted,
            missing_sources=frozenset(one["id"] for one in summary["sources"] if one["state"] == "missing"),
            missing_branches=frozenset(one["id"] for one in summary["completeness"]["branches_not_certified"]),
            faults=(*faults, *_naming_faults(summary, listed)),
        )
    except (KeyError, TypeError) as error:
        raise UnreadableReport(f"{report_uri}: {SUMMARY} or {EXCEPTIONS} lacks {error}") from None


class _Folder:
    """The objects of one version."""

    def __init__(self, client: Any, uri: str) -> None:
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        if not uri.startswith("s3://") or not prefix:
            raise UnreadableReport(f"{uri} is not of the form s3://bucket/folder/")
        self._client, self._bucket = client, bucket
        self._prefix = prefix.removesuffix(MANIFEST).rstrip("/") + "/"
        self._read: dict[str, bytes] = {}

    def names(self) -> set[str]:
        """What lies in the folder."""
        found = self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._prefix).get("Contents", [])
        return {entry["Key"].removeprefix(self._prefix) for entry in found}

    def content(self, name: str) -> bytes:
        """The bytes of a file, read once."""
        if name not in self._read:
            try:
                found = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)
            except self._client.exceptions.ClientError as error:
                why = error.response["Error"]["Code"]
                raise UnreadableReport(f"s3://{self._bucket}/{self._prefix}{name} cannot be read: {why}") from None
            self._read[name] = found["Body"].read()
        return self._read[name]

    def document(self, name: str) -> Any:
        """A JSON file."""
        try:
            return json.loads(self.content(name))
        except ValueError as error:
            raise UnreadableReport(f"s3://{self._bucket}/{self._prefix}{name} is not JSON: {error}") from None

    def hash_faults(self, manifest: dict[str, Any]) -> Iterator[str]:
        """Files that are not the ones the manifest lists."""
        listed = {file["name"]: file["sha256"] for file in manifest.get("files", ())}
        for name, expected in sorted(listed.items()):
            found = hashlib.sha256(self.content(name)).hexdigest()
            if found != expected:
                yield f"{name}: SHA-256 {found}, the manifest says {expected}"
        for name in sorted(_needed(manifest) - listed.keys()):
            yield f"{name}: not listed in the manifest"
        for name in sorted(self.names() - listed.keys() - UNLISTED - {MOVEMENTS, SUMMARY}):
            yield f"{name}: lies in the folder, but the manifest does not list it"


def _needed(manifest: dict[str, Any]) -> set[str]:
    """What a version must have: since renderer 2 a page to read, of a partial one a notice; since 3 a proof."""
    pages = set[str]()
    if manifest.get("renderer", 1) >= 2:
        pages = {SUMMARY_PAGE} | ({NOTICE_PAGE} if manifest.get("outcome") == "partial" else set())
    if manifest.get("renderer", 1) >= 3:
        pages.add(PROOF_PAGE)
    return {MOVEMENTS, SUMMARY} | pages


def _object(document: Any, name: str) -> dict[str, Any]:
    if not isinstance(document, dict):
        raise UnreadableReport(f"{name} is not a JSON object")
    return document


def _lines(data: bytes) -> Iterator[Line]:
    """The published lines; columns are found by name, further ones are ignored."""
    try:
        reader = csv.reader(io.StringIO(data.decode("utf-8"), newline=""), strict=True)
        header = next(reader, [])
        if lacking := [name for name in COLUMNS if name not in header]:
            raise UnreadableReport(f"{MOVEMENTS}: column {', '.join(lacking)} is missing")
        places = [header.index(name) for name in COLUMNS]
        for record in reader:
            if len(record) != len(header):
                raise UnreadableReport(
                    f"{MOVEMENTS}: line {reader.line_num} has {len(record)} fields, the header has {len(header)}"
                )
            values = [record[place] for place in places]
            yield Line(_cents(values[COLUMNS.index("monto")]), *values)
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnreadableReport(f"{MOVEMENTS} is not UTF-8 CSV: {error}") from None


def _cents(text: str) -> int | None:
    """Cents of an amount with two decimals; anything else is None."""
    try:
        cents = Decimal(text) * 100
    except InvalidOperation:
        return None
    return int(cents) if cents.is_finite() and cents == int(cents) and text[-3:-2] == "." else None


def _excepted(listed: dict[str, Any]) -> Iterator[Excepted]:
    for one in listed.get("movements", ()):
        reason = ": ".join(part for part in (one["reason"], one.get("detail")) if part)
        yield Excepted(one["source"], one["id_movimiento"], reason, one["cents"], one.get("rows", 1))


def _total_faults(
    lines: tuple[Line, ...],
    excepted: tuple[Excepted, ...],
    manifest: dict[str, Any],
    summary: dict[str, Any],
    business_date: date,
) -> Iterator[str]:
    """Totals and dates that do not follow from the files themselves."""
    counted, cents = len(lines), sum(line.cents or 0 for line in lines)
    for name, document in ((MANIFEST, manifest), (SUMMARY, summary)):
        if document["business_date"] != business_date.isoformat():
            yield f"{name}: business_date {document['business_date']}, expected {business_date}"
        if (document["movements"], document["cents"]) != (counted, cents):
            yield (
                f"{name}: {document['movements']} movements and {document['cents']} cents; "
                f"{MOVEMENTS} has {counted} and {cents}"
            )
    if manifest["outcome"] != summary["outcome"]:
        yield f"{MANIFEST}: outcome {manifest['outcome']}, {SUMMARY} says {summary['outcome']}"
    by_source: dict[tuple[str, str], tuple[int, int]] = {}
    for line in lines:
        rows, total = by_source.get((line.id_sistema, line.tipo), (0, 0))
        by_source[line.id_sistema, line.tipo] = rows + 1, total + (line.cents or 0)
    for source in summary["sources"]:
        for tipo, said in source["published"].items():
            found = by_source.get((source["id"], tipo), (0, 0))
            if (said["movements"], said["cents"]) != found:
                yield (
                    f"{SUMMARY}: {source['id']} {tipo}: {said['movements']} movements and {said['cents']} cents; "
                    f"{MOVEMENTS} has {found[0]} and {found[1]}"
                )
    rows = sum(one.rows for one in excepted)
    if summary["completeness"]["excepted_movements"] != rows:
        yield f"{SUMMARY}: {summary['completeness']['excepted_movements']} excepted movements; {rows} are listed"


def _naming_faults(summary: dict[str, Any], listed: dict[str, Any]) -> Iterator[str]:
    """What the summary calls missing must stand in the exceptions, and the other way round."""
    pairs = (
        (
            "source",
            {one["id"] for one in summary["sources"] if one["state"] == "missing"},
            {one["source"] for one in listed.get("sources", ()) if one["state"] == "missing"},
        ),
        (
            "sucursal",
            {one["id"] for one in summary["completeness"]["branches_not_certified"]},
            {one["id"] for one in listed.get("branches", ())},
        ),
    )
    for what, in_summary, in_exceptions in pairs:
        for one in sorted(in_summary ^ in_exceptions):
            here, there = (SUMMARY, EXCEPTIONS) if one in in_summary else (EXCEPTIONS, SUMMARY)
            yield f"{what} {one}: missing according to {here}, not according to {there}"
    missing = {one["id"] for one in summary["sources"] if one["state"] == "missing"}
    if missing and summary["outcome"] == "complete":
        yield f"{SUMMARY}: calls itself complete, yet {', '.join(sorted(missing))} is missing"
