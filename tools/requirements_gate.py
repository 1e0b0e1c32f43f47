"""Would MWAA install requirements.txt? (`make requirements-gate`).

MWAA installs it into the image under two constraint files, within nine minutes; when pip fails it only logs that,
starts without the packages, and calls the environment available. So everything that could fail there fails here.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "requirements.txt"
IMAGE = ROOT / "infra" / "mwaa" / "3.3.1"
ESSENTIAL = IMAGE / "essential-constraints.txt"
AIRFLOW = IMAGE / "constraints-py312.txt"
PYTHON = "3.12"
PLATFORM = "x86_64-manylinux_2_28"
"""Of wheels that Amazon Linux 2023 takes."""
# The providers the image ships (facts of the image's bill of materials); naming one could only move it.
PROVIDERS = [
    "amazon",
    "celery",
    "common-compat",
    "common-io",
    "common-sql",
    "fab",
    "http",
    "postgres",
    "smtp",
    "standard",
]
SHIPPED = frozenset(f"apache-airflow-providers-{name}" for name in PROVIDERS) | {
    "apache-airflow",
    "boto3",
    "psycopg2-binary",
}
LIMIT_SECONDS = 9 * 60
"""MWAA stops pip then."""
DOWNLOAD_MB_PER_S, UNPACK_MB_PER_S, BUILD_SECONDS, RESOLVE_SECONDS = 10.0, 8.0, 60.0, 60.0
"""What a small worker is assumed to manage; a package without a wheel is compiled. Half of the limit is the budget."""
BUDGET_SECONDS = LIMIT_SECONDS / 2
BUDGET_MB = 500.0
"""Downloaded; unpacked it is about three times that, of a worker's 10 GB."""
_URL = re.compile(r"(^|\s|@\s*)(https?|git\+\w+|file):", re.I)
_OPTION = re.compile(r"^\s*(-i|--index-url|--extra-index-url|--trusted-host|-e|--editable|--pre|--no-binary)\b")


@dataclass(frozen=True)
class Cost:
    """What an installation costs: packages, megabytes to download, and those that must be compiled."""

    packages: int
    megabytes: float
    compiled: tuple[str, ...]

    @property
    def seconds(self) -> float:
        """How long a small worker is assumed to take."""
        moved = self.megabytes / DOWNLOAD_MB_PER_S + self.megabytes / UNPACK_MB_PER_S
        return RESOLVE_SECONDS + moved + BUILD_SECONDS * len(self.compiled)

    def faults(self) -> list[str]:
        """Why it is too much, in words."""
        found = []
        if self.megabytes > BUDGET_MB:
            found.append(f"oversize: {self.megabytes:,.0f} MB to download, the budget is {BUDGET_MB:.0f} MB")
        if self.seconds > BUDGET_SECONDS:
            found.append(
                f"too slow: {self.seconds:.0f} s estimated, the budget is {BUDGET_SECONDS:.0f} s of MWAA's "
                f"{LIMIT_SECONDS} s (compiled: {', '.join(self.compiled) or 'nothing'})"
            )
        return found


def canonical(name: str) -> str:
    """The name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def names(text: str) -> list[str]:
    """The packages a requirements or constraints text names."""
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return [canonical(re.split(r"[\s\[<>=!~;@]", line)[0]) for line in lines if line and not line.startswith("-")]


def faults(requirements: str, essential: str) -> list[str]:
    """What MWAA would stumble over, in words.

    It looks for constraint options as plain text, comments included: one such comment switches its constraints off.
    """
    found = []
    for number, line in enumerate(requirements.splitlines(), start=1):
        if "-c " in line or "--constraint " in line:
            found.append(
                f"line {number} holds a constraint option; MWAA would drop its own constraints: {line.strip()}"
            )
        bare = line.split("#")[0]
        if _URL.search(bare) or _OPTION.match(bare):
            found.append(f"line {number} takes a package from elsewhere than the index: {line.strip()}")
    pinned = set(names(essential)) | SHIPPED
    found += [f"{name} is part of the image; remove the line" for name in names(requirements) if name in pinned]
    return found


def resolve(requirements: Path) -> tuple[Cost | None, str]:
    """Resolve as MWAA does, for its Python and platform: what it costs, or why there is no answer."""
    uv = shutil.which("uv") or str(ROOT / ".local" / "uv" / "bin" / "uv")
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder) / "pylock.toml"
        options = ["--python-version", PYTHON, "--python-platform", PLATFORM, "--no-header", "--no-annotate", "-q"]
        constraints = ["-c", str(ESSENTIAL), "-c", str(AIRFLOW)]
        command = [uv, "pip", "compile", *options, *constraints, "--format", "pylock.toml", "-o", str(lock)]
        done = subprocess.run([*command, str(requirements)], capture_output=True, text=True, check=False, cwd=folder)
        if done.returncode != 0:
            return None, done.stderr.strip()
        return cost(tomllib.loads(lock.read_text(encoding="utf-8"))), ""


def cost(lock: dict[str, Any]) -> Cost:
    """Of a resolution in the form of PEP 751."""
    sizes, compiled = 0, []
    for package in lock.get("packages", []):
        fitting = [wheel for wheel in package.get("wheels", []) if fits(wheel_name(wheel))]
        if fitting:
            sizes += max(wheel.get("size", 0) for wheel in fitting)
        else:
            compiled.append(package["name"])
            sizes += package.get("sdist", {}).get("size", 0)
    return Cost(len(lock.get("packages", [])), sizes / 1e6, tuple(sorted(compiled)))


def wheel_name(wheel: dict[str, Any]) -> str:
    """The file's name."""
    return str(wheel.get("name") or wheel["url"].rpartition("/")[2])


def fits(name: str) -> bool:
    """Whether pip on the image takes this wheel."""
    python, abi, system = name.removesuffix(".whl").split("-")[-3:]
    runs = "py3" in python.split(".") or "cp312" in python.split(".") or abi == "abi3"
    return runs and (system == "any" or ("manylinux" in system and system.endswith("x86_64")))


def judge(path: Path) -> tuple[list[str], Cost | None]:
    """All faults of a requirements file, and what its installation costs where it resolves."""
    found = faults(path.read_text(encoding="utf-8"), ESSENTIAL.read_text(encoding="utf-8"))
    if found:
        return found, None
    costs, why = resolve(path)
    if costs is None:
        return [f"does not resolve on the image's pins:\n{why}"], None
    return costs.faults(), costs


def main(arguments: Sequence[str]) -> int:
    """Print each fault; 0 when there is none."""
    path = Path(arguments[0]).resolve() if arguments else REQUIREMENTS
    found, costs = judge(path)
    for fault in found:
        print(f"{path.name}: {fault}", file=sys.stderr)
    if costs and not found:
        print(
            f"{path.name}: resolves on MWAA 3.3.1 (Python {PYTHON}): {costs.packages} packages, "
            f"{costs.megabytes:.0f} MB, compiled: {', '.join(costs.compiled) or 'none'}; "
            f"{costs.seconds:.0f} s estimated of {LIMIT_SECONDS} s"
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
