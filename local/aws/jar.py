"""Builds the s3:// file system of `s3fs_java/` against PySpark's own jars, once per version of its source."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
import threading
import zipfile
from pathlib import Path

import pyspark

_SOURCES = Path(__file__).resolve().parent / "s3fs_java"
_PYSPARK_JARS = Path(pyspark.__file__).resolve().parent / "jars"

_building = threading.Lock()


class CompilerMissing(Exception):
    """There is no javac, or it refused the source."""


def build(folder: Path) -> Path:
    """The jar in `folder`, compiled when its source, or PySpark, is not the one it was built from.

    Raises:
        CompilerMissing: no javac, or it failed; the message says what to do.
    """
    sources = sorted(_SOURCES.rglob("*.java"))
    digest = hashlib.sha256(pyspark.__version__.encode())
    for source in sources:
        digest.update(source.name.encode() + source.read_bytes())
    target = folder / f"s3-endpoint-fs-{digest.hexdigest()[:16]}.jar"
    with _building:
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            _compile(sources, target)
    return target


def _compile(sources: list[Path], target: Path) -> None:
    javac = shutil.which("javac", path=_search_path())
    if javac is None:
        raise CompilerMissing(
            "javac is missing: the local Glue compiles its s3:// file system once. "
            "Install a JDK 17 (Debian, Ubuntu: apt-get install openjdk-17-jdk-headless) or set JAVA_HOME."
        )
    with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
        command = [javac, "-nowarn", "-proc:none", "--release", "17", "-cp", f"{_PYSPARK_JARS}/*", "-d", scratch]
        done = subprocess.run([*command, *map(str, sources)], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise CompilerMissing(f"javac refused {_SOURCES}:\n{done.stderr}")
        draft = Path(scratch) / "draft.jar"
        with zipfile.ZipFile(draft, "w") as archive:
            for compiled in sorted(Path(scratch).rglob("*.class")):
                archive.write(compiled, compiled.relative_to(scratch))
        draft.replace(target)


def _search_path() -> str:
    path = os.environ.get("PATH", os.defpath)
    java_home = os.environ.get("JAVA_HOME")
    return f"{java_home}/bin{os.pathsep}{path}" if java_home else path
