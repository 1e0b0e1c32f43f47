"""State table, Glue and Redshift, each with the role that it assumes."""

from __future__ import annotations

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_glue as glue
from aws_cdk import aws_iam as iam
from aws_cdk import aws_redshiftserverless as redshift
from constructs import Construct

from infra.site import HouseStack, Site, bucket_arn, objects
from infra.stacks.network import NetworkStack
from infra.stacks.storage import StorageStack
from podemos.contracts import resources

CURATE_WRITES = ("manifests/branches/results/", "curated/", "delta/", "decided/", "quarantine/")
SPARK_WRITES = CURATE_WRITES[1:]
"""What Spark's own committer writes: by way of temporary folders, which it removes; versions stay."""
CURATE_READS = ("raw/", "manifests/branches/", "config/zones/", "decisions/branches/", *SPARK_WRITES)
COPIED = ("curated/", "delta/", "manifests/branches/", "regulatory/normalised/", "regulatory/nights/")


class DataStack(HouseStack):
    """What holds and computes data beside the buckets."""

    def __init__(self, scope: Construct, site: Site, network: NetworkStack, storage: StorageStack) -> None:
        super().__init__(scope, site, "data", "State table, Glue job and catalog, Redshift Serverless")
        self.key = self.imported_key(storage.key)
        for table in resources.tables(site.names):
            state_table(self, "BranchState", table, self.key)
        self._catalog()
        self._jobs()
        self.workgroup = self._warehouse(network)

    def _catalog(self) -> None:
        glue.CfnDatabase(
            self,
            "Catalog",
            catalog_id=self.account,
            database_input=glue.CfnDatabase.DatabaseInputProperty(
                name=self.site.names.catalog_database, description="Curated tables"
            ),
        )

    def _jobs(self) -> None:
        names, release = self.site.names, self.release("GlueRelease", "Folder of the Glue scripts below glue/")
        role = self._glue_role()
        security = glue.CfnSecurityConfiguration(
            self,
            "GlueSecurity",
            name=f"{self.site.mwaa}-glue",
            encryption_configuration=glue.CfnSecurityConfiguration.EncryptionConfigurationProperty(
                cloud_watch_encryption=glue.CfnSecurityConfiguration.CloudWatchEncryptionProperty(
                    cloud_watch_encryption_mode="SSE-KMS", kms_key_arn=self.key.key_arn
                ),
                job_bookmarks_encryption=glue.CfnSecurityConfiguration.JobBookmarksEncryptionProperty(
                    job_bookmarks_encryption_mode="CSE-KMS", kms_key_arn=self.key.key_arn
                ),
                s3_encryptions=[
                    glue.CfnSecurityConfiguration.S3EncryptionProperty(
                        s3_encryption_mode="SSE-KMS", kms_key_arn=self.key.key_arn
                    )
                ],
            ),
        )
        for job in resources.jobs(names):
            resource = glue.CfnJob(
                self,
                job.name.title().replace("_", ""),
                name=job.name,
                role=role.role_arn,
                glue_version=job.version,
                worker_type=job.worker_type,
                number_of_workers=job.workers,
                timeout=job.timeout_minutes,
                max_retries=job.retries,
                execution_property=glue.CfnJob.ExecutionPropertyProperty(max_concurrent_runs=job.concurrent_runs),
                command=glue.CfnJob.JobCommandProperty(
                    name="glueetl", python_version="3", script_location=job.script(names.artifacts_bucket, release)
                ),
                default_arguments=job.arguments(names.artifacts_bucket, release),
                security_configuration=security.name,
            )
            resource.add_resource_dependency(security)

    def _glue_role(self) -> iam.Role:
        """Reads what landed, writes what it curates; neither the report's folders nor any secret."""
        names = self.site.names
        role = iam.Role(
            self,
            "GlueRole",
            role_name=names.glue_role,
            description="Glue jobs: curate what the branches landed",
            assumed_by=iam.ServicePrincipal(
                "glue.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": self.account}}
            ),
        )
        lake, scripts = names.lake_bucket, objects(names.artifacts_bucket, "glue/")
        logs = [self.arn("logs", "log-group:/aws-glue/*")]
        for actions, where in (
            (["s3:GetObject"], objects(lake, *CURATE_READS)),
            (["s3:PutObject"], objects(lake, *CURATE_WRITES)),
            (["s3:DeleteObject"], objects(lake, *SPARK_WRITES)),
            (["s3:GetObject"], scripts),
            (["s3:ListBucket", "s3:GetBucketLocation"], [bucket_arn(lake), bucket_arn(names.artifacts_bucket)]),
            (["kms:Decrypt", "kms:GenerateDataKey", "kms:Encrypt", "kms:DescribeKey"], [self.key.key_arn]),
            (["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "logs:AssociateKmsKey"], logs),
        ):
            role.add_to_policy(iam.PolicyStatement(actions=actions, resources=where))
        return role

    def _warehouse(self, network: NetworkStack) -> redshift.CfnWorkgroup:
        """Redshift Serverless, reached through the Data API alone: its group admits nobody."""
        names, size = self.site.names, self.site.settings.warehouse
        role = self._copy_role()
        namespace = redshift.CfnNamespace(
            self,
            "Namespace",
            namespace_name=names.warehouse.workgroup,
            db_name=names.warehouse.database,
            manage_admin_password=True,
            kms_key_id=self.key.key_arn,
            admin_password_secret_kms_key_id=self.key.key_arn,
            iam_roles=[role.role_arn],
            default_iam_role_arn=role.role_arn,
            log_exports=["userlog", "connectionlog", "useractivitylog"],
        )
        namespace.apply_removal_policy(self.retain)
        workgroup = redshift.CfnWorkgroup(
            self,
            "Workgroup",
            workgroup_name=names.warehouse.workgroup,
            namespace_name=namespace.namespace_name,
            base_capacity=size.base_rpu,
            max_capacity=size.max_rpu,
            publicly_accessible=False,
            enhanced_vpc_routing=False,
            subnet_ids=network.private_ids,
            security_group_ids=[network.security_group.security_group_id],
            config_parameters=[
                redshift.CfnWorkgroup.ConfigParameterProperty(parameter_key=key, parameter_value=value)
                for key, value in (("require_ssl", "true"), ("enable_user_activity_logging", "true"))
            ],
        )
        workgroup.add_resource_dependency(namespace)
        return workgroup

    def _copy_role(self) -> iam.Role:
        """COPY reads what is curated or normalised, UNLOAD writes where the report is built."""
        names = self.site.names
        role = iam.Role(
            self,
            "WarehouseCopyRole",
            role_name=names.warehouse.copy_role_arn.rpartition("/")[2],
            description="COPY and UNLOAD of the warehouse",
            assumed_by=iam.PrincipalWithConditions(
                iam.CompositePrincipal(
                    iam.ServicePrincipal("redshift.amazonaws.com"),
                    iam.ServicePrincipal("redshift-serverless.amazonaws.com"),
                ),
                {"StringEquals": {"aws:SourceAccount": self.account}},
            ),
        )
        lake = names.lake_bucket
        for actions, where in (
            (
                ["s3:GetObject"],
                objects(lake, *COPIED),
            ),
            (["s3:PutObject"], objects(lake, "regulatory/builds/")),
            (["s3:ListBucket", "s3:GetBucketLocation"], [bucket_arn(lake)]),
            (["kms:Decrypt", "kms:GenerateDataKey"], [self.key.key_arn]),
        ):
            role.add_to_policy(iam.PolicyStatement(actions=actions, resources=where))
        return role


def state_table(stack: HouseStack, identifier: str, table: resources.Table, key: object) -> dynamodb.Table:
    """A table as `resources` has it: encrypted, with 35 days of restore points."""
    return dynamodb.Table(
        stack,
        identifier,
        table_name=table.name,
        partition_key=dynamodb.Attribute(name=table.key, type=dynamodb.AttributeType.STRING),
        billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
        time_to_live_attribute=table.expires,
        encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
        encryption_key=key,  # type: ignore[arg-type]  # kms.IKey
        point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=True
        ),
        deletion_protection=stack.site.production,
        removal_policy=stack.retain,
    )
