#!/usr/bin/env python3
"""Verifies a published report, for anyone who has its folder: standard library and `openssl` only, no AWS, no account.

    python verify_report.py FOLDER --public-key key.pem [--previous MANIFEST_OF_THE_DAY_BEFORE]

The folder holds what lies under `reports/<day>/v<N>/`. Checked are, in this order: the signature over manifest.json;
that exactly the listed files are there, with their sizes and SHA-256; that every line of movimientos.csv has its place
and its form; that lines, resumen.json, exceptions.json and manifest make the same totals, in integer cents; and that
the pages resumen.html and, of a partial version, notice.es.html state them and run no script; and that each row which
the proof (prueba.html and the pages it leads to) lays to a sealed file is the movement of movimientos.csv it says.
Prints what was found wrong and ends with 1, or one line per thing proven and ends with 0.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import html
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig.json"
MOVEMENTS, SUMMARY, EXCEPTIONS = "movimientos.csv", "resumen.json", "exceptions.json"
SUMMARY_PAGE, NOTICE_PAGE = "resumen.html", "notice.es.html"
ACTIVE = re.compile(
    r"<(script|link|iframe|object|embed|img|form)\b|<[^>]*\s(on\w+|src|href)\s*=|url\(|@import", re.IGNORECASE
)
PAGES_SINCE = 2
"""The first renderer that wrote pages; the older versions have none."""
CHANGES = "cambios.json"
PROOF_PAGE, PROOF, PROOF_SINCE = "prueba.html", "prueba-", 3
LISTED = 250_000
"""Up to so many movements, the proof lists every one of them."""
LINK = re.compile(r' href="(prueba[a-z0-9_-]*\.html)(?:#[a-z0-9-]+)?"')
ROW = re.compile(
    r"<tr><td>\d+<td>(?P<id>[^<]+)<td>(?P<type>CARGO|ABONO)<td>(?P<pesos>-?[\d,]+\.\d\d)<td>[\d:.TZ-]+<td>(?P<at>\d+)\n"
)
Rows = dict[int, tuple[bytes, bytes, bytes, bytes]]
"""Place in movimientos.csv -> system, id, type and amount, as the proof has them."""
ALGORITHM = "ECDSA_SHA_256"
HEADER = b"fecha_contable,id_sistema,id_movimiento,id_sucursal,id_cliente,tipo,monto,moneda,instante_utc,concepto\n"
LINE = re.compile(
    rb"(?P<day>\d{4}-\d\d-\d\d),(?P<system>[a-z_]+),\"(?P<id>(?:[^\"]|\"\")+)\",(?P<branch>\d*),(?P<client>-?\d*),"
    rb"(?P<type>CARGO|ABONO),(?P<pesos>-?\d+)\.(?P<cents>\d\d),MXN,"
    rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z,(?:\"(?:[^\"]|\"\")*\")?\n"
)


class Rejected(Exception):
    """The folder is not the report that was signed; the message says where and why."""


def verify(folder: Path, public_key: Path | None, previous: Path | None) -> list[str]:
    """What was proven, a line each.

    Raises:
        Rejected: at the first thing that is wrong.
    """
    data = _bytes(folder / MANIFEST)
    manifest = _canonical(data, MANIFEST)
    proven = [_signature(folder, data, manifest, public_key)]
    contents = _files(folder, manifest)
    proven.append(f"{len(contents)} files: names, sizes and SHA-256 are those of the manifest, and there are no others")
    rows = _proof_rows(contents)
    listed = len(rows)
    totals = _movements(folder / MOVEMENTS, manifest["business_date"].encode(), rows)
    count = sum(found[0] for found in totals.values())
    cents = sum(found[1] for found in totals.values())
    _same(f"{MOVEMENTS}: movements", manifest["movements"], count)
    _same(f"{MOVEMENTS}: cents", manifest["cents"], cents)
    proven.append(f"{count:,} movements, {_pesos(cents)} MXN, each in its place")
    summary = _canonical(contents[SUMMARY], SUMMARY)
    _summary(summary, manifest, totals)
    exceptions = _canonical(contents[EXCEPTIONS], EXCEPTIONS) if EXCEPTIONS in contents else None
    proven.append(_identity(summary, exceptions))
    if manifest["renderer"] >= PAGES_SINCE:
        proven.append(_pages(contents, manifest))
    if manifest["renderer"] >= PROOF_SINCE:
        proven.append(_proof(contents, manifest, summary, listed))
    if CHANGES in contents:
        proven.append(_changes(_canonical(contents[CHANGES], CHANGES), manifest, totals))
    proven.append(_chain(manifest, previous))
    return proven


def _signature(folder: Path, data: bytes, manifest: dict[str, Any], public_key: Path | None) -> str:
    if manifest["signing_key"] is None:
        if public_key is not None or not manifest["rehearsal"]:
            raise Rejected(f"{MANIFEST}: not signed; only a rehearsal may be, and only without --public-key")
        if (folder / SIGNATURE).exists():
            raise Rejected(f"{SIGNATURE}: the manifest says that it is not signed")
        return "a rehearsal: not signed, so only its own consistency is proven"
    if public_key is None:
        raise Rejected(f"signed with {manifest['signing_key']}: pass its public key with --public-key")
    signed = _canonical(_bytes(folder / SIGNATURE), SIGNATURE)
    digest = hashlib.sha256(data).hexdigest()
    expected = {"algorithm": ALGORITHM, "manifest_sha256": digest, "signature": signed.get("signature")}
    if signed != expected:
        raise Rejected(f"{SIGNATURE}: it does not speak of this manifest ({digest}) and {ALGORITHM}")
    try:
        signature = base64.b64decode(str(signed["signature"]), validate=True)
    except ValueError as error:
        raise Rejected(f"{SIGNATURE}: the signature is not base64 ({error})") from None
    if base64.b64encode(signature).decode() != signed["signature"]:
        raise Rejected(f"{SIGNATURE}: the signature is not the one base64 form of its bytes")
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "signature"
        path.write_bytes(signature)
        command = ["openssl", "dgst", "-sha256", "-verify", str(public_key), "-signature", str(path)]
        done = subprocess.run([*command, str(folder / MANIFEST)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Rejected(f"{SIGNATURE}: not the signature of {MANIFEST} by this key ({done.stdout.strip()})")
    return f"signed with {manifest['signing_key']}, and the signature holds"


def _files(folder: Path, manifest: dict[str, Any]) -> dict[str, bytes]:
    """The small files' bytes by name; the movements are only hashed."""
    listed = {file["name"]: file for file in manifest["files"]}
    signature = {SIGNATURE} if manifest["signing_key"] else set()
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}
    if lacking := sorted(_needed(manifest) - listed.keys()):
        raise Rejected(f"{MANIFEST}: {', '.join(lacking)} is not listed")
    if missing := sorted((listed.keys() | signature) - there):
        raise Rejected(f"missing: {', '.join(missing)}")
    if extra := sorted(there - listed.keys() - signature - {MANIFEST}):
        raise Rejected(f"not part of the report: {', '.join(extra)}")
    contents = {}
    for name, file in listed.items():
        digest, size = hashlib.sha256(), 0
        with (folder / name).open("rb") as opened:
            while block := opened.read(1 << 20):
                digest.update(block)
                size += len(block)
        _same(f"{name}: bytes", file["bytes"], size)
        _same(f"{name}: SHA-256", file["sha256"], digest.hexdigest())
        contents[name] = b"" if name == MOVEMENTS else (folder / name).read_bytes()
    kept = {name: file["sha256"] for name, file in listed.items() if name != CHANGES and not _is_proof(name)}
    names = _form({"files": kept})
    _same(f"{MANIFEST}: content_sha256", hashlib.sha256(names).hexdigest(), manifest["content_sha256"])
    return contents


