"""The peers' settings: `bench/peers.yaml`, chosen by a recorded sweep of the versions that are installed."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import yaml

from bench.branches.measure import PeerFailed, fresh, run
from bench.branches.source import LARGE

FILE = Path(__file__).parents[1] / "peers.yaml"
PYTHON = Path(__file__).parents[2] / ".local/bench-venv/bin/python"
ENGINES = Path(__file__).with_name("engines.py")
_CANDIDATES: dict[str, tuple[str, str, list[dict[str, Any]]]] = {
    "raw": ("mysqlclient", "raw", [{"rows": n} for n in (2_048, 50_000)]),
    "connectorx": ("connectorx", "connectorx", [{"batch_size": n} for n in (10_000, 65_536)]),
    "polars": ("polars", "polars", [{}]),
    "dlt": ("dlt", "dlt", [{"backend": "connectorx", "chunk_size": n} for n in (50_000, 200_000)]),
    "dlt_pyarrow": ("dlt", "dlt", [{"backend": "pyarrow", "chunk_size": n} for n in (10_000, 50_000)]),
    "dlt_sqlalchemy": ("dlt", "dlt", [{"backend": "sqlalchemy", "chunk_size": n} for n in (10_000, 50_000)]),
}
_ABSENT = {
    "tap-mysql": "not measured by this bench yet: it writes JSON lines, which need a reader of their own",
    "sling": "does not run here: the PyPI package downloads its binary at the first run",
    "ingestr": "does not run here: it downloads a driver at the first run",
}


class SweepStale(RuntimeError):
    """The recorded sweep is of another version than the one installed; the message says which."""


def versions() -> dict[str, str]:
    """Installed version by peer, dlt's with that of the backend's library that decides its speed."""
    names = sorted({package for package, _, _ in _CANDIDATES.values()} | {"pyarrow"})
    code = f"import json, importlib.metadata as m; print(json.dumps({{n: m.version(n) for n in {names!r}}}))"
    found = json.loads(subprocess.run([str(PYTHON), "-c", code], capture_output=True, check=True).stdout)
    backends = {"dlt": "connectorx", "dlt_pyarrow": "pyarrow"}
    return {
        peer: found[package] + (f" with {backends[peer]} {found[backends[peer]]}" if peer in backends else "")
        for peer, (package, _, _) in _CANDIDATES.items()
    }


def settings() -> dict[str, dict[str, Any]]:
    """The recorded peers.

    Raises:
        SweepStale: a peer's version is not the one swept.
    """
    recorded = yaml.safe_load(FILE.read_text(encoding="utf-8"))["peers"] if FILE.exists() else {}
    for peer, version in versions().items():
        swept = recorded.get(peer, {}).get("version")
        if swept != version:
            raise SweepStale(f"{peer} {version} is installed, the sweep is of {swept}; run make bench-branches-sweep")
    return {peer: recorded[peer]["settings"] for peer in _CANDIDATES}


def command(peer: str, chosen: dict[str, Any], port: int, folder: Path, *schemas: str) -> list[str]:
    """The process of a peer."""
    return [str(PYTHON), str(ENGINES), _CANDIDATES[peer][1], str(port), str(folder), json.dumps(chosen), *schemas]


def sweep(port: int, server_pid: int, work: Path, rows: int, rounds: int) -> None:
    """Times every candidate and records all, with the fastest chosen."""
    peers: dict[str, Any] = {}
    installed = versions()
    for peer, (_, _, candidates) in _CANDIDATES.items():
        tried: list[dict[str, Any]] = [{"settings": one, "seconds": []} for one in candidates]
        for _ in range(rounds):
            for one in tried:
                with fresh(work) as folder:
                    try:
                        cost = run(command(peer, one["settings"], port, folder, LARGE), server_pid)
                    except PeerFailed as failure:
                        raise PeerFailed(f"{peer} {one['settings']}: {failure}") from None
                    one["seconds"].append(round(cost.wall, 2))
        best = min(tried, key=lambda one: min(one["seconds"]))
        peers[peer] = {"version": installed[peer], "settings": dict(best["settings"]), "sweep": tried}
        print(f"{peer}: {best['settings']} of {[(one['settings'], one['seconds']) for one in tried]}", flush=True)
    document = {"rows": rows, "peers": peers, "absent": _ABSENT}
    dumper = yaml.SafeDumper
    dumper.ignore_aliases = lambda *args: True  # type: ignore[method-assign,assignment]
    FILE.write_text(
        "# Written by `make bench-branches-sweep`. Each peer's settings and the sweep that chose them.\n"
        + yaml.dump(document, Dumper=dumper, sort_keys=False, width=120),
        encoding="utf-8",
    )
