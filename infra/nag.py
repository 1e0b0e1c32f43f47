"""cdk-nag's AWS Solutions rules, and the findings that are meant, each with its reason. Anything else is an error."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import aws_cdk as cdk
import cdk_nag

from infra.app import House


@dataclass(frozen=True, order=True)
class Finding:
    """A rule, with what it found, at a construct."""

    rule: str
    construct: str


@dataclass(frozen=True)
class Meant:
    """Findings that stand: patterns of rule and construct, which must match wholly, and why."""

    rule: str
    construct: str
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether this is one of them."""
        return bool(re.fullmatch(self.rule, finding.rule) and re.fullmatch(self.construct, finding.construct))


_IAM5 = r"AwsSolutions-IAM5\[{}\]"


def _resource(pattern: str) -> str:
    return _IAM5.format(f"Resource::{pattern}")


MEANT = (
    Meant(
        _resource(r"arn:aws:s3:::[a-z-]+/[a-z_/-]*\*"), r".*",
        "objects below a bucket's prefix: S3 cannot name what does not exist yet; a whole bucket only to read",
    ),
    Meant(
        _resource(r"\*"), r"mwaa/MwaaPolicy/Resource",
        "s3:GetAccountPublicAccessBlock, logs:DescribeLogGroups and cloudwatch:PutMetricData know no resource, the "
        "last is held to namespaces; beside them a Deny",
    ),
    Meant(
        _resource(r"\*"), r"mwaa/WarehousePolicy/Resource",
        "a Data API statement has no ARN; the condition leaves the role its own statements",
    ),
    Meant(
        _resource(r"\*"), r"observability/ContingencyStartRole/DefaultPolicy/Resource",
        "ecr:GetAuthorizationToken is a login to the registry as a whole",
    ),
    Meant(
        _resource(r"\*"), r"observability/WatchdogRole/DefaultPolicy/Resource",
        "ecs:ListTasks knows container instances only; the condition holds it to the cluster",
    ),
    Meant(
        _resource(r"arn:aws:logs:<AWS::Region>:<AWS::AccountId>:log-group:(airflow-podemos-[a-z]+-|/aws-glue/)\*"),
        r".*",
        "groups that MWAA and Glue name after the environment and the job, and streams that they make",
    ),
    Meant(
        _resource(r"arn:aws:logs:<AWS::Region>:<AWS::AccountId>:log-group:/aws/lambda/podemos[a-z-]+:\*"), r".*",
        "the streams of the function's own log group",
    ),
    Meant(
        _resource(r"arn:aws:sqs:<AWS::Region>:\*:airflow-celery-\*"), r"mwaa/MwaaPolicy/Resource",
        "MWAA's queue lives in an account of the service; AWS documents this very resource",
    ),
    Meant(
        _resource(r"arn:aws:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:airflow/(connections|variables)/\*"),
        r"mwaa/EverybodyPolicy/Resource",
        "the secrets backend's two prefixes: one secret per branch",
    ),
    Meant(
        _resource(r"arn:aws:glue:<AWS::Region>:<AWS::AccountId>:table/[a-z_]+/\*"), r"mwaa/BranchesPolicy/Resource",
        "tables of our own database: a new contract brings a new one",
    ),
    Meant(
        _resource(r"arn:aws:ecs:<AWS::Region>:<AWS::AccountId>:(task-definition/[a-z-]+:|task/[a-z-]+/)\*"),
        r"observability/WatchdogRole/DefaultPolicy/Resource",
        "revisions of one family, tasks of one cluster",
    ),
    Meant(
        r"AwsSolutions-SQS3", r"mobile/PodemosMobileBacklog/Resource",
        "a message here calls for an early compaction; one that is lost is made up for by the schedule",
    ),
    Meant(
        r"AwsSolutions-SMG4", r"mwaa/PlatformVariable",
        "an Airflow Variable that holds names, not a credential: there is nothing to rotate",
    ),
    Meant(
        r"AwsSolutions-L1", r"(mobile/(ProcessEvents|Ingest)|observability/Watchdog)/Resource",
        "Python 3.12 is the version of MWAA's image, on which the library is tested; supported until October 2028",
    ),
)  # fmt: skip


def findings(house: House) -> set[Finding]:
    """Synthesizes with the rules and returns all they found. The app cannot be synthesized again."""
    cdk.Validations.of(house.app).add_plugins(cdk_nag.AwsSolutionsChecks(house.app))
    folder = Path(house.app.outdir)
    try:
        house.app.synth()
    except RuntimeError as error:  # how the finding itself is told; the report has all of them
        if not (folder / "validation-report.json").exists():
            raise RuntimeError("synthesis failed before any rule ran") from error
    return set(_read(folder / "validation-report.json"))


def _read(report: Path) -> Iterator[Finding]:
    for plugin in json.loads(report.read_text(encoding="utf-8"))["pluginReports"]:
        for violation in plugin["violations"]:
            for construct in violation["violatingConstructs"]:
                yield Finding(violation["ruleName"], construct["constructPath"])
