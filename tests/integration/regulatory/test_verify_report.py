"""A stranger with the folder, the public key and `openssl` accepts the report, and rejects every other byte of it."""

from __future__ import annotations

import base64
import importlib.util
import random
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
NAMES = ("manifest.json", "manifest.sig.json", "movimientos.csv", "resumen.html", "resumen.json")
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
    assert sorted(path.name for path in folder.iterdir()) == sorted(NAMES)
    command = [sys.executable, "-I", "-S", str(ROOT / "tools/verify_report.py"), str(folder), "--public-key", str(key)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "VERIFIED"), done.stderr
    assert "published" in done.stdout


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


def test_a_partial_version_without_its_notice_is_rejected_and_an_old_one_needs_no_page() -> None:
    assert "notice.es.html" in verify_report._needed({"renderer": 2, "outcome": "partial"})
    assert verify_report._needed({"renderer": 1, "outcome": "partial"}) == {"movimientos.csv", "resumen.json"}
