"""What acts when Airflow is dead: the watchdog function, its four clocks, and the task that publishes the report."""

from __future__ import annotations

import json

import aws_cdk as cdk
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as functions
from aws_cdk import aws_scheduler as scheduler

from infra import grants
from infra.functions import house_function
from infra.grants import allow
from infra.site import HouseStack, bucket_arn, objects
from infra.stacks.network import NetworkStack
from podemos.contracts import resources
from podemos.contracts.delivery import delivery
from podemos.contracts.function import watchdog_environment

ZONE = "America/Mexico_City"


class Contingency:
    """The Fargate task `python -m podemos.regulatory run`: the report by the second engine, without Airflow."""

    def __init__(self, stack: HouseStack, key: kms.IKey, signing_key: str) -> None:
        site, names = stack.site, stack.site.names.contingency
        self.cluster = ecs.CfnCluster(
            stack, "Cluster", cluster_name=names.cluster,
            cluster_settings=[ecs.CfnCluster.ClusterSettingsProperty(name="containerInsights", value="enabled")],
        )  # fmt: skip
        self.repository = ecr.Repository(
            stack, "Image", repository_name=site.deployment.watchdog.repository, removal_policy=stack.retain,
            image_tag_mutability=ecr.TagMutability.IMMUTABLE, image_scan_on_push=True,
            encryption=ecr.RepositoryEncryption.KMS, encryption_key=key,
            lifecycle_rules=[ecr.LifecycleRule(max_image_count=30, description="releases to go back to")],
        )  # fmt: skip
        self.task_role = _ecs_role(stack, "ContingencyRole", "The report's contingency task", site.contingency_role)
        data = allow("DataKey", ["kms:Decrypt", "kms:GenerateDataKey"], [key.key_arn])
        platform_variable = [stack.arn("secretsmanager", "secret:airflow/variables/podemos_platform-??????")]
        for statement in (
            *_reads(stack), *grants.regulatory(stack, signing_key, delivery()), data,
            allow("PlatformVariable", ["secretsmanager:GetSecretValue"], platform_variable),
        ):  # fmt: skip
            self.task_role.add_to_policy(statement)
        self.start_role = _ecs_role(stack, "ContingencyStartRole", "Starts the contingency task: image, log, names")
        log = stack.log_group("ContingencyLog", f"/{site.mwaa}/contingency", key)
        for statement in (
            allow("Image", ["ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"],
                  [self.repository.repository_arn]),
            # The login is to the registry as a whole; the service knows no resource for it.
            allow("RegistryLogin", ["ecr:GetAuthorizationToken"], ["*"]),
            allow("Log", ["logs:CreateLogStream", "logs:PutLogEvents"], [log.log_group_arn]),
            allow("Names", ["secretsmanager:GetSecretValue"], platform_variable), data,
        ):  # fmt: skip
            self.start_role.add_to_policy(statement)
        tag = stack.release("ContingencyTag", "Tag of the contingency task's image")
        container = ecs.CfnTaskDefinition.ContainerDefinitionProperty(
            name=names.container,
            image=f"{self.repository.repository_uri}:{tag}",
            essential=True,
            readonly_root_filesystem=False,  # DuckDB spills to its temporary folder
            secrets=[ecs.CfnTaskDefinition.SecretProperty(
                name="PODEMOS_PLATFORM",
                value_from=stack.arn("secretsmanager", "secret:airflow/variables/podemos_platform"),
            )],
            log_configuration=ecs.CfnTaskDefinition.LogConfigurationProperty(
                log_driver="awslogs",
                options={"awslogs-group": log.log_group_name, "awslogs-region": stack.region,
                         "awslogs-stream-prefix": "run"},
            ),
        )  # fmt: skip
        ecs.CfnTaskDefinition(
            stack, "Task", family=names.task_definition, requires_compatibilities=["FARGATE"], network_mode="awsvpc",
            cpu="2048", memory="8192", task_role_arn=self.task_role.role_arn,
            execution_role_arn=self.start_role.role_arn, container_definitions=[container],
            runtime_platform=ecs.CfnTaskDefinition.RuntimePlatformProperty(
                cpu_architecture="X86_64", operating_system_family="LINUX"
            ),
        )  # fmt: skip


