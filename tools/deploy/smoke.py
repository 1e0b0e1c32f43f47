"""Is it alive? Over InvokeRestApi: version, import errors, DAGs, plugins, pools; then connections and image."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from podemos.contracts import airflow
from podemos.contracts.branches import branches
from tools.deploy.bundle import AIRFLOW, Bundle
from tools.deploy.environment import rest
from tools.deploy.target import DeployFailed, Target

SYNC_SECONDS, EVERY = 600, 30
"""A new DAG file is seen within five minutes; twice that, and something is wrong."""
PAGE = {"limit": 100}


def expected_of(bundle: Bundle) -> dict[str, list[str]]:
    """What a bundle must bring: DAG files by name, plugins by their `name`."""
    files = [name.removeprefix("dags/") for name in bundle.files if re.fullmatch(r"dags/[^/]+\.py", name)]
    return {"files": sorted(files), "plugins": plugin_names(_plugin_sources(bundle))}


def plugin_names(sources: Iterable[str]) -> list[str]:
    """The plugins that these modules register."""
    pattern = r'^class \w+\(AirflowPlugin\):.*?^    name = "(\w+)"'
    return sorted(re.findall(pattern, "\n".join(sources), re.M | re.S))


def check(target: Target, expected: Mapping[str, list[str]], commit: str) -> None:
    """Waits for the DAG files, then asks everything and tells all that is wrong at once.

    Args:
        target: the environment.
        expected: of `expected_of`.
        commit: of the release; the tag of the contingency task's image.

    Raises:
        DeployFailed: what is wrong, line by line.
    """
    target.until(
        lambda: _synced(target, expected["files"]), "DAG files are not parsed yet", seconds=SYNC_SECONDS, every=EVERY
    )
    wrong = [*_version(target), *_imports(target), *_plugins(target, expected["plugins"]), *_pools(target)]
    wrong += [*_paused(target), *_connections(target), *_image(target, commit)]
    for line in wrong:
        target.say(f"    FAIL {line}")
    if wrong:
        raise DeployFailed(f"the smoke test found {len(wrong)}: {'; '.join(wrong)}. `make rollback` goes back")
    target.say("    smoke test: version, imports, plugins, pools, tier-1 DAGs, connections are as they must be")


def _synced(target: Target, files: list[str]) -> bool:
    dags = rest(target, "/dags", query=PAGE | {"exclude_stale": "true"})["dags"]
    return set(files) <= {dag["fileloc"].rpartition("/")[2] for dag in dags} or bool(list(_imports(target)))


def _version(target: Target) -> list[str]:
    version = rest(target, "/version")["version"]
    return [] if version == AIRFLOW else [f"Airflow is {version}, the bundle is for {AIRFLOW}"]


def _imports(target: Target) -> list[str]:
    errors = rest(target, "/importErrors", query=PAGE)["import_errors"]
    return [f"{error['filename']}: {error['stack_trace'].strip().splitlines()[-1]}" for error in errors]


def _plugins(target: Target, wanted: list[str]) -> list[str]:
    found = {plugin["name"] for plugin in rest(target, "/plugins", query=PAGE)["plugins"]}
    return [f"plugin {name} is not loaded" for name in sorted(set(wanted) - found)]


def _pools(target: Target) -> list[str]:
    found = {pool["name"]: pool for pool in rest(target, "/pools", query=PAGE)["pools"]}
    return [
        f"pool {pool.name} is {_short(found.get(pool.name))}, not {pool.slots} slots"
        for pool in airflow.environment().pools
        if (found.get(pool.name) or {}).get("slots") != pool.slots
    ]


def _short(pool: Mapping[str, Any] | None) -> str:
    return f"{pool['slots']} slots" if pool else "absent"


def _paused(target: Target) -> list[str]:
    dags = {dag["dag_id"]: dag for dag in rest(target, "/dags", query=PAGE)["dags"]}
    return [
        f"{name} is {'paused: --unpause starts it' if name in dags else 'absent'}"
        for name in target.deployment.tier_one
        if name not in dags or dags[name]["is_paused"]
    ]


def _connections(target: Target) -> list[str]:
    """They live in the secrets backend, where Airflow's own list does not look."""
    pages = target.clients("secretsmanager").get_paginator("list_secrets")
    filters = [{"Key": "name", "Values": ["airflow/connections/"]}]
    found = {s["Name"].rpartition("/")[2] for page in pages.paginate(Filters=filters) for s in page["SecretList"]}
    due = branches().branches[: target.names.pilot_branches]
    wanted = [branch.connection for branch in due if branch.mode == "pull"]
    absent = sorted(set(wanted) - found)
    return [f"{len(absent)} of {len(wanted)} branch connections have no secret, first {absent[0]}"] if absent else []


def _image(target: Target, commit: str) -> list[str]:
    """Without it the watchdog starts nothing."""
    name = target.deployment.watchdog.repository
    try:
        target.clients("ecr").describe_images(repositoryName=name, imageIds=[{"imageTag": commit}])
    except ClientError as error:
        code = error.response["Error"]["Code"]
        return [f"no image {name}:{commit} ({code}): build infra/contingency/Dockerfile, push it, deploy again"]
    return []


def _plugin_sources(bundle: Bundle) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(bundle.files["plugins.zip"])) as archive:
        return [archive.read(name).decode() for name in archive.namelist() if name.endswith(".py")]
