"""What is compiled or patched says what is missing instead of failing somewhere else."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from local.aws import jar, patching


def test_a_missing_compiler_is_named_with_its_remedy(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(jar.CompilerMissing, match="apt-get install openjdk-17-jdk-headless"):
        jar.build(tmp_path / "build")


def test_the_jar_is_built_once_for_its_source(tmp_path):
    built = jar.build(tmp_path)
    written = built.stat().st_mtime_ns
    assert jar.build(tmp_path) == built
    assert built.stat().st_mtime_ns == written
    assert [path.name for path in tmp_path.iterdir()] == [built.name]


def test_a_patch_whose_target_moved_is_refused():
    owner = SimpleNamespace(__name__="owner", there=1)
    patching.replace(owner, "there", 2)
    assert owner.there == 2
    with pytest.raises(patching.PatchMismatch, match=r"has no owner\.gone"):
        patching.replace(owner, "gone", 1)
    with pytest.raises(patching.PatchMismatch, match=r"has its own owner\.there"):
        patching.add(owner, "there", 1)
