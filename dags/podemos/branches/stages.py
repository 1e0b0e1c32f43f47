"""The stages between pull and certify for the command line: the same functions that the DAG's tasks call."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from typing import Any

from podemos.branches import carry, collect, load, prepare, publish
from podemos.branches.outside import Outside
from podemos.contracts.branches import Branches
from podemos.core.clock import system_clock
from podemos.core.errors import PodemosError, SourceUnavailable

_POLL_SECONDS = 0.5
_ENDED = {"SUCCEEDED", "FAILED", "STOPPED", "TIMEOUT", "ERROR"}
Say = Callable[[str], None]


class JobFailed(PodemosError):
    """The curation's job ended without its result; nothing is published, and it can be run again."""


def curate(outside: Outside, config: Branches, say: Say) -> str:
    """Gathers what was landed, runs the Glue job over it, and publishes; returns the revision's key.

    Raises:
        JobFailed: the job's own words.
    """
    plan_key = collect.plan_curation([], lake=outside.lake, clock=system_clock, config=config)
    if carry.curated(plan_key, lake=outside.lake):
        say("nothing new was landed")
    else:
        say(f"job {outside.platform.curate_job} curates {plan_key}")
        _run_job(outside, plan_key)
    key = publish.publish_revision(
        plan_key, lake=outside.lake, catalog=outside.glue, database=outside.platform.catalog_database
    )
    say(key)
    return key


def load_tables(outside: Outside, config: Branches, revision_key: str, say: Say) -> None:
    """Creates the warehouse tables that are missing and merges the revision's deltas."""
    prepare.prepare_warehouse(revision_key, lake=outside.lake, warehouse=outside.warehouse)
    for table in config.extraction.tables:
        batch = load.load_batch(revision_key, table, lake=outside.lake, platform=outside.platform)
        outside.warehouse.send(batch)
        say(f"{table} loaded")


def _run_job(outside: Outside, plan_key: str) -> None:
    names, glue = outside.platform, outside.glue
    arguments = {"--lake_bucket": names.lake_bucket, "--plan_key": plan_key, "--attempt": f"cli{secrets.token_hex(2)}"}
    try:
        run = glue.start_job_run(JobName=names.curate_job, Arguments=arguments)["JobRunId"]
    except glue.exceptions.EntityNotFoundException:
        raise SourceUnavailable(
            f"Glue job {names.curate_job!r} does not exist; deploy it, or start a local one with `python -m local aws`"
        ) from None
    while (found := _state(glue, names.curate_job, run))["JobRunState"] not in _ENDED:
        time.sleep(_POLL_SECONDS)
    if found["JobRunState"] != "SUCCEEDED":
        said = found.get("ErrorMessage") or found["JobRunState"]
        raise JobFailed(f"Glue job run {run}: {said}; its log is in CloudWatch, /aws-glue/jobs/error")


def _state(glue: Any, job: str, run: str) -> dict[str, Any]:
    found: dict[str, Any] = glue.get_job_run(JobName=job, RunId=run)["JobRun"]
    return found
