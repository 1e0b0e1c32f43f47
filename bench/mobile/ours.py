"""The shipped stages over a folder, in a process of their own: `python -m bench.mobile.ours ROOT INSTANT`."""

from __future__ import annotations

import json
import resource
import sys
import time
from datetime import datetime
from pathlib import Path

from bench.mobile.inbox import FolderUploads
from podemos.core import manifest
from podemos.mobile import arrivals, compaction, places, plan, publish, revisions, verify
from podemos.mobile.compact import commit_result


def main() -> None:
    """One revision; a line of JSON: seconds of each stage, the control totals and the peak of memory."""
    root, instant = Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2])
    lake, seconds = FolderUploads(root), {}

    def clock() -> datetime:
        return instant

    def timed(name: str, began: float) -> None:
        seconds[name] = round(time.perf_counter() - began, 3)

    began = time.perf_counter()
    listing = arrivals.list_arrivals(lake=lake, clock=clock)
    timed("list", began)
    began = time.perf_counter()
    planned = plan.plan_compaction(listing, lake=lake, clock=clock)
    timed("plan", began)
    began = time.perf_counter()
    document, ref = manifest.read(lake, planned)
    if document["engine"] != plan.Engine.NONE:
        commit_result(lake, ref, compaction.compact(document, lake=lake, uploads=lake))
    timed("compact", began)
    began = time.perf_counter()
    key = publish.publish_revision(planned, lake=lake)
    timed("publish", began)
    began = time.perf_counter()
    verify.verify_revision(key, lake=lake)
    timed("verify", began)
    totals = manifest.read(lake, places.result_of(planned))[0]["totals"] if document["engine"] != "none" else {}
    found = revisions.partitions(lake, revisions.latest(lake))
    print(
        json.dumps(
            {
                "seconds": seconds,
                "totals": totals,
                "fresh": sum(each.fresh for each in found.values()),
                "written": sum(each.written for each in found.values()),
                "files": [file.bytes for each in found.values() for file in each.files],
                "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            }
        )
    )


if __name__ == "__main__":
    main()
