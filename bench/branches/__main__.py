"""`make bench-branches` and `make bench-branches-sweep`; the last line is the verdict as JSON."""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.branches import peers, targets
from bench.branches.measure import Cost, PeerFailed, fresh, run
from bench.branches.source import EIGHT, EIGHT_ROWS, LARGE, SMALL, SMALL_ROWS, data_digest, seed
from local.branches.server import MariaDB
from local.branches.settings import Settings
from local.branches.testing import claimed_ports

ONCE = ("dlt_sqlalchemy",)
RTT_THREADS, LOCAL_THREADS = 32, 2
OURS = {"ours": {}, "unproven": {"BENCH_UNPROVEN": "1"}}
"""What the environment of our own process says: the shipped pull, and one that proves two days alone."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.branches", description=__doc__)
    parser.add_argument("--sweep", action="store_true")
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--branches", type=int, default=200)
    parser.add_argument("--branch-rows", type=int, default=5_000)
    parser.add_argument("--skip", default="", help="peers that are left out of this run: dlt_sqlalchemy takes minutes")
    args = parser.parse_args()
    settings = {} if args.sweep else peers.settings()
    for peer in filter(None, args.skip.split(",")):
        del settings[peer]
    with tempfile.TemporaryDirectory(prefix="bench-branches-") as name, claimed_ports() as port:
        work = Path(name)
        work.chmod(0o755)
        server = MariaDB(Settings(state=work / "server", port=port))
        server.start()
        try:
            bench = Bench(server, port, work, settings)
            seed(server, args.rows, args.branches, args.branch_rows)
            if args.sweep:
                peers.sweep(port, bench.pid, work, args.rows, args.rounds)
                return 0
            return bench.all(args.rows, args.rounds, args.branches)
        finally:
            server.stop()


class Bench:
    def __init__(self, server: MariaDB, port: int, work: Path, settings: dict[str, dict[str, object]]) -> None:
        pid = server.pid()
        assert pid is not None  # noqa: S101 - it was just started
        self.pid, self.port, self.work, self.settings = pid, port, work, settings

    def once(self, who: str, *schemas: str, threads: int = 1, port: int = 0, want: str = "") -> Cost:
        """One process; with `want`, its output's fingerprint must be that.

        Raises:
            PeerFailed: it failed, or its values differ.
        """
        with fresh(self.work) as folder:
            if who in OURS:
                command = [sys.executable, "-m", "bench.branches.ours", str(port or self.port), str(folder),
                           str(threads), *schemas]  # fmt: skip
            else:
                command = peers.command(who, self.settings[who], self.port, folder, *schemas)
            cost = run(command, self.pid, **OURS.get(who, {}))
            if want and who != "raw" and (found := fingerprint(folder, twice=who in OURS)) != want:
                raise PeerFailed(f"{who}: other values than the source: {found}, not {want}")
        return cost

    def reference(self, *schemas: str) -> str:
        """The fingerprint of the raw client's text, typed by another engine than any of those measured."""
        with fresh(self.work) as folder:
            run(peers.command("raw", {"rows": 50_000, "keep": True}, self.port, folder, *schemas), self.pid)
            return fingerprint(folder)

    def all(self, rows: int, rounds: int, branches: int) -> int:
        load = [round(os.getloadavg()[0], 1)]
        print(f"{rows:,} rows, {rounds} rounds, load {load[0]} on {os.cpu_count()} cores", flush=True)
        everybody = [*OURS, *self.settings]
        large: dict[str, list[Cost]] = {who: [] for who in everybody}
        small: dict[str, list[Cost]] = {who: [] for who in everybody}
        different: list[str] = []
        want = self.reference(LARGE)
        for number in range(rounds):
            for who in everybody:
                if number and who in ONCE:
                    continue
                try:
                    large[who].append(self.once(who, LARGE, want="" if number else want))
                except PeerFailed as failure:
                    print(failure, flush=True)
                    different.append(who)
                    large[who].append(self.once(who, LARGE))
                small[who].append(self.once(who, SMALL))
        print(f"{'whole process':16}{'wall s':>8}{'CPU s':>8}{'server s':>9}{'peak MB':>9}{'rows/s':>10}{'µs/row':>8}"
              "   (µs/row: marginal wall)")  # fmt: skip
        for who in everybody:
            wall, cpu, served, rss = (_median(large[who], field) for field in ("wall", "cpu", "server_cpu", "rss_mb"))
            print(f"{who:16}{wall:8.2f}{cpu:8.2f}{served:9.2f}{rss:9.0f}{rows / wall:10,.0f}"
                  f"{_per_row(large, small, who, rows) * 1e6:8.2f}", flush=True)  # fmt: skip
        eight = self.many("ours", different, EIGHT, threads=8)
        print(f"eight threads of {EIGHT_ROWS:,} rows each: {eight.wall:.2f} s, {eight.rss_mb:.0f} MB at the peak")
        fleet = self.fleet(branches, different)
        load.append(round(os.getloadavg()[0], 1))
        verdict = {
            "rows_per_s": round(rows / _median(large["ours"], "wall")),
            "vs_dlt": _paired(large, "ours", "dlt"),
            "vs_dlt_pyarrow": _paired(large, "dlt_pyarrow", "ours"),
            "per_row_vs_connectorx": _per_row_ratio(large, small, rows),
            "share_of_raw_read": _paired(large, "raw", "ours"),
            "server_cpu_vs_select": _paired(large, "ours", "raw", "server_cpu"),
            "server_cpu_vs_select_unproven": _paired(large, "unproven", "raw", "server_cpu"),
            "proof_server_cpu_s": _difference(large, "server_cpu"),
            "proof_wall_s": _difference(large, "wall"),
            "peak_rss_mb": round(max(cost.rss_mb for cost in large["ours"])),
            "peak_rss_mb_8_threads": round(eight.rss_mb),
            **fleet,
            "parity": not different,
            "rows": rows,
            "rounds": rounds,
            "load": load,
            "cores": os.cpu_count(),
            "peers": {who: {"version": version} | {"settings": self.settings[who]}
                      for who, version in peers.versions().items() if who in self.settings},
            "seed": f"none: the tables are filled by statements, sha256 {data_digest()}",
        }  # fmt: skip
        print(f"load {load[1]}; different values: {', '.join(different) or 'none'}")
        print("\n".join(targets.lines(verdict)))
        print(json.dumps(verdict))
        return 0 if verdict["parity"] else 1

    def many(self, who: str, different: list[str], schemas: Sequence[str], **how: int) -> Cost:
        """One process over many schemas; that its values differ is noted."""
        try:
            return self.once(who, *schemas, want=self.reference(*schemas), **how)
        except PeerFailed as failure:
            print(failure, flush=True)
            different.append(f"{who} of {len(schemas)} schemas")
            return self.once(who, *schemas, **how)

    def fleet(self, branches: int, different: list[str]) -> dict[str, object]:
        """All branches in one process: at once on this machine, under the delay, and dlt in a loop over all."""
        schemas = [f"s{number:03}" for number in range(1, branches + 1)]
        ours = self.many("ours", different, schemas, threads=LOCAL_THREADS)
        unproven = self.once("unproven", *schemas, threads=LOCAL_THREADS)
        alone = self.once("ours", *schemas, threads=1)
        with self.delayed(40) as (port, report):
            far = self.many("ours", different, schemas, threads=RTT_THREADS, port=port)
        turns = json.loads(report.read_text())
        looped = self.many("dlt", different, schemas)
        print(
            f"{branches} branches: ours {ours.wall:.2f} s (CPU {ours.cpu:.2f}, server {ours.server_cpu:.2f}) with "
            f"{LOCAL_THREADS} threads, {alone.wall:.2f} s with one, {unproven.wall:.2f} s unproven (CPU "
            f"{unproven.cpu:.2f}, server {unproven.server_cpu:.2f}); 40 ms RTT {far.wall:.2f} s with {RTT_THREADS} "
            f"threads; dlt {looped.wall:.1f} s; round trips per branch from SYN to farewell: {max(turns)} at most"
        )
        return {
            "branches_200_s": round(ours.wall, 2),
            "branches_200_unproven_s": round(unproven.wall, 2),
            "branches_200_vs_dlt": round(looped.wall / ours.wall, 2),
            "branches_200_rtt40_s": round(far.wall, 2),
            "round_trips": max(turns),
        }

    @contextmanager
    def delayed(self, milliseconds: int) -> Iterator[tuple[int, Path]]:
        port, report = self.port + 1, self.work / "turns.json"
        command = [sys.executable, "-m", "bench.branches.delay", str(port), str(self.port), str(milliseconds)]
        proxy = subprocess.Popen([*command, str(report)])
        time.sleep(1)
        try:
            yield port, report
        finally:
            proxy.send_signal(signal.SIGTERM)
            proxy.wait(10)


