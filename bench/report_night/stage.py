"""One shipped stage in a process of its own, with the command line's ports: `STAGE JSON FILE`.

The JSON is what earlier stages returned; what this one returns and its peak memory go to the file.

`load` sends the shipped batch through the Data API, as the DAG's operator does.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from bench.report_night.content import DAY
from podemos.core.clock import system_clock
from podemos.core.night import Night
from podemos.outside import Outside

SEAL, NORMALISE, SECOND, LOAD, RECONCILE = "seal", "normalise", "second", "load", "reconcile"
GATE, DECIDE, BUILD, PUBLISH, TRACE = "gate", "decide", "build", "publish", "trace"


def run(stage: str, given: dict[str, Any]) -> str:
    """Runs it; returns the key that it returns, or for `trace` the seconds of the call and what it found."""
    from podemos.contracts.sources import policy, sources

    outside, night = Outside(), Night.scheduled(DAY)
    lake, configured = outside.lake, sources()
    if stage == SEAL:
        from podemos.regulatory.seal import seal

        arrivals = [f"{source.id}:arrived" for source in configured.sources]
        return seal(night, arrivals, lake=lake, clock=system_clock, sources=configured)
    if stage == NORMALISE:
        from podemos.regulatory.normalise import normalise

        return normalise(given[SEAL], lake=lake, sources=configured)
    if stage == SECOND:
        from podemos.regulatory.second import second

        return second(given[SEAL], lake=lake, sources=configured)
    if stage == LOAD:
        from podemos.regulatory.load import load_batch

        outside.warehouse.send(load_batch(given[NORMALISE], lake=lake, platform=outside.platform))
        return "loaded"
    if stage == RECONCILE:
        from podemos.regulatory.reconcile import reconcile

        return reconcile(
            given[NORMALISE], given[SECOND], given[LOAD], lake=lake, warehouse=outside.warehouse, sources=configured,
            policy=policy(), clock=system_clock,
        )  # fmt: skip
    if stage == GATE:
        from podemos.regulatory.gate import judge

        return judge(given[RECONCILE], lake=lake)
    if stage == DECIDE:
        from podemos.regulatory.decide import decide

        return decide(given[GATE], lake=lake, policy=policy(), sources=configured, clock=system_clock, night=night)
    if stage == BUILD:
        from podemos.regulatory.build import build

        return build(
            given[DECIDE], lake=lake, warehouse=outside.warehouse, platform=outside.platform, sources=configured
        )
    if stage == PUBLISH:
        from podemos.regulatory.kms import kms_signer
        from podemos.regulatory.publish import publish

        signer = kms_signer(outside.client("kms"), outside.platform.signing_key)
        return publish(given[BUILD], lake=lake, reports=outside.reports, clock=system_clock, night=night, signer=signer)
    if stage == TRACE:
        from podemos.regulatory.trace import Cell, trace

        began = time.perf_counter()
        found = trace(
            DAY,
            Cell(given["source"], given["tipo"]),
            lake=lake,
            reports=outside.reports,
            movement=given.get("movement"),
        )
        return json.dumps({"trace_s": time.perf_counter() - began, "found": found})
    raise SystemExit(f"{stage} is no stage")


def peak_mb() -> float:
    """This process's largest resident size; what `wait` tells also knows the process that it was forked from."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1_000_000


if __name__ == "__main__":
    returned = run(sys.argv[1], json.loads(sys.argv[2]))
    document = {"returned": returned, "peak_mb": peak_mb()}
    Path(sys.argv[3]).write_text(json.dumps(document), encoding="utf-8")