def _needed(manifest: dict[str, Any]) -> set[str]:
    """The files that no version of that renderer and outcome lacks."""
    needed = {MOVEMENTS, SUMMARY}
    if manifest["renderer"] >= PAGES_SINCE:
        needed |= {SUMMARY_PAGE} | ({EXCEPTIONS, NOTICE_PAGE} if manifest["outcome"] == "partial" else set())
    if manifest["renderer"] >= PROOF_SINCE:
        needed.add(PROOF_PAGE)
    return needed


def _is_proof(name: str) -> bool:
    return name == PROOF_PAGE or name.startswith(PROOF)


def _proof_rows(contents: dict[str, bytes]) -> Rows:
    """What the pages of the proof say of single movements."""
    rows: Rows = {}
    for name, data in contents.items():
        text = data.decode() if name.startswith(PROOF) else ""
        if 'data-source="' not in text:
            continue
        system = text.split('data-source="', 1)[1].split('"', 1)[0].encode()
        table = text.split("<tbody>\n", 1)[1].split("</tbody>", 1)[0]
        at = 0
        while at < len(table):
            found = ROW.match(table, at)
            if found is None:
                raise Rejected(f"{name}: a row has not the form of the proof: {table[at : at + 120]!r}")
            place, pesos = int(found["at"]), found["pesos"].replace(",", "")
            if place in rows:
                raise Rejected(f"{name}: movement {place} of {MOVEMENTS} is listed twice by the proof")
            rows[place] = (system, html.unescape(found["id"]).encode(), found["type"].encode(), pesos.encode())
            at = found.end()
    return rows