def fingerprint(folder: Path, *, twice: bool = False) -> str:
    """Of the output, by a process of its own: see `parity`."""
    command = [sys.executable, "-m", "bench.branches.parity", str(folder), *(["--twice"] if twice else [])]
    return subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout.strip()


def _median(costs: list[Cost], field: str) -> float:
    return statistics.median(getattr(cost, field) for cost in costs)


def _paired(costs: dict[str, list[Cost]], one: str, other: str, field: str = "wall") -> float | None:
    """The median of the rounds' own ratios: a busy minute weighs on both. None when one of them was left out."""
    if one not in costs or other not in costs:
        return None
    pairs = zip(costs[one], costs[other], strict=True)
    return round(statistics.median(getattr(a, field) / max(0.01, getattr(b, field)) for a, b in pairs), 2)


def _difference(costs: dict[str, list[Cost]], field: str) -> float:
    """What proving adds: the median of the rounds' own differences."""
    pairs = zip(costs["ours"], costs["unproven"], strict=True)
    return round(statistics.median(getattr(one, field) - getattr(other, field) for one, other in pairs), 2)


def _per_row(large: dict[str, list[Cost]], small: dict[str, list[Cost]], who: str, rows: int) -> float:
    return max(0.0, _median(large[who], "wall") - _median(small[who], "wall")) / max(1, rows - SMALL_ROWS)


def _per_row_ratio(large: dict[str, list[Cost]], small: dict[str, list[Cost]], rows: int) -> float | None:
    """Ours to ConnectorX's; None when so few rows cost it less than the noise."""
    if "connectorx" not in large:
        return None
    theirs = _per_row(large, small, "connectorx", rows)
    return round(_per_row(large, small, "ours", rows) / theirs, 2) if theirs > 0 else None


if __name__ == "__main__":
    sys.exit(main())
