"""What a stage reads and writes, told to Airflow's collector of lineage; a listener such as OpenLineage's takes it on.

Stages hand on the keys of manifests, so those are the datasets: seal -> normalised -> ... -> report. Where no listener
reads the collector, as by default, it forgets everything at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from airflow.sdk.lineage import get_hook_lineage_collector

from podemos.contracts.platform import Platform
from podemos.regulatory.keys import REPORTS


def tell(task: Any, platform: Platform, given: Iterable[Any], result: Any) -> None:
    """Names the manifests that a stage was given as its inputs, and those it returned as its outputs.

    Args:
        task: the operator; OpenLineage names it as the one that read.
        platform: for the buckets.
        given: the stage's arguments.
        result: what it returned.
    """
    collector = get_hook_lineage_collector()
    for uri in sorted({uri for value in given for uri in _uris(value, platform)}):
        collector.add_input_asset(task, uri=uri)
    for uri in _uris(result, platform):
        collector.add_output_asset(task, uri=uri)


def _uris(value: Any, platform: Platform) -> list[str]:
    """The manifests among a string, or a list of strings; ids and answers are none."""
    texts = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return [
        f"s3://{platform.reports_bucket if text.startswith(REPORTS) else platform.lake_bucket}/{text}"
        for text in texts
        if isinstance(text, str) and "/" in text and text.endswith(".json")
    ]
