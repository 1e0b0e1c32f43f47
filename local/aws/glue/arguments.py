"""The `--arguments` of a run that Glue itself reads. One it would obey and we can not is refused, never ignored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_UNSUPPORTED = {
    "--additional-python-modules": "no pip runs here; put pure Python into --extra-py-files",
    "--extra-jars": "no extra jars are loaded here",
    "--extra-files": "no extra files are copied here",
    "--user-jars-first": "no extra jars are loaded here",
    "--datalake-formats": "no Hudi, Iceberg or Delta is installed here",
    "--python-modules-installer-option": "no pip runs here",
    "--spark-event-logs-path": "no Spark history is written here",
}


class UnsupportedArgument(Exception):
    """A Glue argument that the local Glue can not honour."""


@dataclass(frozen=True)
class GlueArguments:
    """What the run's arguments ask of Glue.

    Attributes:
        extra_py_files: s3:// URIs of .zip and .py files for the import path, in order.
        spark_conf: (key, value) pairs of `--conf`.
    """

    extra_py_files: tuple[str, ...]
    spark_conf: tuple[tuple[str, str], ...]


def read(arguments: Mapping[str, str]) -> GlueArguments:
    """Split off what Glue reads from a run's merged arguments.

    Raises:
        UnsupportedArgument: one that AWS would obey and this Glue does not, or a malformed one.
    """
    for name, why in _UNSUPPORTED.items():
        if arguments.get(name):
            raise UnsupportedArgument(f"{name} is not supported by the local Glue: {why}")
    if arguments.get("--job-bookmark-option", "job-bookmark-disable") != "job-bookmark-disable":
        raise UnsupportedArgument("--job-bookmark-option: job bookmarks are not supported by the local Glue")
    files = tuple(uri.strip() for uri in arguments.get("--extra-py-files", "").split(",") if uri.strip())
    for uri in files:
        if not uri.startswith("s3://") or not uri.endswith((".zip", ".py")):
            raise UnsupportedArgument(f"--extra-py-files takes s3://….zip or s3://….py, got {uri}")
    return GlueArguments(files, tuple(_pairs(arguments.get("--conf", ""))))


def _pairs(conf: str) -> list[tuple[str, str]]:
    """Glue's own spelling of several settings: `a=1 --conf b=2`."""
    pairs = []
    for part in conf.split("--conf"):
        if not part.strip():
            continue
        key, separator, value = part.strip().partition("=")
        if not separator:
            raise UnsupportedArgument(f"--conf takes key=value, got {part.strip()}")
        pairs.append((key, value))
    return pairs
