"""The watch between two looks: one packed JSON object, replaced at each. Counts follow from its days."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from typing import Any

from podemos.core.errors import NotFound
from podemos.core.store import ObjectStore
from podemos.mobile.budget import RULES, Silence
from podemos.mobile.outages import Outage
from podemos.mobile.rhythm import Day, Rhythm
from podemos.mobile.silence import Cause, Kind, Listening, Watch

KEY = "mobile/watch/state.json.gz"
VERSION = 1


def save(lake: ObjectStore, watch: Watch) -> None:
    """Replaces the state. A crash before it repeats the look, a crash after it tells what is open."""
    document = {
        "version": VERSION,
        "half": watch.half,
        "days": watch.days,
        "today": watch.today,
        "out": {region: [outage.start, outage.back] for region, outage in watch.out.items()},
        "causes": [_cause(cause) for cause in watch.causes.values()],
        "devices": {name: _device(device) for name, device in watch.devices.items()},
    }
    data = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
    lake.replace(KEY, gzip.compress(data, compresslevel=5, mtime=0), "application/gzip")


def load(lake: ObjectStore, watch: Watch) -> Watch:
    """The state as it was saved, in a watch that is still empty; nothing when it was never saved.

    A lost state costs the learning time, nothing else.
    """
    try:
        document = json.loads(gzip.decompress(lake.get(KEY)))
    except NotFound:
        return watch
    watch.half, watch.days, watch.today = document["half"], document["days"], document["today"]
    watch.out = {region: Outage(start, back) for region, (start, back) in document["out"].items()}
    causes = [Cause(Kind(kind), *rest) for kind, *rest in document["causes"]]
    watch.causes = {cause.name: cause for cause in causes}
    for name, data in document["devices"].items():
        watch.devices[name] = _listening(name, data, watch)
    for cause in causes:
        if cause.kind is Kind.DEVICE:
            watch.devices[cause.subject].missing = cause
    return watch


def _cause(cause: Cause) -> list[Any]:
    return [cause.kind.value, cause.subject, cause.since, cause.told, cause.windows]


def _device(device: Listening) -> dict[str, Any]:
    return {
        "region": device.region,
        "zone": device.zone,
        "learned": device.rhythm.to_dict(),
        "day": device.day,
        "mask": f"{device.mask:x}",
        "learns": device.learns,
        "last": device.last,
        "silence": device.silence,
        "partial": device.partial,
        "silences": [[day, silence.length, silence.whole] for day, silence in device.silences],
        "rule": RULES.index(device.rule) if device.rule in RULES else None,
        "today": [list(device.today.heard), list(device.today.window)],
        "yesterday": [list(device.yesterday.heard), list(device.yesterday.window)],
    }


def _listening(name: str, data: Mapping[str, Any], watch: Watch) -> Listening:
    device = Listening(
        name,
        data["region"],
        data["zone"],
        Rhythm.from_dict(data["learned"], watch.fleet),
        data["day"],
        int(data["mask"], 16),
        data["learns"],
        data["last"],
        data["silence"],
        data["partial"],
        [(day, Silence(length, whole)) for day, length, whole in data["silences"]],
        today=Day(*data["today"]),
        yesterday=Day(*data["yesterday"]),
    )
    if data["rule"] is not None:
        device.rule = RULES[data["rule"]]
    return device
