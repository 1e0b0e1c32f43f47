"""The MWAA environment: is it ready, and its REST API by InvokeRestApi."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from podemos.contracts import airflow
from tools.deploy.target import DeployFailed, Target

PATH_LIMIT = 64
"""Of InvokeRestApi: a longer path needs a web token."""
_READY_SECONDS, _EVERY = 60 * 60, 30


def wait_until_available(target: Target) -> None:
    """Returns when the environment is available and its last update got through.

    Raises:
        DeployFailed: it failed, or is not available in time.
    """
    found: dict[str, Any] = {}

    def ready() -> bool:
        found.clear()
        found.update(target.clients("mwaa").get_environment(Name=target.mwaa)["Environment"])
        if found["Status"] in ("CREATE_FAILED", "UPDATE_FAILED", "UNAVAILABLE", "DELETED"):
            raise DeployFailed(f"{target.mwaa} is {found['Status']}: {_why(found)}")
        return bool(found["Status"] == "AVAILABLE")

    target.until(ready, f"{target.mwaa} is not available", seconds=_READY_SECONDS, every=_EVERY)
    if found.get("LastUpdate", {}).get("Status") == "FAILED":
        raise DeployFailed(f"the last update of {target.mwaa} failed: {_why(found)}")
    target.say(f"    {target.mwaa}: AVAILABLE, Airflow {found.get('AirflowVersion', '?')}")


def rest(
    target: Target, path: str, *, method: str = "GET", body: Any = None, query: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """One call of Airflow's REST API.

    Raises:
        DeployFailed: Airflow or MWAA refused it.
        ValueError: the path is longer than InvokeRestApi takes.
    """
    if len(path) > PATH_LIMIT:
        raise ValueError(f"{path} has {len(path)} characters; InvokeRestApi takes {PATH_LIMIT}")
    arguments: dict[str, Any] = {"Name": target.mwaa, "Path": path, "Method": method}
    if body is not None:
        arguments["Body"] = body
    if query:
        arguments["QueryParameters"] = dict(query)
    try:
        answer = target.clients("mwaa").invoke_rest_api(**arguments)
    except ClientError as error:
        raise DeployFailed(f"{method} {path}: {error.response.get('RestApiResponse', error)}") from error
    found: dict[str, Any] = answer.get("RestApiResponse") or {}
    return found


def apply_pools(target: Target) -> None:
    """Creates the pools of airflow.yaml, or gives them their size."""
    known = {pool["name"]: pool for pool in rest(target, "/pools", query={"limit": 100})["pools"]}
    for pool in airflow.environment().pools:
        wanted = pool.model_dump()
        old = known.get(pool.name)
        if old is None:
            rest(target, "/pools", method="POST", body=wanted)
        elif any(old.get(key) != value for key, value in wanted.items()):
            rest(target, f"/pools/{pool.name}", method="PATCH", body={**wanted, "pool": pool.name})
        else:
            continue
        target.say(f"    pool {pool.name}: {pool.slots} slots")


def unpause(target: Target) -> None:
    """Starts the tier-1 DAGs that are paused."""
    for dag in target.deployment.tier_one:
        rest(target, f"/dags/{dag}", method="PATCH", body={"is_paused": False})
        target.say(f"    {dag}: runs by its schedule")


def _why(found: Mapping[str, Any]) -> str:
    error = found.get("LastUpdate", {}).get("Error", {})
    return f"{error.get('ErrorCode', 'no code')}: {error.get('ErrorMessage', 'no message')}"
