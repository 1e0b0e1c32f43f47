"""CloudFormation: a stack gets a template or keeps its own, gets its parameters, and is waited for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from tools.deploy.target import DeployFailed, Target

ORDER = ("network", "storage", "data", "mwaa", "mobile", "observability")
BEFORE_FILES = ("network", "storage")
"""Created before there is a bucket to put anything into."""
INLINE_BYTES = 51_200
"""A larger template must come from a bucket."""
_SHA_TAG = "podemos:template-sha256"
_WAIT_SECONDS, _EVERY = 90 * 60, 30


def ensure(target: Target, concern: str, template: Mapping[str, Any] | None, values: Mapping[str, str]) -> bool:
    """Creates or updates a stack and waits for it; returns whether anything was to do.

    Args:
        target: the environment.
        concern: e.g. `data`.
        template: None keeps the stack's own.
        values: of the parameters; one that is not named keeps its value.

    Raises:
        DeployFailed: CloudFormation refused it or rolled it back; the first failed resource is named.
    """
    name = target.deployment.stack(target.name, concern)
    stack = describe(target, name)
    if stack is None and template is None:
        raise DeployFailed(f"there is no stack {name}; deploy it first")
    body = json.dumps(template, sort_keys=True, separators=(",", ":")) if template is not None else None
    sha = hashlib.sha256(body.encode()).hexdigest() if body else _tag(stack)
    had = {p["ParameterKey"]: p["ParameterValue"] for p in (stack or {}).get("Parameters", [])}
    keys = set(template.get("Parameters", {})) if template is not None else set(had)
    missing = sorted(keys - set(values) - set(had))
    if missing:
        raise DeployFailed(f"{name} needs {', '.join(missing)}: give --parameter {missing[0]}=… once, it is remembered")
    wanted = {key: values[key] for key in keys & set(values)}
    if stack and _tag(stack) == sha and all(had.get(key) == value for key, value in wanted.items()):
        target.say(f"    {name}: unchanged, skipped")
        return False
    parameters = [
        {"ParameterKey": key, "ParameterValue": wanted[key]} if key in wanted
        else {"ParameterKey": key, "UsePreviousValue": True}
        for key in sorted(keys)
    ]  # fmt: skip
    told = ", ".join(f"{key}={value}" for key, value in sorted(wanted.items()) if had.get(key) != value)
    target.say(f"    {name}: {'update' if stack else 'create'}{f' with {told}' if told else ''}")
    arguments: dict[str, Any] = {
        "StackName": name,
        "Parameters": parameters,
        "Capabilities": ["CAPABILITY_NAMED_IAM"],
        "Tags": [{"Key": _SHA_TAG, "Value": sha}],
        **_template(target, concern, body, sha),
    }
    client = target.clients("cloudformation")
    try:
        client.update_stack(**arguments) if stack else client.create_stack(**arguments)
    except ClientError as error:
        if "No updates are to be performed" in str(error):
            return False
        raise DeployFailed(f"{name}: {error}") from error
    _wait(target, name)
    return True


def describe(target: Target, name: str) -> dict[str, Any] | None:
    """The stack, None where there is none."""
    try:
        found: dict[str, Any] = target.clients("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return found


def _template(target: Target, concern: str, body: str | None, sha: str) -> dict[str, Any]:
    if body is None:
        return {"UsePreviousTemplate": True}
    if concern in BEFORE_FILES:
        if len(body) > INLINE_BYTES:
            raise DeployFailed(f"the template of {concern} has {len(body)} bytes, above {INLINE_BYTES}: split it")
        return {"TemplateBody": body}
    bucket, key = target.names.artifacts_bucket, f"templates/{concern}-{sha[:16]}.json"
    target.clients("s3").put_object(Bucket=bucket, Key=key, Body=body.encode())
    return {"TemplateURL": f"https://{bucket}.s3.{target.names.region}.amazonaws.com/{key}"}


def _wait(target: Target, name: str) -> None:
    status = ""

    def ended() -> bool:
        nonlocal status
        stack = describe(target, name)
        status = stack["StackStatus"] if stack else "DELETED"
        return not status.endswith("_IN_PROGRESS")

    target.until(ended, f"{name} is being changed", seconds=_WAIT_SECONDS, every=_EVERY)
    if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        raise DeployFailed(f"{name} ended as {status}: {_first_failure(target, name)}")
    target.say(f"    {name}: {status}")


def _first_failure(target: Target, name: str) -> str:
    events = target.clients("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
    failed = [event for event in events if event["ResourceStatus"].endswith("_FAILED")]
    if not failed:
        return "no resource says why"
    first = failed[-1]
    return f"{first['LogicalResourceId']}: {first.get('ResourceStatusReason', 'no reason given')}"


def _tag(stack: Mapping[str, Any] | None) -> str:
    return next((tag["Value"] for tag in (stack or {}).get("Tags", []) if tag["Key"] == _SHA_TAG), "")
