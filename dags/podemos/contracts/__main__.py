"""`python -m podemos.contracts`: checks the configuration, for whoever edits it. Exit 1 names file, key and reason."""

from __future__ import annotations

import sys

from podemos.contracts.everything import check_everything
from podemos.core.errors import ContractViolation


def main() -> int:
    """Checks, and tells."""
    try:
        check_everything()
    except ContractViolation as fault:
        sys.stderr.write(f"{fault}\n")
        return 1
    sys.stdout.write("the configuration fits\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
