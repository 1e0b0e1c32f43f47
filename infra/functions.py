"""A Lambda function of the house: code of a release in the artifacts bucket, a role with only what it was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as functions
from aws_cdk import aws_s3 as s3

from infra.grants import allow
from infra.site import HouseStack

RUNTIME = functions.Runtime.PYTHON_3_12
"""MWAA's Python, so that a library has one version of the language everywhere outside Glue."""


def house_function(
    stack: HouseStack,
    code: str,
    name: str,
    about: str,
    release: str,
    key: kms.IKey,
    environment: Mapping[str, str],
    statements: Sequence[iam.PolicyStatement],
    *,
    timeout: int,
    memory: int,
) -> functions.Function:
    """The function, its role and its log group.

    Args:
        stack: it belongs to.
        code: the folder of include/functions; the bundle holds it as a zip of this name.
        name: of the function.
        about: one line.
        release: the folder below functions/ in the artifacts bucket.
        key: of its log.
        environment: its variables.
        statements: what it may do, beside writing its own log.
        timeout: seconds.
        memory: MB.
    """
    identifier = code.title().replace("_", "")
    log = stack.log_group(f"{identifier}Log", f"/aws/lambda/{name}", key)
    role = iam.Role(
        stack,
        f"{identifier}Role",
        description=about,
        assumed_by=iam.ServicePrincipal(
            "lambda.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": stack.account}}
        ),
    )
    streams = [f"{log.log_group_arn}", f"{stack.arn('logs', f'log-group:/aws/lambda/{name}')}:*"]
    for statement in (*statements, allow("OwnLog", ["logs:CreateLogStream", "logs:PutLogEvents"], streams)):
        role.add_to_policy(statement)
    bucket = s3.Bucket.from_bucket_name(stack, f"{identifier}Artifacts", stack.site.names.artifacts_bucket)
    return functions.Function(
        stack,
        identifier,
        function_name=name,
        description=about,
        runtime=RUNTIME,
        architecture=functions.Architecture.ARM_64,
        handler="handler.handler",
        code=functions.Code.from_bucket(bucket, f"functions/{release}/{code}.zip"),
        role=role,
        environment=dict(environment),
        timeout=cdk.Duration.seconds(timeout),
        memory_size=memory,
        log_group=log,
        tracing=functions.Tracing.DISABLED,
    )
