"""Would MWAA install requirements.txt? (`make requirements-gate`).

MWAA installs it into the image under two constraint files. A conflict, or a line that switches its constraints off,
shows only as a failed environment update half an hour later; here it shows at once.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "requirements.txt"
IMAGE = ROOT / "infra" / "mwaa" / "3.3.1"
ESSENTIAL = IMAGE / "essential-constraints.txt"
AIRFLOW = IMAGE / "constraints-py312.txt"
PYTHON = "3.12"
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


def canonical(name: str) -> str:
    """The name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def names(text: str) -> list[str]:
    """The packages a requirements or constraints text names."""
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    return [canonical(re.split(r"[\s\[<>=!~;]", line)[0]) for line in lines if line and not line.startswith("-")]


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
    pinned = set(names(essential)) | SHIPPED
    found += [f"{name} is part of the image; remove the line" for name in names(requirements) if name in pinned]
    return found


def resolve() -> subprocess.CompletedProcess[str]:
    """Resolve as MWAA does, for its Python."""
    uv = shutil.which("uv") or str(ROOT / ".local" / "uv" / "bin" / "uv")
    options = ["--python-version", PYTHON, "--no-header", "--no-annotate", "--no-emit-index-url", "-q"]
    constraints = ["-c", str(ESSENTIAL), "-c", str(AIRFLOW)]
    command = [uv, "pip", "compile", *options, *constraints, str(REQUIREMENTS)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def main() -> int:
    """Print each fault; 0 when there is none."""
    found = faults(REQUIREMENTS.read_text(), ESSENTIAL.read_text())
    done = resolve()
    if done.returncode != 0:
        found.append(f"does not resolve on the image's pins:\n{done.stderr.strip()}")
    for fault in found:
        print(f"requirements.txt: {fault}", file=sys.stderr)
    if not found:
        print(f"requirements.txt: resolves on MWAA 3.3.1 (Python {PYTHON}), {len(names(done.stdout))} packages in all")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
