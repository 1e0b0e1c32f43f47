"""`python -m tools.fidelity write` (docs/fidelity.md) or `check` (a real account).

Exit codes of check: 0 all hold, 1 not all, 2 refused for want of credentials.
"""

from __future__ import annotations

import os
import sys

import boto3
from botocore.config import Config

from podemos.contracts.platform import platform
from tools.fidelity import check, document


def main(arguments: list[str]) -> int:
    """Do what was asked."""
    match arguments:
        case ["write"]:
            if faults := document.missing():
                print("\n".join(faults), file=sys.stderr)
                return 1
            document.DOCUMENT.write_text(document.text(), encoding="utf-8")
            return 0
        case ["check"]:
            return _check()
    print(__doc__, file=sys.stderr)
    return 2


def _check() -> int:
    names = platform(os.environ.get("PODEMOS_PLATFORM"))
    session = boto3.Session(region_name=names.region)
    if session.get_credentials() is None:
        print(f"make fidelity-check: {check.NEEDS}", file=sys.stderr)
        return 2
    patience = Config(connect_timeout=10, read_timeout=30, retries={"max_attempts": 2})
    every = check.checks(names, lambda service: session.client(service, config=patience))
    results = check.run(every, _tell)
    bad = [result for result in results if not result.good]
    print(f"{len(results) - len(bad)} of {len(results)} checks hold in {names.region}; nothing was written")
    return 1 if bad else 0


def _tell(result: check.Result) -> None:
    print(f"  {'ok  ' if result.good else 'FAIL'}  {result.name}: {result.seen}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