def _proof(contents: dict[str, bytes], manifest: dict[str, Any], summary: dict[str, Any], listed: int) -> str:
    """Its pages state each total, lead to each other only, and list every movement of a report below `LISTED`."""
    pages = {name: data.decode() for name, data in contents.items() if _is_proof(name)}
    linked = {PROOF_PAGE}
    for name, text in pages.items():
        targets = set(LINK.findall(text))
        if lost := sorted(targets - pages.keys()):
            raise Rejected(f"{name}: leads to {', '.join(lost)}, which is not part of the report")
        if active := ACTIVE.search(LINK.sub("", text)):
            raise Rejected(f"{name}: {active[0]!r}: a page of the proof only leads to another one")
        linked |= targets
    if lost := sorted(pages.keys() - linked):
        raise Rejected(f"{', '.join(lost)}: no page of the proof leads there")
    for source in summary["sources"]:
        for total in source["published"].values():
            stated = (f"{total['movements']:,}", f"{'-' if total['cents'] < 0 else ''}${_pesos(abs(total['cents']))}")
            for name in (PROOF_PAGE, f"{PROOF}{source['id']}.html"):
                if lacking := [number for number in stated if number not in pages.get(name, "")]:
                    raise Rejected(f"{name}: does not state {' nor '.join(lacking)} of {source['id']}")
    if manifest["movements"] <= LISTED:
        _same(f"{PROOF_PAGE}: movements that the proof lists", manifest["movements"], listed)
    return f"{len(pages)} pages of the proof: {listed:,} movements, each laid to a row of a sealed file"


def _pages(contents: dict[str, bytes], manifest: dict[str, Any]) -> str:
    """Each page states the report's count and total, and a browser that opens it runs and loads nothing."""
    cents = manifest["cents"]
    stated = (f"{manifest['movements']:,}", f"{'-' if cents < 0 else ''}${_pesos(abs(cents))}")
    pages = sorted(name for name in contents if name.endswith(".html") and not _is_proof(name))
    for name in pages:
        text = contents[name].decode()
        if lacking := [number for number in stated if number not in text]:
            raise Rejected(f"{name}: does not state {' nor '.join(lacking)}")
        if active := ACTIVE.search(text):
            raise Rejected(f"{name}: {active[0]!r}: a page of the report neither runs nor loads anything")
    return f"{' and '.join(pages)}: the same totals, nothing that runs or is loaded"


