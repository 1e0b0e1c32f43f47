"""A dry run: the release as it would be, against S3 and Secrets Manager in memory and recorded answers of the rest.

boto3 builds and checks every request; its answers are checked against the service's own model. Nothing leaves the
machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import yaml
from botocore.awsrequest import AWSResponse
from botocore.validate import validate_parameters
from moto import mock_aws

from podemos.contracts import airflow
from podemos.contracts.branches import branches
from tools.deploy.smoke import plugin_names
from tools.deploy.target import Target

ROOT = Path(__file__).resolve().parents[2]
RECORDED = Path(__file__).with_name("recorded") / "mwaa.yaml"
NOON = datetime(2026, 11, 24, 18, tzinfo=UTC)
"""12:00 in Mexico City: a release by day."""


@dataclass
class Account:
    """What a dry run remembers, and every call in its order as `service.Operation detail`."""

    answers: dict[str, list[Any]]
    calls: list[str] = field(default_factory=list)
    stacks: dict[str, dict[str, Any]] = field(default_factory=dict)
    pending: dict[str, list[str]] = field(default_factory=dict)
    fail: dict[str, str] = field(default_factory=dict)
    """Stack -> the status it ends with instead."""

    def answer(self, service: str, operation: str, given: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        """HTTP status and parsed answer of one call."""
        if service == "cloudformation":
            return getattr(self, f"_{operation}")(given["StackName"], given)
        if operation == "InvokeRestApi":
            path = f"{given['Method']} {given['Path']}"
            self.calls.append(f"mwaa {path}")
            return 200, {"RestApiStatusCode": 200, "RestApiResponse": self._recorded(path)}
        self.calls.append(f"{service} {operation}")
        return 200, self._recorded(operation)

    def _recorded(self, name: str) -> Any:
        known = self.answers.get(name)
        if not known:
            raise LookupError(f"no recorded answer to {name}; add one to {RECORDED.name}")
        return known.pop(0) if len(known) > 1 else known[0]

    def _CreateStack(self, name: str, given: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        return self._change(name, given, "CREATE")

    def _UpdateStack(self, name: str, given: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        return self._change(name, given, "UPDATE")

    def _change(self, name: str, given: Mapping[str, Any], kind: str) -> tuple[int, dict[str, Any]]:
        self.calls.append(f"cloudformation {kind} {name}")
        had = {p["ParameterKey"]: p for p in self.stacks.get(name, {}).get("Parameters", [])}
        parameters = [had[p["ParameterKey"]] if p.get("UsePreviousValue") else p for p in given["Parameters"]]
        self.stacks[name] = {
            "StackName": name, "StackId": f"stack/{name}", "CreationTime": NOON, "StackStatus": "",
            "Parameters": parameters, "Tags": given["Tags"],
        }  # fmt: skip
        self.pending[name] = [f"{kind}_IN_PROGRESS", self.fail.get(name, f"{kind}_COMPLETE")]
        return 200, {"StackId": f"stack/{name}"}

    def _DescribeStacks(self, name: str, _: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        if name not in self.stacks:
            return 400, _error("ValidationError", f"Stack with id {name} does not exist")
        if self.pending[name]:
            self.stacks[name]["StackStatus"] = self.pending[name].pop(0)
        return 200, {"Stacks": [dict(self.stacks[name])]}

    def _DescribeStackEvents(self, name: str, _: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        about = {"StackId": f"stack/{name}", "EventId": "1", "StackName": name, "Timestamp": NOON}
        failed = {"LogicalResourceId": "Environment", "ResourceStatus": "UPDATE_FAILED"}
        return 200, {"StackEvents": [about | failed | {"ResourceStatusReason": "recorded: the update was refused"}]}


def _answers() -> dict[str, list[Any]]:
    """The recorded answers, and what a healthy environment says of this checkout: its DAGs, plugins and pools."""
    answers: dict[str, list[Any]] = yaml.safe_load(RECORDED.read_text(encoding="utf-8"))
    dags = [
        {"dag_id": path.stem, "fileloc": f"/usr/local/airflow/dags/{path.name}", "is_paused": False}
        for path in sorted((ROOT / "dags").glob("*.py"))
    ]
    plugins = plugin_names(path.read_text(encoding="utf-8") for path in (ROOT / "plugins").glob("*.py"))
    pools = [pool.model_dump() for pool in airflow.environment().pools]
    answers["GET /dags"].append({"dags": dags, "total_entries": len(dags)})
    answers["GET /pools"].append({"pools": pools, "total_entries": len(pools)})
    answers["GET /plugins"] = [{"plugins": [{"name": name} for name in plugins], "total_entries": len(plugins)}]
    return answers


TOLD = {"PhonesIssuer": "https://id.example", "PhonesAudience": "podemos", "PowertoolsLayer": "arn:aws:lambda"}
"""What only people know of the stacks: given once, and remembered."""


@contextmanager
def rehearsal(
    name: str, say: Callable[[str], None], at: datetime = NOON, *, connections: bool = True
) -> Iterator[tuple[Target, Account]]:
    """A target whose world is in memory.

    Args:
        name: of the environment.
        say: takes the lines.
        at: what time it is.
        connections: whether the branches' secrets exist.
    """
    account = Account(_answers())
    with mock_aws():
        session = boto3.Session("dry", "run", region_name="us-east-1")
        clients = {s: session.client(s) for s in ("s3", "secretsmanager", "cloudformation", "mwaa", "ecr")}
        for service in ("cloudformation", "mwaa", "ecr"):
            _answer_from(clients[service], service, account)
        target = Target(name, clients.__getitem__, say, lambda _: None, lambda: at)
        bucket = target.names.artifacts_bucket
        clients["s3"].create_bucket(Bucket=bucket)
        clients["s3"].put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        clients["s3"].meta.events.register("provide-client-params.s3.*", _recorder(account))
        if connections:
            for branch in branches().branches[: target.names.pilot_branches]:
                clients["secretsmanager"].create_secret(
                    Name=f"airflow/connections/{branch.connection}", SecretString="{}"
                )
        yield target, account


def _answer_from(client: Any, service: str, account: Account) -> None:
    def respond(model: Any, params: Mapping[str, Any], context: Mapping[str, Any], **_: Any) -> tuple[Any, Any]:
        status, answer = account.answer(service, model.name, context["podemos_params"])
        if status == 200 and model.output_shape is not None:
            validate_parameters(answer, model.output_shape)
        return AWSResponse(None, status, {}, None), answer

    def remember(params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["podemos_params"] = params

    client.meta.events.register(f"before-parameter-build.{service}", remember)
    client.meta.events.register(f"before-call.{service}", respond)


def _recorder(account: Account) -> Callable[..., None]:
    def record(params: Mapping[str, Any], model: Any, **_: Any) -> None:
        if model.name in ("PutObject", "CopyObject", "DeleteObject"):
            account.calls.append(f"s3 {model.name} {params['Key']}")

    return record


def _error(code: str, message: str) -> dict[str, Any]:
    return {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": 400}}
