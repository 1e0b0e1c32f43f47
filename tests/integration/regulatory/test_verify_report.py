"""A stranger with the folder, the public key and `openssl` accepts the report, and rejects every other byte of it."""

from __future__ import annotations

import base64
import importlib.util
import json
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.platform.settings import ROOT
from podemos.regulatory.kms import kms_signer
from tests.integration.regulatory.nights import COUNT, FEW, arrived, run
from tests.integration.regulatory.world import World, open_world
from tests.unit.regulatory.deliveries import DAY, deliver_all

_SPEC = importlib.util.spec_from_file_location("verify_report", ROOT / "tools" / "verify_report.py")
assert _SPEC is not None
assert _SPEC.loader is not None
verify_report = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(verify_report)
PAGES = ("prueba.html", "prueba-cajeros.html", "prueba-cajeros-1-1.html")
NAMES = ("manifest.json", "manifest.sig.json", "movimientos.csv", "resumen.html", "resumen.json", *PAGES)
MUTATIONS = 40


@pytest.fixture(scope="module")
def published(aws: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """A signed version as downloaded, and the public key."""
    world: World = open_world(aws)
    world.load_history(COUNT)
    deliver_all(world.lake, COUNT, FEW)
    key = world.kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec="ECC_NIST_P256")["KeyMetadata"]["KeyId"]
    run(world, arrived(FEW), sources=FEW, signer=kms_signer(world.kms, key))
    home = tmp_path_factory.mktemp("published")
    folder = home / "v1"
    folder.mkdir()
    for info in world.reports.list(f"reports/{DAY}/v1/"):
        (folder / info.key.rpartition("/")[2]).write_bytes(world.reports.get(info.key))
    der = world.kms.get_public_key(KeyId=key)["PublicKey"]
    pem = home / "key.pem"
    text = base64.encodebytes(der).decode()
    pem.write_text(f"-----BEGIN PUBLIC KEY-----\n{text}-----END PUBLIC KEY-----\n")
    yield folder, pem


@pytest.fixture
def copy(published: tuple[Path, Path], tmp_path: Path) -> Path:
    return Path(shutil.copytree(published[0], tmp_path / "v1"))


def test_the_published_folder_is_accepted_by_a_bare_interpreter(published: tuple[Path, Path]) -> None:
    folder, key = published
    proof = {f"prueba-{source.id}{page}.html" for source in FEW.sources for page in ("", "-1-1")}
    assert {path.name for path in folder.iterdir()} == {*NAMES, *proof}
    command = [sys.executable, "-I", "-S", str(ROOT / "tools/verify_report.py"), str(folder), "--public-key", str(key)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "VERIFIED"), done.stderr
    assert "published" in done.stdout
    assert "9 pages of the proof" in done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_no_byte_can_be_another(published: tuple[Path, Path], copy: Path, name: str) -> None:
    key, data, dice = published[1], (copy / name).read_bytes(), random.Random(name)
    for at in [0, len(data) - 1, *(dice.randrange(len(data)) for _ in range(MUTATIONS))]:
        changed = bytearray(data)
        changed[at] ^= 1 << dice.randrange(8)
        (copy / name).write_bytes(changed)
        assert verify_report.main([str(copy), "--public-key", str(key)]) == 1, f"{name}, byte {at}"