def _movements(path: Path, day: bytes, rows: Rows) -> dict[tuple[str, str], list[int]]:
    """Movements and cents by (system, type); quoted texts may hold line breaks, so records are matched, not lines.

    What the proof says of a movement is taken out of `rows` where the two are the same.
    """
    totals: dict[tuple[str, str], list[int]] = {}
    previous, at, rest = (b"", b""), 0, b""
    with path.open("rb") as file:
        if file.readline() != HEADER:
            raise Rejected(f"{MOVEMENTS}: the header is not {HEADER.decode().strip()}")
        for line in file:
            rest += line
            if rest.count(b'"') % 2:
                continue
            at += 1
            found = LINE.fullmatch(rest)
            if found is None:
                raise Rejected(f"{MOVEMENTS}: movement {at} has not the report's form: {rest[:120]!r}")
            identity = found["id"].replace(b'""', b'"')
            if found["day"] != day:
                raise Rejected(f"{MOVEMENTS}: movement {at} is of {found['day'].decode()}, not of {day.decode()}")
            if (found["system"], identity) <= previous:
                raise Rejected(f"{MOVEMENTS}: movement {at} ({identity.decode()}) does not come after the one before")
            laid = rows.pop(at, None)
            amount = found["pesos"] + b"." + found["cents"]
            if laid is not None and laid != (found["system"], identity, found["type"], amount):
                raise Rejected(f"{MOVEMENTS}: movement {at} ({identity.decode()}) is another one in the proof: {laid}")
            previous, rest = (found["system"], identity), b""
            sign = -1 if found["pesos"].startswith(b"-") else 1
            total = totals.setdefault((found["system"].decode(), found["type"].decode()), [0, 0])
            total[0] += 1
            total[1] += int(found["pesos"]) * 100 + sign * int(found["cents"])
    if rest:
        raise Rejected(f"{MOVEMENTS}: ends within a quoted text")
    if rows:
        raise Rejected(f"{MOVEMENTS}: movement {min(rows)} of the proof is not there")
    return totals


def _summary(summary: dict[str, Any], manifest: dict[str, Any], totals: dict[tuple[str, str], list[int]]) -> None:
    for name in ("business_date", "outcome", "movements", "cents"):
        _same(f"{SUMMARY}: {name}", manifest[name], summary[name])
    known = {source["id"] for source in summary["sources"]}
    if stray := sorted({system for system, _ in totals} - known):
        raise Rejected(f"{MOVEMENTS}: {', '.join(stray)} is no source of {SUMMARY}")
    for source in summary["sources"]:
        for kind, found in source["published"].items():
            lines = totals.get((source["id"], kind), [0, 0])
            _same(f"{source['id']} {kind}: movements", found["movements"], lines[0])
            _same(f"{source['id']} {kind}: cents", found["cents"], lines[1])


def _identity(summary: dict[str, Any], exceptions: dict[str, Any] | None) -> str:
    """Published + excepted = expected, per source that delivered."""
    missing, excepted_rows = 0, 0
    for source in summary["sources"]:
        if source["expected"] is None:
            missing += 1
            continue
        published = source["published"].values()
        rows = sum(found["movements"] for found in published) + source["excepted"]["rows"]
        cents = sum(found["cents"] for found in published) + source["excepted"]["cents"]
        excepted_rows += source["excepted"]["rows"]
        _same(f"{source['id']}: published + excepted, movements", source["expected"]["rows"], rows)
        if not source["excepted"]["unknown_rows"]:
            _same(f"{source['id']}: published + excepted, cents", source["expected"]["cents"], cents)
    if exceptions is None:
        if excepted_rows or missing:
            raise Rejected(f"{EXCEPTIONS} is absent, yet {excepted_rows} movements and {missing} sources are excepted")
        return "published = expected for every source"
    listed = sum(movement["rows"] for movement in exceptions["movements"])
    _same(f"{EXCEPTIONS}: movements listed", excepted_rows, listed)
    return f"published + excepted = expected ({excepted_rows:,} movements and {missing} sources are excepted by name)"


