"""Compacts a plan in the worker, when it is small enough for one."""

from __future__ import annotations

from podemos.core import manifest
from podemos.core.errors import NotNeeded
from podemos.core.store import ObjectStore
from podemos.mobile import compaction, places
from podemos.mobile.plan import Engine
from podemos.mobile.upload import UploadStore


def compact_in_worker(plan_key: str, *, lake: ObjectStore, uploads: UploadStore) -> str:
    """Reads the plan's uploads, decides what is new by the exact index, and writes parquet by type and day.

    Nothing of it counts before `publish`. A second attempt finds the first one's result, or makes the same.

    Args:
        plan_key: of `plan.plan_compaction`.
        lake: where the tables are.
        uploads: the inbox.

    Returns:
        The plan's key.

    Raises:
        NotNeeded: the plan has nothing to do, or is Spark's.
    """
    plan, ref = manifest.read(lake, plan_key)
    if plan["engine"] != Engine.WORKER:
        raise NotNeeded(f"{plan_key}: {_why(plan)}")
    if lake.head(places.result_of(plan_key)) is None:
        commit_result(lake, ref, compaction.compact(plan, lake=lake, uploads=uploads))
    return plan_key


def commit_result(lake: ObjectStore, plan: manifest.Ref, result: dict[str, object]) -> bool:
    """Commits what an attempt wrote; False when another attempt at the plan was first, which then stands."""
    return manifest.commit_first(lake, places.result_of(plan.key), result | {"plan": plan.to_dict()})[2]


def _why(plan: dict[str, object]) -> str:
    return "Spark compacts it" if plan["engine"] == Engine.GLUE else "nothing new was uploaded, and no day waits"
