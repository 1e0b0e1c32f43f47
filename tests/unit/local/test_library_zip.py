"""The library a Glue job gets is the same bytes for the same files."""

import io
import os
import zipfile

from local.platform.provision.jobs import library_zip
from local.platform.settings import ROOT


def test_times_do_not_change_the_bytes(tmp_path):
    package = tmp_path / "podemos"
    (package / "core").mkdir(parents=True)
    for name in ("__init__.py", "core/__init__.py", "core/money.py"):
        (package / name).write_text(f"# {name}\n")
    first = library_zip(package)
    os.utime(package / "core/money.py", (1, 1))
    (package / "core/__pycache__").mkdir()
    (package / "core/__pycache__/money.pyc").write_bytes(b"x")
    assert library_zip(package) == first
    (package / "core/money.py").write_text("# changed\n")
    assert library_zip(package) != first


def test_the_real_library_can_be_imported_from_it():
    names = zipfile.ZipFile(io.BytesIO(library_zip(ROOT / "dags" / "podemos"))).namelist()
    assert "podemos/__init__.py" in names
    assert "podemos/core/fingerprint.py" in names
    assert not [name for name in names if not name.endswith(".py")]
