"""Every policy read line by line: no service-wide action, no `*` without condition or stated reason, no stranger."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.tests.conftest import of_type

ROOT = Path(__file__).parents[2]
UNNAMEABLE = {
    "s3:GetAccountPublicAccessBlock",
    "logs:DescribeLogGroups",
    "cloudwatch:PutMetricData",
    "ecr:GetAuthorizationToken",
    "ecs:ListTasks",
    "redshift-data:DescribeStatement",
    "redshift-data:GetStatementResult",
    "redshift-data:CancelStatement",
}
"""Actions whose service knows no resource; the code says so beside each."""
NEEDS_CONDITION = UNNAMEABLE - {"s3:GetAccountPublicAccessBlock", "logs:DescribeLogGroups", "ecr:GetAuthorizationToken"}
KEY_POLICY_ACTIONS = ("kms:",)


def many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def identity_statements(stacks: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of roles: inline and managed."""
    for stack, template in stacks.items():
        for kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
            for name, properties in of_type(template, kind).items():
                for statement in properties["PolicyDocument"]["Statement"]:
                    yield f"{stack}/{name}/{statement.get('Sid', '')}", statement


def trusts(stacks: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for stack, template in stacks.items():
        for name, properties in of_type(template, "AWS::IAM::Role").items():
            for statement in properties["AssumeRolePolicyDocument"]["Statement"]:
                yield f"{stack}/{name}", statement


def test_no_action_is_a_whole_service(stacks):
    for where, statement in identity_statements(stacks):
        for action in many(statement["Action"]):
            assert not action.endswith((":*", "*")), f"{where}: {action}"


def test_a_resource_star_stands_only_where_no_resource_can_be_named(stacks):
    stars = [(w, s) for w, s in identity_statements(stacks) if s["Effect"] == "Allow" and "*" in many(s["Resource"])]
    assert len(stars) >= 4, "the test saw none"
    for where, statement in stars:
        actions = set(many(statement["Action"]))
        assert actions <= UNNAMEABLE, f"{where}: {sorted(actions - UNNAMEABLE)}"
        if actions & NEEDS_CONDITION:
            assert statement.get("Condition"), where


def test_every_role_trusts_one_service_of_this_account_only(stacks):
    seen = 0
    for where, statement in trusts(stacks):
        services = many(statement["Principal"]["Service"])
        if any("vpc-flow-logs" in str(service) for service in services):
            continue  # made by the construct library; it can only write into its own group
        seen += 1
        assert statement["Condition"]["StringEquals"]["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}, where
    assert seen >= 8


def test_mwaa_assumes_its_role_for_this_environment_only(stacks, environment):
    (document,) = [s for w, s in trusts(stacks) if w.startswith("mwaa/") and "airflow.amazonaws.com" in str(s)][:1]
    assert f"environment/podemos-{environment}" in json.dumps(document["Condition"]["ArnLike"])


@pytest.mark.parametrize("action", ["kms:Sign", "s3:PutObjectRetention"])
def test_only_what_publishes_may_sign_and_lock(stacks, action):
    holders = {where.split("/")[1][:14] for where, s in identity_statements(stacks) if action in many(s["Action"])}
    assert holders == {"RegulatoryPoli", "ContingencyRol"}


def test_no_role_but_the_two_publishers_writes_reports(stacks, environment):
    bucket = {"dev": "podemos-dev-reports", "prod": "podemos-reports"}[environment]
    writers = {
        where.split("/")[1][:14] for where, s in identity_statements(stacks)
        if "s3:PutObject" in many(s["Action"]) and any(bucket in str(r) for r in many(s["Resource"]))
    }  # fmt: skip
    assert writers == {"RegulatoryPoli", "ContingencyRol"}


def test_nobody_may_delete_what_the_lake_or_the_reports_hold(stacks):
    """Spark's committer removes its temporary folders; versions stay."""
    for where, statement in identity_statements(stacks):
        for action in many(statement["Action"]):
            if action.startswith("s3:Delete"):
                assert where.startswith("data/GlueRole") and action == "s3:DeleteObject", where
                prefixes = {str(r).partition("/")[2] for r in many(statement["Resource"])}
                assert prefixes == {"curated/*", "delta/*", "decided/*", "quarantine/*"}


def written(keys: Path) -> set[str]:
    """What the keys of a concern's module begin with: constants, and the texts that its functions return."""
    tree, texts = ast.parse(keys.read_text()), set()
    formatted = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    inside = {id(part) for text in formatted for part in ast.walk(text)}
    texts |= {str(t.values[0].value) for t in formatted if t.values and isinstance(t.values[0], ast.Constant)}
    texts |= {
        node.value for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside
    }  # fmt: skip
    return {text for text in texts if re.fullmatch(r"[a-z_]+/[a-z_/.=]*", text) and not text.startswith("reports/")}


@pytest.mark.parametrize("concern", ["branches", "regulatory"])
def test_every_prefix_that_the_code_writes_is_granted(stacks, concern):
    allowed = [
        str(resource).partition("/")[2].removesuffix("*")
        for _, statement in identity_statements(stacks) if "s3:PutObject" in many(statement["Action"])
        for resource in many(statement["Resource"])
    ]  # fmt: skip
    prefixes = written(ROOT / "dags" / "podemos" / concern / "keys.py")
    assert len(prefixes) > 3
    assert [p for p in sorted(prefixes) if not any(p.startswith(granted) for granted in allowed)] == []


def test_roles_are_handed_on_to_the_contingency_task_only(stacks):
    passing = [(w, s) for w, s in identity_statements(stacks) if "iam:PassRole" in many(s["Action"])]
    assert len(passing) == 1
    assert passing[0][1]["Condition"] == {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
