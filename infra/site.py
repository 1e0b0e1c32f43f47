"""What every stack is told, and what every stack has in common."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from podemos.contracts.deployment import AwsEnvironment, Deployment
from podemos.contracts.platform import Platform


@dataclass(frozen=True)
class Site:
    """One environment: its name, its settings, the names of what it holds."""

    name: str
    deployment: Deployment

    @cached_property
    def settings(self) -> AwsEnvironment:
        """Sizes and switches."""
        return self.deployment.environment(self.name)

    @cached_property
    def names(self) -> Platform:
        """Names of buckets, tables, jobs."""
        return self.deployment.platform(self.name)

    @property
    def mwaa(self) -> str:
        """The MWAA environment's name."""
        return self.deployment.mwaa_name(self.name)

    @property
    def execution_role(self) -> str:
        """Name of the role of every task."""
        return f"{self.mwaa}-mwaa"

    @property
    def contingency_role(self) -> str:
        """Name of the role of the report's contingency task."""
        return f"{self.mwaa}-contingency"

    @property
    def production(self) -> bool:
        """Whether what is deleted here is missed."""
        return self.names.production


class HouseStack(cdk.Stack):
    """A stack without assets, so that it needs no bootstrap: `BootstraplessSynthesizer` and plain CloudFormation."""

    def __init__(self, scope: Construct, site: Site, concern: str, description: str) -> None:
        super().__init__(
            scope,
            concern,
            stack_name=site.deployment.stack(site.name, concern),
            description=description,
            synthesizer=cdk.BootstraplessSynthesizer(),
            termination_protection=site.production,
        )
        self.site = site
        self.retain = cdk.RemovalPolicy.RETAIN if site.production else cdk.RemovalPolicy.DESTROY
        cdk.Tags.of(self).add("project", site.deployment.stack_prefix)
        cdk.Tags.of(self).add("environment", site.name)

    def arn(self, service: str, resource: str) -> str:
        """An ARN in this account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def role_arn(self, name: str) -> str:
        """A role of this account by name."""
        return f"arn:aws:iam::{self.account}:role/{name}"

    def imported_key(self, key: kms.IKey) -> kms.IKey:
        """Another stack's key as one whose policy this stack cannot touch, so that stacks depend one way only."""
        return kms.Key.from_key_arn(self, "DataKey", key.key_arn)

    def log_group(self, identifier: str, name: str, key: kms.IKey) -> logs.LogGroup:
        """An encrypted log group with the environment's retention."""
        days = self.site.settings.log_days
        group = logs.LogGroup(
            self, identifier, log_group_name=name, encryption_key=key, removal_policy=self.retain,
            retention=logs.RetentionDays.ONE_DAY,
        )  # fmt: skip
        resource = group.node.default_child
        assert isinstance(resource, logs.CfnLogGroup)  # noqa: S101 - what a LogGroup is made of
        resource.retention_in_days = days
        return group

    def release(self, identifier: str, description: str) -> str:
        """A parameter that only a release changes, by `tools.deploy`; returns its value's token."""
        return cdk.CfnParameter(self, identifier, type="String", description=description, min_length=1).value_as_string


def bucket_arn(name: str) -> str:
    """A bucket's ARN."""
    return f"arn:aws:s3:::{name}"


def objects(name: str, *prefixes: str) -> list[str]:
    """ARNs of the objects below prefixes."""
    return [f"arn:aws:s3:::{name}/{prefix}*" for prefix in prefixes]
