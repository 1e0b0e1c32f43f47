"""The two lives of a year: `publish` writes its reports, `rebuild` makes them again. Each is a process of its own.

`python -m bench.rebuild_year.life publish|rebuild FOLDER DAYS SEED`; the result is `<FOLDER>/<command>.json`.
"""

from __future__ import annotations

import json
import locale
import os
import sys
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.report.content import DAY, LAKE, draw_night
from bench.report.stages import Key, judged_by
from local.folder_store import FolderStore
from podemos.contracts.platform import platform
from podemos.contracts.sources import policy, sources
from podemos.core.night import Night
from podemos.regulatory import contingency, rebuild
from podemos.regulatory.versions import newest

ROWS = 100
"""Movements of each of the fifteen sources."""
LACKING = 7
"""One day in so many lacks a source and is partial, with its exceptions and its notice."""


def days(count: int) -> Iterator[date]:
    """The last so many days, the oldest first: a version is chained to that of the day before."""
    return (DAY - timedelta(days=back) for back in reversed(range(count)))


def stores(folder: Path) -> tuple[FolderStore, FolderStore]:
    """Lake and reports."""
    return FolderStore(folder / "lake"), FolderStore(folder / "reports")


def publish(folder: Path, count: int, seed: int) -> dict[str, Any]:
    """Publishes a year by the shipped stages, with the second engine; the policy's gate without Great Expectations."""
    lake, reports = stores(folder)
    key, movements, outcomes = Key(folder), 0, {"complete": 0, "partial": 0}
    configured = sources()
    spare = [source.id for source in configured.sources if source.criticality != "critical" and source.id != LAKE]
    for number, day in enumerate(days(count)):
        content, clock = draw_night(seed, number, ROWS, day), Night.scheduled(day).at("05:00")
        without = spare[number // LACKING % len(spare)] if number % LACKING == 0 else ""
        for name, data in content.objects():
            if not name.startswith(f"regulatory/inbox/{without}/"):
                lake.put_new(name, data) if lake.head(name) is None else lake.replace(name, data)
        with judged_by(great_expectations=False):
            ended = contingency.run(
                day, lake=lake, reports=reports, platform=platform(), sources=configured, policy=policy(),
                clock=lambda now=clock: now, signer=key.signer, send=lambda *_: None, say=lambda _: None,
            )  # fmt: skip
        if ended.manifest is None:
            raise SystemExit(f"{day} was held: {'; '.join(ended.reasons)}")
        outcomes[ended.outcome] += 1
        movements += json.loads(reports.get(ended.manifest))["movements"]
    return {"movements": movements, **outcomes}


def made_again(folder: Path, count: int, seed: int) -> dict[str, Any]:
    """Rebuilds every version; what differs is named."""
    lake, reports = stores(folder)
    identical, files, different, renderers = 0, 0, [], set()
    for day in days(count):
        version = newest(reports, day, rehearsal=False)
        if version is None:
            different.append(f"{day}: no version")
            continue
        renderers.add(version.manifest["renderer"])
        found = rebuild.rebuild(day, version.number, lake=lake, reports=reports)
        identical += found.identical
        files += len(found.files)
        different += [f"{day}: {file.name}" for file in found.files if not file.identical]
    return {"identical": identical, "files": files, "renderers": sorted(renderers), "different": different}


def surroundings() -> dict[str, str]:
    """What a careless renderer would depend on."""
    locale.setlocale(locale.LC_ALL, "")
    return {
        "locale": ".".join(filter(None, locale.getlocale())) or "C",
        "zone": time.tzname[0],
        "hash_seed": os.environ.get("PYTHONHASHSEED", "random"),
        "local_time": f"{datetime.fromtimestamp(0):%x %X}",  # noqa: DTZ006 - the point is that it differs
        "directory": str(Path.cwd()),
    }


if __name__ == "__main__":
    command, folder, count, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    around, began = surroundings(), time.monotonic()
    told = {"publish": publish, "rebuild": made_again}[command](folder, count, seed)
    told |= {"seconds": round(time.monotonic() - began, 1), "surroundings": around}
    (folder / f"{command}.json").write_text(json.dumps(told), encoding="utf-8")
