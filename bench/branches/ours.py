"""The shipped pull in a process of its own: leases, manifests, fingerprints and parquet chunks into a folder.

Usage: python -m bench.branches.ours <port> <folder> <threads> <schema>...
BENCH_UNPROVEN=1: the servers compute control totals of two days alone. The difference is what proving costs.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from bench.branches.engines import PASSWORD, USER
from local.folder_store import FolderStore
from podemos.branches import opening, pull
from podemos.branches.state import MemoryState
from podemos.contracts.branches import Branch, branches
from podemos.contracts.loading import load
from podemos.contracts.tables import TableContract
from podemos.core import manifest
from podemos.core.clock import system_clock


def main(port: int, folder: Path, threads: int, schemas: list[str]) -> int:
    table = load(TableContract, Path(__file__).with_name("pagos_banco.yaml")).compiled()
    pull.tables = lambda names: (table,)  # type: ignore[assignment]  # a contract outside include/config
    configured = branches()
    chosen = configured.branches[: len(schemas)]
    limits: dict[str, Any] = {"threads": threads}
    if os.environ.get("BENCH_UNPROVEN"):
        limits |= {"fingerprint_days": 1, "rotation_slices": 0}
    extraction = configured.extraction.model_copy(update=limits)
    config = configured.model_copy(update={"branches": chosen, "extraction": extraction})
    schema_of = dict(zip([branch.id for branch in chosen], schemas, strict=True))

    def connect(branch: Branch) -> Any:
        return opening.connect(host="127.0.0.1", port=port, user=USER, passwd=PASSWORD, db=schema_of[branch.id])

    lake = FolderStore(folder)
    key = pull.pull_batch(
        ",".join(schema_of), lake=lake, state=MemoryState(), connect=connect, config=config,
        clock=system_clock, owner="bench",
    )  # fmt: skip
    bad = [found for found in manifest.read(lake, key)[0]["branches"] if found["state"] != "pulled"]
    sys.stderr.writelines(f"{found}\n" for found in bad)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]))
