"""The artifacts bucket: what was put there, under which version id, in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tools.deploy.bundle import RELEASE, Bundle, digest
from tools.deploy.target import Target

PINNED = {"plugins.zip": "PluginsVersion", "requirements.txt": "RequirementsVersion", "startup.sh": "StartupVersion"}
"""File of the environment -> parameter of its stack."""


@dataclass(frozen=True)
class Put:
    """A file as it is in the bucket."""

    sha256: str
    version: str

    def to_dict(self) -> dict[str, str]:
        """As a release keeps it."""
        return {"sha256": self.sha256, "version": self.version}


def put_dependencies(target: Target, bundle: Bundle, known: Mapping[str, Put]) -> dict[str, Put]:
    """Glue scripts, functions, then the environment's three files; what is there already is not sent again."""
    current = _current_versions(target, "")
    wanted = {name: content for name, content in bundle.files.items() if not name.startswith("dags/")}
    return {name: _put(target, name, wanted[name], known.get(name), current) for name in sorted(wanted, key=_by_need)}


def put_dags(target: Target, bundle: Bundle, known: Mapping[str, Put]) -> dict[str, Put]:
    """The library and include/ first, then the release's name, the DAG files last, and then what is gone goes."""
    current = _current_versions(target, "dags/")
    wanted = {name: content for name, content in bundle.files.items() if name.startswith("dags/")}
    done = {name: _put(target, name, wanted[name], known.get(name), current) for name in dag_order(wanted)}
    _remove(target, current.keys() - wanted.keys())
    return done


def restore(target: Target, wanted: Mapping[str, Put], prefix: str) -> dict[str, Put]:
    """Makes the versions of an earlier release the current ones again, in the order of `put_dags`."""
    s3, bucket = target.clients("s3"), target.names.artifacts_bucket
    current, done = _current_versions(target, prefix), {}
    for name in dag_order(name for name in wanted if name.startswith(prefix)):
        put = wanted[name]
        if current.get(name) != put.version:
            source = {"Bucket": bucket, "Key": name, "VersionId": put.version}
            answer = s3.copy_object(
                Bucket=bucket, Key=name, CopySource=source, MetadataDirective="REPLACE", Metadata={"sha256": put.sha256}
            )
            target.say(f"    restore {name} from version {put.version}")
            put = Put(put.sha256, answer["VersionId"])
        done[name] = put
    _remove(target, current.keys() - wanted.keys())
    return done


def dag_order(names: Iterable[str]) -> list[str]:
    """What DAG files import comes before them."""

    def rank(name: str) -> tuple[int, str]:
        if name == RELEASE:
            return 1, name
        return (2 if name.count("/") == 1 and name.endswith(".py") else 0), name

    return sorted(names, key=rank)


def _by_need(name: str) -> tuple[int, str]:
    return (1 if name in PINNED else 0), name


def _put(target: Target, name: str, content: bytes, known: Put | None, current: Mapping[str, str]) -> Put:
    sha = digest(content)
    if known and known.sha256 == sha and current.get(name) == known.version:
        return known
    answer = target.clients("s3").put_object(
        Bucket=target.names.artifacts_bucket, Key=name, Body=content, Metadata={"sha256": sha}
    )
    target.say(f"    put {name} ({len(content):,} bytes) as version {answer['VersionId']}")
    return Put(sha, answer["VersionId"])


def _remove(target: Target, names: Iterable[str]) -> None:
    for name in sorted(names):
        target.say(f"    delete {name}")
        target.clients("s3").delete_object(Bucket=target.names.artifacts_bucket, Key=name)


def _current_versions(target: Target, prefix: str) -> dict[str, str]:
    """Key -> version id of what is current below a prefix; deleted keys are left out."""
    pages = target.clients("s3").get_paginator("list_object_versions")
    found: dict[str, str] = {}
    for page in pages.paginate(Bucket=target.names.artifacts_bucket, Prefix=prefix):
        entries: list[dict[str, Any]] = page.get("Versions", [])
        found |= {entry["Key"]: entry["VersionId"] for entry in entries if entry["IsLatest"]}
    return found
