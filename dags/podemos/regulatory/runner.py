"""Where the contingency runner runs: a port, and its adapter for ECS on Fargate. Standard library and boto3 only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from podemos.core.errors import SourceUnavailable

MODULE = ("python", "-m", "podemos.regulatory")
PENDING = frozenset({"PROVISIONING", "PENDING", "ACTIVATING", "RUNNING"})


class Runner(Protocol):
    """Starts `python -m podemos.regulatory` outside Airflow."""

    def start(self, token: str, arguments: Sequence[str]) -> str:
        """Starts it, once per token, and returns how to ask about it. The same token again starts nothing.

        Raises:
            SourceUnavailable: it could not be started.
        """
        ...

    def alive(self, handle: str) -> bool:
        """Whether it still runs; a runner that nobody knows is dead."""
        ...


@dataclass(frozen=True, slots=True)
class FargateSettings:
    """The task to run.

    Attributes:
        cluster: name or ARN.
        task_definition: family, whose newest revision runs.
        container: of the definition; its command is replaced.
        subnets: private ones that reach S3, KMS, SNS and Secrets Manager.
        security_groups: of the task.
    """

    cluster: str
    task_definition: str
    container: str
    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]


class Fargate:
    """ECS RunTask. The token is both `clientToken`, which makes a repeated call the same call, and `startedBy`.

    Args:
        client: boto3's of `ecs`.
        settings: what to run.
    """

    def __init__(self, client: Any, settings: FargateSettings) -> None:
        self._ecs, self._settings = client, settings

    def start(self, token: str, arguments: Sequence[str]) -> str:
        """The ARN of the task with this token."""
        settings = self._settings
        try:
            if known := self._known(token):
                return known
            answer = self._ecs.run_task(
                cluster=settings.cluster,
                taskDefinition=settings.task_definition,
                launchType="FARGATE",
                count=1,
                clientToken=token,
                startedBy=token,
                networkConfiguration={
                    "awsvpcConfiguration": {
                        "subnets": list(settings.subnets),
                        "securityGroups": list(settings.security_groups),
                        "assignPublicIp": "DISABLED",
                    }
                },
                overrides={"containerOverrides": [{"name": settings.container, "command": [*MODULE, *arguments]}]},
            )
        except self._ecs.exceptions.ClientError as error:
            raise SourceUnavailable(f"ECS RunTask of {settings.task_definition}: {error}") from error
        if not answer["tasks"]:
            reasons = "; ".join(f"{f.get('arn', '')} {f.get('reason', '')}" for f in answer.get("failures", ()))
            raise SourceUnavailable(f"ECS started no task of {settings.task_definition}: {reasons}")
        return str(answer["tasks"][0]["taskArn"])

    def alive(self, handle: str) -> bool:
        """Whether the task has not stopped. ECS forgets a stopped one after an hour."""
        found = self._ecs.describe_tasks(cluster=self._settings.cluster, tasks=[handle])["tasks"]
        return any(task["lastStatus"] in PENDING for task in found)

    def _known(self, token: str) -> str | None:
        for status in ("RUNNING", "STOPPED"):
            found = self._ecs.list_tasks(cluster=self._settings.cluster, startedBy=token, desiredStatus=status)
            if found["taskArns"]:
                return str(found["taskArns"][0])
        return None