def watchdog(
    stack: HouseStack, network: NetworkStack, key: kms.IKey, release: str, contingency: Contingency
) -> functions.Function:
    """The function and its schedules."""
    site = stack.site
    names, task = site.names, site.names.contingency
    environment = watchdog_environment(names, delivery()) | {
        "ALERTS_TOPIC_ARN": stack.arn("sns", resources.topics(names)[0 if names.production else 1]),
        "REHEARSAL_TOPIC_ARN": stack.arn("sns", resources.topics(names)[1]),
        "SUBNETS": cdk.Fn.join(",", network.private_ids),
        "SECURITY_GROUPS": network.security_group.security_group_id,
    }
    cluster = {"ArnEquals": {"ecs:cluster": stack.arn("ecs", f"cluster/{task.cluster}")}}
    pass_to = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    tasks = stack.arn("ecs", f"task/{task.cluster}/*")
    # `runner.Fargate` also looks for the token's task; ListTasks takes a container instance or `*`, so the cluster is
    # held by the condition.
    statements = [
        *_reads(stack),
        allow("Claim", ["s3:PutObject"], objects(names.lake_bucket, "regulatory/", "alerts/")),
        allow("TellAPerson", ["sns:Publish"], [stack.arn("sns", name) for name in resources.topics(names)]),
        allow("Start", ["ecs:RunTask"], [stack.arn("ecs", f"task-definition/{task.task_definition}:*")], cluster),
        allow("Follow", ["ecs:DescribeTasks"], [tasks], cluster),
        allow("Find", ["ecs:ListTasks"], ["*"], cluster),
        allow(
            "HandRoles", ["iam:PassRole"], [contingency.task_role.role_arn, contingency.start_role.role_arn], pass_to
        ),
        allow("DataKey", ["kms:Decrypt", "kms:GenerateDataKey"], [key.key_arn]),
    ]
    made = house_function(
        stack, "watchdog", site.deployment.watchdog.function, "Looks at tonight's report from outside Airflow",
        release, key, environment, statements, timeout=120, memory=512,
    )  # fmt: skip
    _clocks(stack, made)
    return made


def _clocks(stack: HouseStack, function: functions.Function) -> None:
    """One schedule per clock, on Mexico City's time; the function is told the instant it was meant for."""
    role = iam.Role(
        stack,
        "ClockRole",
        description="Wakes the watchdog",
        assumed_by=iam.ServicePrincipal(
            "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": stack.account}}
        ),
    )
    role.add_to_policy(allow("Wake", ["lambda:InvokeFunction"], [function.function_arn]))
    for clock in stack.site.deployment.watchdog.clocks:
        hour, minute = clock.split(":")
        scheduler.CfnSchedule(
            stack,
            f"Clock{hour}{minute}",
            name=f"{stack.site.deployment.watchdog.function}-{hour}{minute}",
            description=f"The watchdog at {clock}",
            schedule_expression=f"cron({int(minute)} {int(hour)} * * ? *)",
            schedule_expression_timezone=ZONE,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=function.function_arn,
                role_arn=role.role_arn,
                input=json.dumps({"time": "<aws.scheduler.scheduled-time>"}),
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=600, maximum_retry_attempts=5
                ),
            ),
        )


def _reads(stack: HouseStack) -> list[iam.PolicyStatement]:
    """The lake's evidence and the published versions."""
    names = stack.site.names
    buckets = [bucket_arn(names.lake_bucket), bucket_arn(names.reports_bucket)]
    found = [*objects(names.lake_bucket, ""), *objects(names.reports_bucket, "reports/")]
    return [
        allow("ReadEvidence", ["s3:GetObject", "s3:GetObjectVersion"], found),
        allow("ListEvidence", ["s3:ListBucket"], buckets),
    ]


def _ecs_role(stack: HouseStack, identifier: str, about: str, name: str | None = None) -> iam.Role:
    return iam.Role(
        stack,
        identifier,
        role_name=name,
        description=about,
        assumed_by=iam.ServicePrincipal(
            "ecs-tasks.amazonaws.com",
            conditions={
                "StringEquals": {"aws:SourceAccount": stack.account},
                "ArnLike": {"aws:SourceArn": stack.arn("ecs", "*")},
            },
        ),
    )
