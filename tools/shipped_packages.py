"""Prints what MWAA installs from requirements.txt, as name==version (`make sbom`, `make pip-audit`).

The image's own packages are AWS's to patch; those that requirements.txt pulls in are ours.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tools.requirements_gate import ESSENTIAL, SHIPPED, names, resolve  # noqa: E402

_PIN = re.compile(r"^([A-Za-z0-9._-]+)==\S+")


def shipped(resolved: str, image: frozenset[str]) -> list[str]:
    """The pins of a resolution that the image does not bring itself."""
    pins = [match[0] for line in resolved.splitlines() if (match := _PIN.match(line))]
    return [pin for pin in pins if names(pin)[0] not in image]


def main() -> int:
    """Print them; 1 when requirements.txt does not resolve."""
    done = resolve()
    if done.returncode != 0:
        print(done.stderr, file=sys.stderr)
        return 1
    print("\n".join(shipped(done.stdout, SHIPPED | frozenset(names(ESSENTIAL.read_text())))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