def _swapped(data: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    lines[1], lines[2] = lines[2], lines[1]
    return b"".join(lines)


@pytest.mark.parametrize(
    "change",
    [lambda data: data[:-1], lambda data: data + b"\n", lambda data: b"", _swapped, lambda data: data * 2],
    ids=["shorter", "longer", "empty", "two lines swapped", "doubled"],
)
@pytest.mark.parametrize("name", ["movimientos.csv", "manifest.json"])
def test_missing_extra_and_reordered_bytes_are_rejected(
    published: tuple[Path, Path], copy: Path, name: str, change: Callable[[bytes], bytes]
) -> None:
    if name == "manifest.json" and change is _swapped:
        change = lambda data: data.replace(b'"cents"', b'"cent"', 1)  # noqa: E731
    (copy / name).write_bytes(change((copy / name).read_bytes()))
    assert verify_report.main([str(copy), "--public-key", str(published[1])]) == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_named(
    published: tuple[Path, Path], copy: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (copy / name).unlink()
    assert verify_report.main([str(copy), "--public-key", str(published[1])]) == 1
    assert name in capsys.readouterr().err


def test_a_file_that_is_not_of_the_report_is_named(
    published: tuple[Path, Path], copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (copy / "notas.txt").write_text("confía en mí")
    assert verify_report.main([str(copy), "--public-key", str(published[1])]) == 1
    assert "notas.txt" in capsys.readouterr().err


def test_a_whole_forgery_fails_at_the_signature(
    published: tuple[Path, Path], copy: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everything consistent, signed by somebody else."""
    forged = tmp_path / "forged.pem"
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", forged], check=True)
    signature = tmp_path / "signature"
    command = ["openssl", "dgst", "-sha256", "-sign", forged, "-out", signature, copy / "manifest.json"]
    subprocess.run(command, check=True)
    document = verify_report._canonical((copy / "manifest.sig.json").read_bytes(), "manifest.sig.json")
    document["signature"] = base64.b64encode(signature.read_bytes()).decode()
    (copy / "manifest.sig.json").write_bytes(verify_report._form(document))
    assert verify_report.main([str(copy), "--public-key", str(published[1])]) == 1
    assert "by this key" in capsys.readouterr().err


def test_a_signed_report_is_not_accepted_without_its_key(
    published: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify_report.main([str(published[0])]) == 1
    assert "--public-key" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ("<p>1,234 movimientos, $5.67</p><script>1</script>", "neither runs nor loads"),
        ("<p>1,234 movimientos, $5.67</p><p onclick='x()'>", "neither runs nor loads"),
        ("<p>1,234 movimientos, $5.68</p>", "does not state"),
    ],
)
def test_a_page_that_runs_something_or_states_another_total_is_rejected(page: str, reason: str) -> None:
    manifest = {"movements": 1234, "cents": 567, "renderer": 2, "outcome": "partial"}
    good = b"<p>1,234 movimientos, $5.67; &lt;script&gt;</p>"
    assert verify_report._pages({"resumen.html": good}, manifest).startswith("resumen.html")
    with pytest.raises(verify_report.Rejected, match=reason):
        verify_report._pages({"resumen.html": good, "notice.es.html": page.encode()}, manifest)


@pytest.mark.parametrize(
    ("page", "change", "reason"),
    [
        (PAGES[2], lambda text: text.replace("<td>CARGO", "<td>ABONO", 1), "is another one in"),
        (PAGES[2], lambda text: re.sub(r"<td>\d+\n", "<td>999999\n", text, count=1), "is not there"),
        (PAGES[2], lambda text: re.sub(r"<tr><td>.*\n", "", text, count=1), "movements that the proof lists"),
        (PAGES[2], lambda text: re.sub(r"(<tr><td>.*\n)", r"\1\1", text, count=1), "listed twice"),
        (PAGES[2], lambda text: text.replace("<tr><td>", "<tr><td>x", 1), "not the form"),
        (PAGES[1], lambda text: text.replace("</nav>", "</nav><script>1</script>"), "only leads to"),
        (PAGES[1], lambda text: text.replace('href="prueba.html"', 'href="https://otro.example"'), "only leads to"),
        (PAGES[1], lambda text: text.replace('href="prueba-cajeros-1-1.html"', 'href="prueba-otra.html"'), "not part"),
        (PAGES[1], lambda text: text.replace('href="prueba-cajeros-1-1.html"', 'href="prueba.html"'), "leads there"),
        (PAGES[1], lambda text: re.sub(r"\.(\d)\d</", r".\g<1>x</", text), "does not state"),
    ],
)
def test_a_proof_that_does_not_bear_out_the_report_is_rejected_even_if_it_was_signed(
    published: tuple[Path, Path], copy: Path, page: str, change: Callable[[str], str], reason: str
) -> None:
    contents = {path.name: path.read_bytes() for path in copy.iterdir() if path.suffix != ".csv"}
    contents[page] = change(contents[page].decode()).encode()
    manifest, summary = (json.loads(contents[name]) for name in ("manifest.json", "resumen.json"))
    with pytest.raises(verify_report.Rejected, match=reason):
        rows = verify_report._proof_rows(contents)
        listed = len(rows)
        verify_report._movements(copy / "movimientos.csv", str(DAY).encode(), rows)
        verify_report._proof(contents, manifest, summary, listed)


def test_a_partial_version_without_its_notice_is_rejected_and_an_old_one_needs_no_page() -> None:
    assert "notice.es.html" in verify_report._needed({"renderer": 2, "outcome": "partial"})
    assert verify_report._needed({"renderer": 1, "outcome": "partial"}) == {"movimientos.csv", "resumen.json"}
    assert "prueba.html" in verify_report._needed({"renderer": 3, "outcome": "complete"})
