"""History beyond the seven days that the warehouse keeps: copied out to the lake, once per look, never rewritten."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

from podemos.core.store import ObjectStore
from podemos.redshift.history import Dialect, History, Run, Scan

PREFIX = "warehouse/history"


def keep(lake: ObjectStore, history: History, at: str) -> str:
    """Writes what was read; returns its key.

    Overlapping looks are meant: a run that two of them hold is one run when they are read.

    Args:
        lake: the lake.
        history: what was read.
        at: ISO instant of the look.

    Raises:
        AlreadyExists: this very look was kept before.
    """
    document = {
        "runs": [run.to_dict() for run in history.runs],
        "scans": [scan.to_dict() for scan in history.scans],
    }
    key = f"{PREFIX}/{history.dialect}/{at[:10]}/{at}.json.gz"
    lake.put_new(key, gzip.compress(json.dumps(document, ensure_ascii=False).encode(), mtime=0), "application/gzip")
    return key


def with_kept(lake: ObjectStore, history: History, since: date) -> History:
    """The history with every kept look since a day; what the warehouse says now comes first.

    A query id may come back after a restore: a run is known by its id and its start.
    """
    runs = {(run.query, run.started): run for run in history.runs}
    scans = {(scan.query, scan.table_id): scan for scan in history.scans}
    for document in _kept(lake, history.dialect, since):
        for run in (Run(**found) for found in document["runs"]):
            runs.setdefault((run.query, run.started), run)
        for scan in (Scan(**found) for found in document["scans"]):
            scans.setdefault((scan.query, scan.table_id), scan)
    ordered = sorted(runs.values(), key=lambda run: (run.started, run.query))
    return replace(history, runs=tuple(ordered), scans=tuple(scans.values()))


def _kept(lake: ObjectStore, dialect: Dialect, since: date) -> Iterator[dict[str, Any]]:
    prefix = f"{PREFIX}/{dialect}/"
    for info in lake.list(prefix, f"{prefix}{since.isoformat()}"):
        yield json.loads(gzip.decompress(lake.get(info.key)))