def _changes(changes: dict[str, Any], manifest: dict[str, Any], totals: dict[tuple[str, str], list[int]]) -> str:
    """What changed since the version before adds up to this report, cell by cell and in all."""
    superseded = {name: manifest["supersedes"][name] for name in ("version", "manifest")}
    _same(f"{CHANGES}: supersedes", superseded, changes["supersedes"])
    before, after = ([cell[when] for cell in changes["cells"]] for when in ("before", "after"))
    for cell in changes["cells"]:
        found = totals.get((cell["source"], cell["type"]), [0, 0])
        _same(f"{CHANGES}: {cell['source']} {cell['type']}", [cell["after"][n] for n in ("movements", "cents")], found)
    for unit in ("movements", "cents"):
        _same(f"{CHANGES}: {unit} before", changes["totals"]["before"][unit], sum(cell[unit] for cell in before))
        _same(f"{CHANGES}: {unit} after", manifest[unit], sum(cell[unit] for cell in after))
        change = manifest[unit] - changes["totals"]["before"][unit]
        _same(f"{CHANGES}: {unit}", manifest["supersedes"][f"{unit}_change"], change)
    counts = {name: changes["movements"][name]["count"] for name in ("added", "removed", "changed")}
    _same(f"{CHANGES}: movements", manifest["supersedes"]["movements_change"], counts["added"] - counts["removed"])
    _same(f"{CHANGES}: listed", sum(counts.values()), len(changes["listed"]) + changes["not_listed"])
    told = ", ".join(f"{count:,} {name}" for name, count in counts.items())
    return f"supersedes version {superseded['version']}: {told} movements, cell by cell"


def _chain(manifest: dict[str, Any], previous: Path | None) -> str:
    before = manifest["previous_day"]
    if previous is None:
        return f"chained to {before['key']}" if before else "the first of its chain"
    if before is None:
        raise Rejected(f"{MANIFEST}: names no day before, yet --previous was given")
    _same(f"{previous}: SHA-256 of the day before", before["sha256"], hashlib.sha256(_bytes(previous)).hexdigest())
    return f"chained to the manifest of the day before, {before['key']}"


def _canonical(data: bytes, name: str) -> dict[str, Any]:
    """A document in its one byte form."""
    try:
        document = json.loads(data)
    except ValueError as error:
        raise Rejected(f"{name}: not JSON ({error})") from None
    if not isinstance(document, dict) or _form(document) != data:
        raise Rejected(f"{name}: not in the one form that is published (sorted keys, no spaces)")
    return document


def _form(document: dict[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Rejected(f"{path.name}: {error.strerror}") from None


def _same(what: str, expected: object, found: object) -> None:
    if expected != found:
        raise Rejected(f"{what}: expected {expected}, found {found}")


def _pesos(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100:,}.{abs(cents) % 100:02d}"


def main(argv: list[str] | None = None) -> int:
    """Verifies and says what was proven, or what is wrong."""
    parser = argparse.ArgumentParser(description="Verifies a published report.")
    parser.add_argument("folder", type=Path, help="a downloaded reports/<day>/v<N>/")
    parser.add_argument("--public-key", type=Path, help="the institution's public key, PEM")
    parser.add_argument("--previous", type=Path, help="manifest.json of the day before")
    given = parser.parse_args(argv)
    try:
        proven = verify(given.folder, given.public_key, given.previous)
    except Rejected as reason:
        print(f"REJECTED: {reason}", file=sys.stderr)
        return 1
    except (KeyError, TypeError, AttributeError) as error:
        print(f"REJECTED: a document has not the published form ({error!r})", file=sys.stderr)
        return 1
    print("\n".join(["VERIFIED", *(f"  {line}" for line in proven)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
