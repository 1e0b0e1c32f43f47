"""Alarms with actions, events of failures, arrivals of sources, the dashboard, the budget, and the watchdog."""

from __future__ import annotations

from typing import Any

from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra import alarms, dashboard
from infra.site import HouseStack, Site
from infra.stacks.network import NetworkStack
from infra.stacks.storage import StorageStack
from infra.watchdog import Contingency, watchdog
from podemos.contracts import resources
from podemos.contracts.sources import sources


class ObservabilityStack(HouseStack):
    """What looks at everything else, and acts."""

    def __init__(self, scope: Construct, site: Site, network: NetworkStack, storage: StorageStack) -> None:
        super().__init__(scope, site, "observability", "Alarms, dashboard, budget and the watchdog outside Airflow")
        self.key = self.imported_key(storage.key)
        self.topic = self.arn("sns", resources.topics(site.names)[0 if site.production else 1])
        for alarm in alarms.every(site):
            self._alarm(alarm)
        self._glue_failures()
        self._arrivals()
        cloudwatch.CfnDashboard(
            self, "Dashboard", dashboard_name=site.mwaa, dashboard_body=self._regional(dashboard.body(site))
        )
        self._budget()
        contingency = Contingency(self, self.key, storage.signing_keys[site.names.signing_key].key_arn)
        release = self.release("FunctionsRelease", "Folder of the functions below functions/")
        watchdog(self, network, self.key, release, contingency)

    def _alarm(self, alarm: alarms.Alarm) -> None:
        required, periods = alarm.of
        cloudwatch.CfnAlarm(
            self,
            alarm.name.title().replace("-", ""),
            alarm_name=f"{self.site.mwaa}-{alarm.name}",
            alarm_description=alarm.meaning,
            namespace=alarm.namespace,
            metric_name=alarm.metric,
            dimensions=[
                cloudwatch.CfnAlarm.DimensionProperty(name=name, value=value)
                for name, value in sorted(alarm.dimensions.items())
            ],
            threshold=alarm.threshold,
            comparison_operator=alarm.worse,
            statistic=alarm.statistic,
            period=alarm.period,
            evaluation_periods=periods,
            datapoints_to_alarm=required,
            treat_missing_data=alarm.silence,
            alarm_actions=[self.topic],
            ok_actions=[self.topic],
        )

    def _glue_failures(self) -> None:
        jobs = [job.name for job in resources.jobs(self.site.names)]
        fields = {
            "job": "$.detail.jobName",
            "state": "$.detail.state",
            "why": "$.detail.message",
            "run": "$.detail.jobRunId",
        }
        events.CfnRule(
            self,
            "GlueFailures",
            name=f"{self.site.mwaa}-glue-failures",
            description="A Glue job failed, timed out or was stopped",
            event_pattern={
                "source": ["aws.glue"],
                "detail-type": ["Glue Job State Change"],
                "detail": {"jobName": jobs, "state": ["FAILED", "TIMEOUT", "ERROR", "STOPPED"]},
            },
            targets=[
                events.CfnRule.TargetProperty(
                    arn=self.topic,
                    id="alerts",
                    input_transformer=events.CfnRule.InputTransformerProperty(
                        input_paths_map=fields, input_template='"Glue job <job>: <state> (<run>). <why>"'
                    ),
                )
            ],
        )  # fmt: skip

    def _arrivals(self) -> None:
        """A rule per source, so that what each delivers is counted; its target is the record of all arrivals."""
        group = self.log_group("ArrivalsLog", f"/aws/events/{self.site.mwaa}-arrivals", self.key)
        logs.CfnResourcePolicy(
            self,
            "ArrivalsMayBeWritten",
            policy_name=f"{self.site.mwaa}-arrivals",
            policy_document=self.to_json_string(
                iam.PolicyDocument(
                    statements=[
                        iam.PolicyStatement(
                            sid="RulesOfThisAccount",
                            principals=[
                                iam.ServicePrincipal("events.amazonaws.com"),
                                iam.ServicePrincipal("delivery.logs.amazonaws.com"),
                            ],
                            actions=["logs:CreateLogStream", "logs:PutLogEvents"],
                            resources=[group.log_group_arn],
                            conditions={"StringEquals": {"aws:SourceAccount": self.account}},
                        )
                    ]
                ).to_json()
            ),
        )
        target = self.arn("logs", f"log-group:{group_name(group)}")
        for source in sources().sources:
            rule = events.CfnRule(
                self,
                f"Arrival{source.id.title().replace('_', '')}",
                name=alarms.arrival_rule(self.site, source.id),
                description=f"Arrivals of {source.nombre}",
                event_pattern=resources.created_below(self.site.names.lake_bucket, f"regulatory/inbox/{source.id}/"),
                targets=[events.CfnRule.TargetProperty(arn=target, id="arrivals")],
            )
            rule.node.add_dependency(group)

    def _budget(self) -> None:
        subscriber = budgets.CfnBudget.SubscriberProperty(subscription_type="SNS", address=self.topic)
        notification = budgets.CfnBudget.NotificationProperty
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=self.site.mwaa,
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=self.site.settings.budget_usd, unit="USD"),
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=notification(
                        notification_type=kind, comparison_operator="GREATER_THAN", threshold=share,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[subscriber],
                )
                for kind, share in (("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100))
            ],
        )  # fmt: skip

    def _regional(self, document: dict[str, Any]) -> str:
        for widget in document["widgets"]:
            widget["properties"]["region"] = self.region
        return self.to_json_string(document)


def group_name(group: logs.LogGroup) -> str:
    """The name as it was given, no token."""
    resource = group.node.default_child
    assert isinstance(resource, logs.CfnLogGroup) and resource.log_group_name  # noqa: S101 - every group here has a name
    return resource.log_group_name
