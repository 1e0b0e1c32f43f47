"""Buckets, topics and keys: what outlives every other stack."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.site import HouseStack, Site, bucket_arn, objects
from podemos.contracts import resources

PUBLISHED = "reports/"
_DAY = cdk.Duration.days


class StorageStack(HouseStack):
    """Lake, reports, artifacts, the topics, the data key and the signing key."""

    def __init__(self, scope: Construct, site: Site) -> None:
        super().__init__(scope, site, "storage", "Buckets, topics and keys: what outlives every other stack")
        self.key = self._data_key()
        self.access_logs = s3.Bucket(
            self, "AccessLogs", bucket_name=f"{site.names.artifacts_bucket}-access", removal_policy=self.retain,
            encryption=s3.BucketEncryption.S3_MANAGED, block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            enforce_ssl=True, minimum_tls_version=1.2, object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            lifecycle_rules=[s3.LifecycleRule(expiration=_DAY(400))],
        )  # fmt: skip
        self.buckets = {bucket.name: self._bucket(bucket) for bucket in resources.buckets(site.names)}
        self._guard_reports(self.buckets[site.names.reports_bucket])
        self.topics = {name: self._topic(name) for name in resources.topics(site.names)}
        for address in site.settings.alerts_to:
            next(iter(self.topics.values())).add_subscription(subscriptions.EmailSubscription(address))
        self.signing_keys = {key.alias: self._signing_key(key) for key in resources.signing_keys(site.names)}

    def _data_key(self) -> kms.Key:
        """Encrypts buckets, topics, queues, tables and logs. Who may use it is said by the users' own roles."""
        key = kms.Key(
            self, "DataKey", alias=f"alias/{self.site.mwaa}-data", enable_key_rotation=True, removal_policy=self.retain,
            description="Data at rest: buckets, topics, queues, tables, logs",
        )  # fmt: skip
        use = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="CloudWatchLogs",
                principals=[iam.ServicePrincipal(f"logs.{self.region}.amazonaws.com")],
                actions=use,
                resources=["*"],  # a key policy: * is this key
                conditions={"ArnLike": {"kms:EncryptionContext:aws:logs:arn": self.arn("logs", "*")}},
            )
        )
        senders = ["cloudwatch", "events", "budgets", "sns"]
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="ServicesThatSendToTopicsAndQueues",
                principals=[iam.ServicePrincipal(f"{service}.amazonaws.com") for service in senders],
                actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                resources=["*"],  # a key policy: * is this key
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        return key

    def _bucket(self, bucket: resources.Bucket) -> s3.Bucket:
        made = s3.Bucket(
            self,
            self._identifier(bucket.name),
            bucket_name=bucket.name,
            versioned=True,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            server_access_logs_bucket=self.access_logs,
            server_access_logs_prefix=f"{bucket.name}/",
            object_lock_enabled=bucket.locked or None,
            object_lock_default_retention=(
                s3.ObjectLockRetention.governance(_DAY(resources.LOCK_DAYS)) if bucket.locked else None
            ),
            lifecycle_rules=self._lifecycle(bucket.name),
            removal_policy=cdk.RemovalPolicy.RETAIN,
        )
        if bucket.name == self.site.names.lake_bucket:
            resource = made.node.default_child
            assert isinstance(resource, s3.CfnBucket)  # noqa: S101 - what a Bucket is made of
            # The construct's own switch would add a function that sets it; CloudFormation can.
            resource.add_property_override(
                "NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled", True
            )
        return made

    def _identifier(self, name: str) -> str:
        """What the bucket is for: another name in another account is the same resource."""
        names = self.site.names
        return {names.lake_bucket: "Lake", names.reports_bucket: "Reports", names.artifacts_bucket: "Artifacts"}[name]

    def _lifecycle(self, name: str) -> list[s3.LifecycleRule]:
        """Nothing current is ever deleted but rehearsals: the lake is the evidence of ten years of reports."""
        names = self.site.names
        rules = [s3.LifecycleRule(id="unfinished-uploads", abort_incomplete_multipart_upload_after=_DAY(7))]
        cool = s3.StorageClass.INFREQUENT_ACCESS
        if name == names.lake_bucket:
            rules += [
                s3.LifecycleRule(id="replaced-indexes", noncurrent_version_expiration=_DAY(90)),
                s3.LifecycleRule(
                    id="raw-cools",
                    prefix="raw/",
                    transitions=[s3.Transition(storage_class=cool, transition_after=_DAY(90))],
                ),
            ]
        elif name == names.reports_bucket:
            cold = s3.Transition(storage_class=s3.StorageClass.GLACIER_INSTANT_RETRIEVAL, transition_after=_DAY(180))
            rules += [
                s3.LifecycleRule(id="reports-cool", prefix=PUBLISHED, transitions=[cold]),
                s3.LifecycleRule(id="rehearsals-end", prefix=f"{PUBLISHED}rehearsal/", expiration=_DAY(60)),
            ]
        else:
            rules.append(s3.LifecycleRule(id="old-releases", noncurrent_version_expiration=_DAY(365)))
        return rules

    def _guard_reports(self, bucket: s3.Bucket) -> None:
        """Only the publisher writes, only once, and nobody deletes: a delete marker would make room for another."""
        publishers = [self.role_arn(self.site.execution_role), self.role_arn(self.site.contingency_role)]
        denials: list[tuple[str, list[str], dict[str, Any]]] = [
            ("OnlyThePublishersWrite", ["s3:PutObject"], {"ArnNotEquals": {"aws:PrincipalArn": publishers}}),
            ("CreatedOnce", ["s3:PutObject"], {"Null": {"s3:if-none-match": "true"}}),
            ("NothingIsDeleted", ["s3:DeleteObject", "s3:DeleteObjectVersion", "s3:PutObjectLegalHold"], {}),
        ]
        for sid, actions, conditions in denials:
            bucket.add_to_resource_policy(
                iam.PolicyStatement(
                    sid=sid,
                    effect=iam.Effect.DENY,
                    principals=[iam.AnyPrincipal()],
                    actions=actions,
                    resources=objects(bucket_name(bucket), PUBLISHED),
                    conditions=conditions or None,
                )
            )
        bucket.add_to_resource_policy(
            iam.PolicyStatement(
                sid="TheLockAndTheVersionsStay",
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=["s3:PutBucketVersioning", "s3:PutBucketObjectLockConfiguration"],
                resources=[bucket_arn(bucket_name(bucket))],
            )
        )

    def _topic(self, name: str) -> sns.Topic:
        topic = sns.Topic(self, name.title().replace("-", ""), topic_name=name, master_key=self.key, enforce_ssl=True)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsEventsAndBudgetsOfThisAccount",
                principals=[iam.ServicePrincipal(f"{s}.amazonaws.com") for s in ("cloudwatch", "events", "budgets")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        return topic

    def _signing_key(self, key: resources.SigningKey) -> kms.Key:
        return kms.Key(
            self,
            "SigningKey",
            alias=key.alias,
            key_spec=kms.KeySpec[key.spec],
            key_usage=kms.KeyUsage[key.usage],
            description="Signs published reports",
            removal_policy=cdk.RemovalPolicy.RETAIN,
            pending_window=_DAY(30),
        )


def bucket_name(bucket: s3.Bucket) -> str:
    """The name as it was given, no token."""
    resource = bucket.node.default_child
    assert isinstance(resource, s3.CfnBucket) and resource.bucket_name  # noqa: S101 - every bucket here has a name
    return resource.bucket_name
