"""Freezes the night's inputs: one create-once manifest of what each source delivered, byte for byte.

Everything later reads these versions only, never "what is there now". What arrives afterwards is listed, not used.
A delivery that contradicts its own control file is a finding in the manifest, not an exception: one source never stops
the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from podemos.contracts.sources import Source, Sources
from podemos.contracts.waivers import expired
from podemos.core.clock import Clock, iso
from podemos.core.errors import ContractViolation, DataFault, NotFound
from podemos.core.manifest import commit_first, read_ref
from podemos.core.night import Night
from podemos.core.states import State
from podemos.core.store import ObjectStore
from podemos.regulatory import configuration, keys
from podemos.regulatory.frozen import freeze
from podemos.regulatory.inbox import Control, LakeControl, newest_control, read_control

ARRIVED, MISSING = "arrived", "missing"


def seal(night: Night, arrivals: Sequence[str], *, lake: ObjectStore, clock: Clock, sources: Sources) -> str:
    """Seals the night and returns the manifest's key. A second call returns the first seal, whatever came since.

    Args:
        night: the night; its folder holds the seal.
        arrivals: `<source id>:arrived` or `<source id>:missing`, what each sensor said; an absent source is missing.
        lake: the bucket of the inbox and of the manifests.
        clock: the time that the seal states.
        sources: the configured sources; the seal has an entry for each of them.

    Raises:
        ContractViolation: an arrival names an unknown source or state.
    """
    key = keys.seal(night)
    if lake.head(key) is not None:
        return key
    said = _arrivals(arrivals, sources)
    entries = [_entry(source, said.get(source.id, MISSING), night, lake) for source in sources.sources]
    commit_first(
        lake,
        key,
        {
            "stage": "seal",
            "business_date": night.business_date.isoformat(),
            "night": keys.night_id(night),
            "rehearsal": night.rehearsal,
            "sealed_at": iso(clock()),
            "configuration": configuration.commit(lake, sources).to_dict(),
            "sources": entries,
        },
    )
    return key


def _arrivals(arrivals: Sequence[str], sources: Sources) -> dict[str, str]:
    said: dict[str, str] = {}
    for arrival in arrivals:
        source_id, _, state = arrival.partition(":")
        if state not in (ARRIVED, MISSING):
            raise ContractViolation(f"arrival {arrival!r}: the state must be {ARRIVED} or {MISSING}")
        said[sources.source(source_id).id] = state
    return said


def _entry(source: Source, said: str, night: Night, lake: ObjectStore) -> dict[str, Any]:
    """One source's part of the seal."""
    folder = keys.inbox(source.id, night.business_date)
    if refused := expired(source.id, source.waiver, night.business_date):
        return _missing(source, refused, after_seal=[info.key for info in lake.list(folder)])
    if said == MISSING:
        late = [info.key for info in lake.list(folder)]
        return _missing(source, f"no control file before the cut-off at {source.cutoff}", after_seal=late)
    control_key = newest_control(lake, source, night.business_date)
    if control_key is None:
        return _missing(source, f"{lake.uri(folder)} holds no control file, although one was announced")
    control_object = freeze(lake, control_key)
    data = lake.get(control_key, control_object["version"])
    try:
        control = read_control(data, lake.uri(control_key), source, night.business_date)
        files = _lake_files(control, lake) if isinstance(control, LakeControl) else _files(control, folder, lake)
        hashes = getattr(control, "row_hashes", None)
        row_hashes = freeze(lake, folder + hashes) if hashes else None
    except (DataFault, NotFound) as fault:
        return _missing(source, str(fault), control=control_object)
    named = {control_key, *(file["key"] for file in files), *([row_hashes["key"]] if row_hashes else [])}
    return {
        "source": source.id,
        "state": State.SEALED.value,
        "reason": "",
        "control": control_object,
        "declared": declared(control),
        "lake": _stated(control),
        "files": files,
        "row_hashes": row_hashes,
        "unlisted": [i.key for i in lake.list(folder) if i.key not in named and "/control" not in i.key],
        "after_seal": [],
    }


def declared(control: Control | LakeControl) -> dict[str, int]:
    """What published + excepted must make: the lake counts what curation set aside apart from its movements."""
    if isinstance(control, LakeControl):
        return {"rows": control.rows + control.excepted_rows, "cents": control.cents + control.excepted_cents}
    return {"rows": control.rows, "cents": control.cents}


def _stated(control: Control | LakeControl) -> dict[str, Any] | None:
    """The lake's own totals of the day's movements."""
    if not isinstance(control, LakeControl):
        return None
    return {"rows": control.rows, "cents": control.cents, "digest": control.digest, "revision": control.revision.key}


def _missing(
    source: Source, reason: str, control: dict[str, Any] | None = None, after_seal: Sequence[str] = ()
) -> dict[str, Any]:
    return {
        "source": source.id,
        "state": State.MISSING.value,
        "reason": reason,
        "control": control,
        "declared": None,
        "lake": None,
        "files": [],
        "row_hashes": None,
        "unlisted": [],
        "after_seal": list(after_seal),
    }


def _files(control: Control, folder: str, lake: ObjectStore) -> list[dict[str, Any]]:
    """The data files of a source system as declared and as found.

    Raises:
        NotFound: the control file names a file that is not there: the delivery is incomplete.
    """
    found = []
    for file in control.files:
        declared = {"rows": file.rows, "cents": file.cents, "sha256": file.sha256}
        found.append({"name": file.name, **freeze(lake, folder + file.name), "declared": declared})
    return found


def _lake_files(control: LakeControl, lake: ObjectStore) -> list[dict[str, Any]]:
    """The curated files the branch lake refers to; its revision and certificates must be the ones it names.

    Raises:
        DataFault: one of those manifests changed.
        NotFound: a file or manifest is not there.
    """
    for ref in (control.revision, *control.certificates):
        read_ref(lake, {"key": ref.key, "sha256": ref.sha256})
    found = []
    for file in control.files:
        declared = {"rows": file.rows, "cents": file.cents, "sha256": file.sha256}
        found.append({"name": file.key, **freeze(lake, file.key), "declared": declared})
    return found
