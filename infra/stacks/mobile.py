"""The way of the phones' events: HTTP API -> ingest -> inbox -> EventBridge -> SQS -> process_events; its tables."""

from __future__ import annotations

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as api
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as functions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.functions import house_function
from infra.grants import allow
from infra.site import HouseStack, Site, bucket_arn, objects
from infra.stacks.data import state_table
from infra.stacks.storage import StorageStack
from podemos.contracts import resources
from podemos.contracts.mobile import ingest_environment, process_environment
from podemos.mobile.keys import INBOX, PHOTO_PARTS, PHOTOS, RECEIPTS

ROUTES = ("ANY /v1/{proxy+}",)
"""docs/mobile-protocol.md: batches, heartbeats, devices, photos. The function itself says 404 and 405."""
BURST, RATE = 500, 200
"""Requests at once and per second: 500 phones that reconnect are slowed by 429, which they answer by waiting."""


class MobileStack(HouseStack):
    """What runs between a phone and the compaction."""

    def __init__(self, scope: Construct, site: Site, storage: StorageStack) -> None:
        super().__init__(scope, site, "mobile", "Events of the credit officers' phones")
        self.key = self.imported_key(storage.key)
        self.release_sha = self.release("FunctionsRelease", "Folder of the functions below functions/")
        self.powertools = self.release(
            "PowertoolsLayer", "ARN, with its version, of AWS's own layer of Powertools for Python 3.12 on arm64"
        )
        mobile = site.names.mobile
        self.tables = {
            table.name: state_table(self, table.name.title().replace("-", ""), table, self.key)
            for table in resources.mobile_tables(mobile)
        }
        self.queues = self._queues()
        self._route_new_files()
        self.process = self._process()
        self.ingest = self._ingest()
        self._api()

    def _queues(self) -> dict[str, sqs.Queue]:
        made: dict[str, sqs.Queue] = {}
        for queue in resources.mobile_queues(self.site.names.mobile):
            dead = (
                sqs.DeadLetterQueue(max_receive_count=queue.receives, queue=made[queue.dead_letter])
                if queue.dead_letter
                else None
            )
            made[queue.name] = sqs.Queue(
                self,
                queue.name.title().replace("-", ""),
                queue_name=queue.name,
                visibility_timeout=cdk.Duration.seconds(queue.visibility_seconds),
                retention_period=cdk.Duration.days(queue.retention_days),
                encryption=sqs.QueueEncryption.KMS,
                encryption_master_key=self.key,
                enforce_ssl=True,
                dead_letter_queue=dead,
                removal_policy=self.retain,
            )  # fmt: skip
        return made

    def _route_new_files(self) -> None:
        rule = resources.mobile_rule(self.site.names, INBOX)
        queue = self.queues[rule.queue]
        dead = self.queues[self.site.names.mobile.dead_letter_queue]
        made = events.CfnRule(
            self,
            "NewFiles",
            name=rule.name,
            description="New files of the phones' inbox",
            event_pattern=dict(rule.pattern),
            state="ENABLED",
            targets=[
                events.CfnRule.TargetProperty(
                    arn=queue.queue_arn,
                    id=rule.queue,
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=dead.queue_arn),
                )
            ],
        )
        for target in (queue, dead):
            target.add_to_resource_policy(
                iam.PolicyStatement(
                    sid="NewFilesOfThisRule",
                    principals=[iam.ServicePrincipal("events.amazonaws.com")],
                    actions=["sqs:SendMessage"],
                    resources=[target.queue_arn],
                    conditions={"ArnEquals": {"aws:SourceArn": made.attr_arn}},
                )
            )

    def _function(
        self, name: str, about: str, statements: list[iam.PolicyStatement], **settings: Any
    ) -> functions.Function:
        environment = {"ingest": ingest_environment, "process_events": process_environment}[name](self.site.names)
        key = allow("DataKey", ["kms:Decrypt", "kms:GenerateDataKey"], [self.key.key_arn])
        made = house_function(
            self, name, f"{self.site.mwaa}-{name.replace('_', '-')}", about, self.release_sha, self.key,
            environment, [*statements, key], **settings,
        )  # fmt: skip
        made.add_layers(functions.LayerVersion.from_layer_version_arn(self, f"{name}Powertools", self.powertools))
        return made

    def _process(self) -> functions.Function:
        lake, mobile = self.site.names.lake_bucket, self.site.names.mobile
        queue = self.queues[mobile.inbox_queue]
        sends = [self.queues[name].queue_arn for name in (mobile.dead_letter_queue, mobile.backlog_queue)]
        items = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"]
        made = self._function(
            "process_events",
            "Splits, validates and acknowledges the phones' files",
            [
                allow("ReadInbox", ["s3:GetObject", "s3:GetObjectVersion"], objects(lake, INBOX)),
                allow("Receipts", ["s3:GetObject", "s3:PutObject"], objects(lake, RECEIPTS)),
                allow(
                    "JoinReceipts",
                    ["s3:ListBucket"],
                    [bucket_arn(lake)],
                    {"StringLikeIfExists": {"s3:prefix": f"{RECEIPTS}*"}},
                ),
                allow("Seen", items, [self.tables[mobile.seen_table].table_arn]),
                allow("PartsPoisonAndBacklog", ["sqs:SendMessage", "sqs:GetQueueUrl"], [queue.queue_arn, *sends]),
                allow(
                    "Receive", ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], [queue.queue_arn]
                ),
            ],
            timeout=60,
            memory=512,
        )
        functions.CfnEventSourceMapping(
            self,
            "EventsOfQueue",
            event_source_arn=queue.queue_arn,
            function_name=made.function_name,
            batch_size=10,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config=functions.CfnEventSourceMapping.ScalingConfigProperty(maximum_concurrency=20),
        )
        return made

    def _ingest(self) -> functions.Function:
        lake, mobile = self.site.names.lake_bucket, self.site.names.mobile
        heartbeats = self.tables[mobile.heartbeats_table].table_arn
        once = {"Null": {"s3:if-none-match": "false"}}
        return self._function(
            "ingest",
            "Takes a phone's batch: one object, created once, then the acknowledgement",
            [
                allow("CreateOnce", ["s3:PutObject"], objects(lake, INBOX, PHOTOS, PHOTO_PARTS), once),
                allow("ReadPhotos", ["s3:GetObject"], objects(lake, PHOTOS, PHOTO_PARTS)),
                allow("ListParts", ["s3:ListBucket"], [bucket_arn(lake)],
                      {"StringLikeIfExists": {"s3:prefix": [f"{PHOTOS}*", f"{PHOTO_PARTS}*"]}}),
                allow("HeartbeatAndAdmission", ["dynamodb:UpdateItem", "dynamodb:GetItem"],
                      [heartbeats, self.tables[mobile.admission_table].table_arn]),
            ],
            timeout=15,
            memory=512,
        )  # fmt: skip

    def _api(self) -> None:
        """An HTTP API whose tokens come from the officers' identity provider, a parameter of the stack."""
        issuer = self.release("PhonesIssuer", "URL of the identity provider of the officers' phones")
        audience = self.release("PhonesAudience", "Audience of its tokens")
        made = api.CfnApi(
            self, "Api", name=self.site.deployment.mobile_api, protocol_type="HTTP",
            description="Where phones deliver", disable_execute_api_endpoint=False,
        )  # fmt: skip
        tokens = api.CfnAuthorizer(
            self, "Tokens", api_id=made.ref, authorizer_type="JWT", name="officers",
            identity_source=["$request.header.Authorization"],
            jwt_configuration=api.CfnAuthorizer.JWTConfigurationProperty(issuer=issuer, audience=[audience]),
        )  # fmt: skip
        integration = api.CfnIntegration(
            self, "ToIngest", api_id=made.ref, integration_type="AWS_PROXY", integration_uri=self.ingest.function_arn,
            payload_format_version="2.0", timeout_in_millis=20_000,
        )  # fmt: skip
        for number, route in enumerate(ROUTES):
            api.CfnRoute(
                self, f"Route{number}", api_id=made.ref, route_key=route, authorization_type="JWT",
                authorizer_id=tokens.ref, target=f"integrations/{integration.ref}",
            )  # fmt: skip
        access = self.log_group("ApiLog", f"/{self.site.mwaa}/mobile-api", self.key)
        api.CfnStage(
            self,
            "Stage",
            api_id=made.ref,
            stage_name="$default",
            auto_deploy=True,
            default_route_settings=api.CfnStage.RouteSettingsProperty(
                throttling_burst_limit=BURST, throttling_rate_limit=RATE, detailed_metrics_enabled=True
            ),
            access_log_settings=api.CfnStage.AccessLogSettingsProperty(
                destination_arn=access.log_group_arn,
                format='{"request":"$context.requestId","at":"$context.requestTimeEpoch","route":"$context.routeKey",'
                '"status":"$context.status","bytes":"$context.responseLength","latency":"$context.integrationLatency"}',
            ),
        )
        functions.CfnPermission(
            self, "ApiMayCall", action="lambda:InvokeFunction", function_name=self.ingest.function_name,
            principal="apigateway.amazonaws.com", source_account=self.account,
            source_arn=self.arn("execute-api", f"{made.ref}/*/*"),
        )  # fmt: skip
