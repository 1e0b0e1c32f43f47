"""Our reconciliation beside DVT's row validation and reladiff, interleaved; all must name the same keys.

DVT runs Postgres to Postgres, its best pair (facts and reasons in ADR 0032), reladiff MariaDB to Postgres. A ratio is
the median of the rounds' own ratios; each run is a fresh process, start-up included.
"""

from __future__ import annotations

import json
import re
import shlex
import statistics
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.branches.measure import Cost, PeerFailed, run
from bench.report_night import stores
from local.branches.server import MariaDB
from local.branches.settings import Settings

Call = tuple[list[str], Callable[[Path], set[int]]]
"""A command, and how its answer is read."""
LOCAL = Path(__file__).resolve().parents[2] / ".local"
DVT, RELADIFF = LOCAL / "bench-dvt/bin", LOCAL / "bench-reladiff/bin"


@dataclass
class Pairs:
    """Costs by who ran on which pair with how many differing rows, and who named other keys."""

    costs: dict[str, list[Cost]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)

    def ratio(self, peer: str, ours: str) -> float:
        pairs = zip(self.costs[peer], self.costs[ours], strict=True)
        return round(statistics.median(one.wall / other.wall for one, other in pairs), 2)


def measure(work: Path, port: int, rows: int, rounds: int) -> Pairs:
    """Fills the stores on `port` and the port after it, and runs everybody."""
    found = Pairs()
    server = MariaDB(Settings(state=work / "server", port=port))
    server.start()
    try:
        with stores.postgres(work, port + 1) as pid:
            stores.fill(server, port + 1, rows)
            connections(work, port + 1)
            for _ in range(rounds):
                for count in stores.COPIES:
                    for who, call in contestants(work, port, rows, count).items():
                        once(found, f"{who} {count}", call, pid, work, set(stores.keys(rows, count)))
    finally:
        server.stop()
    return found


def contestants(work: Path, port: int, rows: int, count: int) -> dict[str, Call]:
    """Command, and how its answer is read."""
    copy, columns = stores.copy(count), [name for name in stores.NAMES if name != "id_pago"]
    mine = [sys.executable, "-m", "bench.report_night.ours"]
    answer = work / "answer"

    def own(pair: str) -> Call:
        return [*mine, pair, str(port), str(port + 1), copy, str(rows), str(answer)], of_ours

    all_of_us = {"ours mariadb-postgres": own("mariadb"), "ours postgres-postgres": own("postgres")}
    user = stores.USER
    reladiff = [
        "env", "COLUMNS=100000", str(RELADIFF / "reladiff"),
        f"mysql://{user}:{user}@127.0.0.1:{port}/{stores.SOURCE}", "pagos",
        f"postgresql://{user}@127.0.0.1:{port + 1}/{copy}", "pagos", "-k", "id_pago",
        *(word for name in columns for word in ("-c", name)), "--json",
    ]  # fmt: skip
    dvt = [
        "env", f"PSO_DV_CONN_HOME={work / 'dvt'}", str(DVT / "data-validation"), "validate", "row", "-sc", "origen",
        "-tc", copy, "-tbls", "public.pagos=public.pagos", "--primary-keys", "id_pago", "--hash", "*",
        "--filter-status", "fail", "--format", "json",
    ]  # fmt: skip
    peers = {"reladiff": (_into(reladiff, answer), of_reladiff)}
    if count:  # one run each with a row and with a thousand; without a difference it reads the same rows
        peers["dvt"] = (_into(dvt, answer), of_dvt)
    return all_of_us | peers


def once(found: Pairs, who: str, call: Call, pid: int, work: Path, want: set[int]) -> None:
    command, read = call
    answer = work / "answer"
    answer.unlink(missing_ok=True)
    cost = run(command, pid)
    try:
        named = read(answer)
    except (ValueError, LookupError) as error:
        raise PeerFailed(f"{who}: {error}: {answer.read_text(encoding='utf-8', errors='replace')[:2000]}") from None
    found.costs.setdefault(who, []).append(cost)
    print(f"    {who:28}{cost.wall:8.1f} s {cost.rss_mb:6.0f} MB, {len(named)} keys", flush=True)
    if named != want:
        found.wrong.append(f"{who}: {len(named)} keys named, {len(named ^ want)} of them or of {len(want)} wrongly")


def connections(work: Path, port: int) -> None:
    """DVT's own files of connections."""
    (work / "dvt").mkdir()
    for database in (stores.SOURCE, *map(stores.copy, stores.COPIES)):
        document = {"source_type": "Postgres", "host": "127.0.0.1", "port": port, "user": stores.USER,
                    "password": "x", "database": database}  # fmt: skip
        (work / "dvt" / f"{database}.connection.json").write_text(json.dumps(document), encoding="ascii")


def of_ours(answer: Path) -> set[int]:
    return set(json.loads(answer.read_text(encoding="ascii")))


def of_reladiff(answer: Path) -> set[int]:
    """One JSON array per line: the sign and the row's values as text, the key first."""
    return {int(json.loads(line)[1][0]) for line in answer.read_text(encoding="utf-8").splitlines() if line[:1] == "["}


def of_dvt(answer: Path) -> set[int]:
    """The primary key stands in each failed row's `group_by_columns`."""
    return {int(key) for key in re.findall(r'id_pago\\*"\s*:\s*\\*"(\d+)', answer.read_text(encoding="utf-8"))}


def _into(command: list[str], answer: Path) -> list[str]:
    return ["sh", "-c", f"exec {shlex.join(command)} > {shlex.quote(str(answer))}"]


def versions() -> dict[str, str]:
    found = {}
    for python, package in ((DVT, "google-pso-data-validator"), (RELADIFF, "reladiff")):
        code = f"import importlib.metadata as m; print(m.version({package!r}))"
        told: Any = subprocess.run([str(python / "python"), "-c", code], capture_output=True, check=True, text=True)
        found[package] = told.stdout.strip()
    return found
