"""The MWAA environment, its one role, its log groups, and the Variable that tells the DAGs where they are."""

from __future__ import annotations

from typing import Any

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_mwaa as mwaa
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra import grants
from infra.site import HouseStack, Site, bucket_arn
from infra.stacks.data import DataStack
from infra.stacks.network import NetworkStack
from infra.stacks.storage import StorageStack
from podemos.contracts import resources
from podemos.contracts.delivery import delivery

AIRFLOW = "3.3.1"
LOGS = ("DAGProcessing", "Scheduler", "Task", "WebServer", "Worker")
PARAMETERS = {
    "PluginsVersion": "S3 version id of plugins.zip",
    "RequirementsVersion": "S3 version id of requirements.txt",
    "StartupVersion": "S3 version id of startup.sh",
}


class MwaaStack(HouseStack):
    """Airflow."""

    def __init__(
        self, scope: Construct, site: Site, network: NetworkStack, storage: StorageStack, data: DataStack
    ) -> None:
        super().__init__(scope, site, "mwaa", "The MWAA environment, its role, its logs")
        self.key = self._environment_key()
        self.role = self._role(storage, data)
        self.groups = {name: self.log_group(f"{name}Log", f"airflow-{site.mwaa}-{name}", self.key) for name in LOGS}
        self.airflow = self._environment(network)
        for group in self.groups.values():
            resource = group.node.default_child
            assert isinstance(resource, logs.CfnLogGroup)  # noqa: S101 - what a LogGroup is made of
            self.airflow.add_resource_dependency(resource)
        self._variable(network, data)

    def _environment_key(self) -> kms.Key:
        """MWAA takes its key at creation only, so it is one of its own that nothing else can make us replace."""
        key = kms.Key(
            self, "EnvironmentKey", alias=f"alias/{self.site.mwaa}-mwaa", enable_key_rotation=True,
            description="MWAA's database, queue and logs", removal_policy=self.retain,
        )  # fmt: skip
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="CloudWatchLogs",
                principals=[iam.ServicePrincipal(f"logs.{self.region}.amazonaws.com")],
                actions=["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
                resources=["*"],  # a key policy: * is this key
                conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": self.arn("logs", "*")}},
            )
        )
        return key

    def _role(self, storage: StorageStack, data: DataStack) -> iam.Role:
        site = self.site
        role = iam.Role(
            self,
            "ExecutionRole",
            role_name=site.execution_role,
            description="Every task of the MWAA environment",
            assumed_by=iam.PrincipalWithConditions(
                iam.CompositePrincipal(
                    iam.ServicePrincipal("airflow.amazonaws.com"), iam.ServicePrincipal("airflow-env.amazonaws.com")
                ),
                {
                    "StringEquals": {"aws:SourceAccount": self.account},
                    "ArnLike": {"aws:SourceArn": self.arn("airflow", f"environment/{site.mwaa}")},
                },
            ),
        )
        signing = storage.signing_keys[site.names.signing_key].key_arn
        environment_key = grants.allow(
            "EnvironmentKey",
            grants.USE_OF_A_KEY,
            [self.key.key_arn],
            {
                "StringEquals": {
                    "kms:ViaService": [f"sqs.{self.region}.amazonaws.com", f"s3.{self.region}.amazonaws.com"]
                }
            },
        )
        lake_key = grants.allow(
            "EncryptedTopicsAndTables",
            ["kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"],
            [storage.key.key_arn],
            {
                "StringEquals": {
                    "kms:ViaService": [f"{s}.{self.region}.amazonaws.com" for s in ("sns", "dynamodb", "s3")]
                }
            },
        )
        concerns = {
            "Mwaa": [*grants.mwaa(self, storage.key.key_arn), environment_key],
            "Everybody": [*grants.everybody(self), lake_key],
            "Branches": grants.branches(self),
            "Warehouse": grants.warehouse(self, data.workgroup.attr_workgroup_workgroup_arn),
            "Regulatory": grants.regulatory(self, signing, delivery()),
            "Mobile": grants.mobile(self),
        }
        for concern, statements in concerns.items():
            iam.ManagedPolicy(
                self,
                f"{concern}Policy",
                managed_policy_name=f"{site.execution_role}-{concern.lower()}",
                description=(getattr(grants, concern.lower()).__doc__ or "").splitlines()[0],
                statements=statements,
                roles=[role],
            )
        return role

    def _environment(self, network: NetworkStack) -> mwaa.CfnEnvironment:
        site, size = self.site, self.site.settings.mwaa
        version = {name: self.release(name, text) for name, text in PARAMETERS.items()}
        module = mwaa.CfnEnvironment.ModuleLoggingConfigurationProperty

        def log(group: str, level: str) -> Any:
            arn = self.arn("logs", f"log-group:airflow-{site.mwaa}-{group}")
            return module(enabled=True, log_level=level, cloud_watch_log_group_arn=arn)

        return mwaa.CfnEnvironment(
            self,
            "Environment",
            name=site.mwaa,
            airflow_version=AIRFLOW,
            environment_class=size.environment_class,
            execution_role_arn=self.role.role_arn,
            kms_key=self.key.key_arn,
            source_bucket_arn=bucket_arn(site.names.artifacts_bucket),
            dag_s3_path="dags",
            plugins_s3_path="plugins.zip",
            plugins_s3_object_version=version["PluginsVersion"],
            requirements_s3_path="requirements.txt",
            requirements_s3_object_version=version["RequirementsVersion"],
            startup_script_s3_path="startup.sh",
            startup_script_s3_object_version=version["StartupVersion"],
            network_configuration=mwaa.CfnEnvironment.NetworkConfigurationProperty(
                subnet_ids=network.private_ids, security_group_ids=[network.security_group.security_group_id]
            ),
            logging_configuration=mwaa.CfnEnvironment.LoggingConfigurationProperty(
                dag_processing_logs=log("DAGProcessing", "INFO"),
                scheduler_logs=log("Scheduler", "INFO"),
                task_logs=log("Task", "INFO"),
                webserver_logs=log("WebServer", "WARNING"),
                worker_logs=log("Worker", "INFO"),
            ),
            min_workers=size.workers,
            max_workers=size.workers,
            schedulers=size.schedulers,
            min_webservers=size.webservers,
            max_webservers=size.webservers,
            webserver_access_mode=size.access,
            worker_replacement_strategy="GRACEFUL",
            # In UTC: Sunday noon in Mexico, far from any night.
            weekly_maintenance_window_start="SUN:18:00",
            airflow_configuration_options=dict(sorted(site.deployment.airflow_options.items())),
        )

    def _variable(self, network: NetworkStack, data: DataStack) -> None:
        """The Variable `podemos_platform`: the names that differ here, and the ARNs that only the stacks know."""
        names = self.site.names
        alerts, quiet = (self.arn("sns", name) for name in resources.topics(names))
        secretsmanager.CfnSecret(
            self,
            "PlatformVariable",
            name="airflow/variables/podemos_platform",
            description="Airflow Variable: what platform.yaml is called in this environment",
            secret_string=self.to_json_string(
                self.site.settings.names
                | {
                    "region": self.region,
                    "alerts_topic_arn": alerts,
                    "rehearsal_topic_arn": quiet,
                    "warehouse": {"copy_role_arn": self.role_arn(names.warehouse.copy_role_arn.rpartition("/")[2])},
                    "contingency": {
                        "subnets": network.private_ids,
                        "security_groups": [network.security_group.security_group_id],
                    },
                }
            ),
        )
