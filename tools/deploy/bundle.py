"""Everything MWAA and its neighbours are given, as files with reproducible bytes: `make bundle` -> `build/mwaa/`.

    dags/                 DAG files, `podemos/`, and `include/` with the release's `bundle.json`
    plugins.zip           the contents of plugins/, not the folder
    requirements.txt  startup.sh
    glue/<sha>/           Glue scripts and `podemos.zip`, named by their content
    functions/<sha>/      one zip per Lambda function, named by their content
    bundle.json           SHA-256 of each file, versions, the git commit

The same commit gives the same bytes: nothing is read but the files that git tracks, and no clock.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.deploy.zips import zipped

AIRFLOW = "3.3.1"
PYTHON = "3.12"
GLUE = "5.0"
MANIFEST = "bundle.json"
RELEASE = "dags/include/bundle.json"
"""What a running task reads: the commit alone."""
_NOT_ON_WORKERS = ("include/glue/", "include/functions/", "include/config/local.yaml")
"""Of include/: Glue and Lambda have their own copy, the local platform its own settings."""
_FUNCTION_FILES = ("include/config/zones.csv",)
"""Data that the functions' library reads, at the place where `podemos.core.paths.include` looks."""


class NotReproducible(RuntimeError):
    """The checkout differs from its commit, so the bundle would name a commit that it does not hold."""


@dataclass(frozen=True)
class Checkout:
    """The tracked files of a commit, path -> content."""

    commit: str
    files: Mapping[str, bytes]

    @classmethod
    def of(cls, root: Path, *, dirty: bool = False) -> Checkout:
        """The checkout at `root`.

        Args:
            root: the repository.
            dirty: take uncommitted files as well; the commit then ends with `-dirty` and cannot be deployed.

        Raises:
            NotReproducible: something is not committed.
        """
        changed = _git(
            root, "status", "--porcelain", "--", "dags", "plugins", "include", "infra/mwaa", "requirements.txt"
        )
        if changed and not dirty:
            raise NotReproducible(f"not committed, so no commit would name these bytes:\n{changed}")
        listed = _git(root, "ls-files", "--cached", *(["--others", "--exclude-standard"] if dirty else []))
        commit = _git(root, "rev-parse", "HEAD") + ("-dirty" if changed else "")
        return cls(
            commit, {name: (root / name).read_bytes() for name in listed.splitlines() if (root / name).is_file()}
        )

    def below(self, prefix: str, *, without: tuple[str, ...] = ()) -> dict[str, bytes]:
        """Files whose path begins with a prefix, by the rest of their path."""
        return {
            name.removeprefix(prefix): content
            for name, content in self.files.items()
            if name.startswith(prefix) and not name.startswith(without or ("\0",))
        }


@dataclass(frozen=True)
class Bundle:
    """Path below build/mwaa/ -> content, and what identifies the parts that are versioned by content."""

    commit: str
    glue: str
    functions: str
    files: Mapping[str, bytes]

    def describe(self) -> dict[str, Any]:
        """What `bundle.json` says."""
        return {
            "schema": "podemos/bundle/1",
            "commit": self.commit,
            "airflow": AIRFLOW,
            "python": PYTHON,
            "glue_version": GLUE,
            "glue": self.glue,
            "functions": self.functions,
            "files": {name: digest(content) for name, content in sorted(self.files.items())},
        }

    def write(self, folder: Path) -> None:
        """Replaces the folder."""
        if folder.exists():
            shutil.rmtree(folder)
        for name, content in {**self.files, MANIFEST: _json(self.describe())}.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def make(checkout: Checkout, wheels: Mapping[str, bytes] | None = None) -> Bundle:
    """The bundle of a checkout.

    Args:
        checkout: its files.
        wheels: file name -> content, for a network without a way out: they travel in plugins.zip, and requirements.txt
            is told to take nothing else.
    """
    library = {f"podemos/{name}": content for name, content in checkout.below("dags/podemos/").items()
               if name.endswith(".py")}  # fmt: skip
    glue = checkout.below("include/glue/") | {"podemos.zip": zipped(library)}
    functions = _functions(checkout, library)
    glue_sha, functions_sha = _identity(glue), _identity(functions)
    include = checkout.below("include/", without=_NOT_ON_WORKERS)
    requirements, plugins = checkout.files["requirements.txt"], dict(checkout.below("plugins/"))
    if wheels:
        plugins |= {f"wheels/{name}": content for name, content in wheels.items()}
        requirements = b"--find-links /usr/local/airflow/plugins/wheels\n--no-index\n" + requirements
    files = {
        **{f"dags/{name}": content for name, content in checkout.below("dags/").items()},
        **{f"dags/include/{name}": content for name, content in include.items()},
        **{f"glue/{glue_sha}/{name}": content for name, content in glue.items()},
        **{f"functions/{functions_sha}/{name}": content for name, content in functions.items()},
        "plugins.zip": zipped(plugins),
        "requirements.txt": requirements,
        "startup.sh": checkout.files["infra/mwaa/startup.sh"],
        RELEASE: _json({"commit": checkout.commit, "glue": glue_sha}),
    }
    return Bundle(checkout.commit, glue_sha, functions_sha, files)


def load(folder: Path) -> Bundle:
    """The bundle in a folder.

    Raises:
        ValueError: it has no bundle.json, or a file is missing, unknown or changed.
    """
    path = folder / MANIFEST
    if not path.exists():
        raise ValueError(f"no {MANIFEST} in {folder}; `make bundle` writes it")
    told = json.loads(path.read_text())
    found = {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file() and file != path
    }
    wrong = sorted(
        name for name in told["files"].keys() | found.keys()
        if name not in found or told["files"].get(name) != digest(found[name])
    )  # fmt: skip
    if wrong:
        raise ValueError(f"{folder} is not what its {MANIFEST} says: {', '.join(wrong[:5])}; run `make bundle` again")
    return Bundle(told["commit"], told["glue"], told["functions"], found)


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _functions(checkout: Checkout, library: Mapping[str, bytes]) -> dict[str, bytes]:
    """One zip per folder of include/functions: its files, the library, and the data that the library reads."""
    names = {name.partition("/")[0] for name in checkout.below("include/functions/") if "/" in name}
    data = {name: checkout.files[name] for name in _FUNCTION_FILES}
    return {
        f"{name}.zip": zipped({**library, **data, **checkout.below(f"include/functions/{name}/")})
        for name in sorted(names)
        if re.fullmatch(r"[a-z][a-z0-9_]*", name)
    }


def _identity(files: Mapping[str, bytes]) -> str:
    """Twelve digits that name exactly these contents."""
    return digest(_json({name: digest(content) for name, content in files.items()}))[:12]


def _json(document: Any) -> bytes:
    return (json.dumps(document, indent=1, sort_keys=True) + "\n").encode()


def _git(root: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True
    ).stdout.strip()
