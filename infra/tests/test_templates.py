"""What the templates must say, whatever else changes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra import alarms, dashboard
from infra.site import Site
from infra.tests.conftest import of_type
from podemos.contracts.deployment import deployment
from podemos.contracts.sources import sources


def one(template: dict[str, Any], kind: str) -> dict[str, Any]:
    (found,) = of_type(template, kind).values()
    return found


def test_mwaa_is_the_version_the_bundle_is_for_and_of_fixed_size(stacks, environment):
    mwaa = one(stacks["mwaa"], "AWS::MWAA::Environment")
    settings = deployment().environment(environment).mwaa
    assert mwaa["AirflowVersion"] == "3.3.1"
    assert mwaa["MinWorkers"] == mwaa["MaxWorkers"] == settings.workers
    assert mwaa["WorkerReplacementStrategy"] == "GRACEFUL"
    assert mwaa["WebserverAccessMode"] == settings.access
    assert len(mwaa["NetworkConfiguration"]["SubnetIds"]) == 2
    for file in ("Plugins", "Requirements", "StartupScript"):
        assert mwaa[f"{file}S3ObjectVersion"] == {"Ref": f"{file.removesuffix('Script')}Version"}


def test_options_hold_nothing_that_mwaa_forces_and_keep_the_lookup_pattern(stacks):
    options = one(stacks["mwaa"], "AWS::MWAA::Environment")["AirflowConfigurationOptions"]
    assert json.loads(options["secrets.backend_kwargs"])["connections_lookup_pattern"] == "^(?!aws_default$).*$"
    for forced in ("celery.broker_url", "core.executor", "triggerer.queues_enabled"):
        with pytest.raises(ValueError, match="forced by MWAA"):
            type(deployment()).model_validate(
                deployment().model_dump(by_alias=True) | {"airflow_options": options | {forced: "x"}}
            )


def test_buckets_are_private_versioned_encrypted_and_speak_tls_only(stacks):
    storage = stacks["storage"]
    buckets = of_type(storage, "AWS::S3::Bucket")
    policies = {p["Bucket"]["Ref"]: json.dumps(p) for p in of_type(storage, "AWS::S3::BucketPolicy").values()}
    assert len(buckets) == 4
    for name, bucket in buckets.items():
        assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
        assert "aws:SecureTransport" in policies[name] and "s3:TlsVersion" in policies[name]
        if not name.startswith("AccessLogs"):
            assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
            rule = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
            assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"


def test_reports_are_locked_written_once_by_the_publishers_and_never_deleted(stacks, environment):
    storage = stacks["storage"]
    ((name, bucket),) = [(n, b) for n, b in of_type(storage, "AWS::S3::Bucket").items() if n.startswith("Reports")]
    assert bucket["ObjectLockEnabled"] is True
    policy = next(p for p in of_type(storage, "AWS::S3::BucketPolicy").values() if p["Bucket"]["Ref"] == name)
    denied = {s["Sid"]: s for s in policy["PolicyDocument"]["Statement"] if s["Effect"] == "Deny" and "Sid" in s}
    assert denied["CreatedOnce"]["Condition"] == {"Null": {"s3:if-none-match": "true"}}
    assert denied["NothingIsDeleted"]["Action"][:2] == ["s3:DeleteObject", "s3:DeleteObjectVersion"]
    publishers = json.dumps(denied["OnlyThePublishersWrite"]["Condition"])
    assert f"podemos-{environment}-mwaa" in publishers and f"podemos-{environment}-contingency" in publishers


def test_the_ten_recommended_alarms_and_ours_all_call_somebody(stacks, environment):
    found = of_type(stacks["observability"], "AWS::CloudWatch::Alarm")
    site = Site(environment, deployment())
    assert len(list(alarms.recommended(site))) == 10
    assert {a["AlarmName"] for a in found.values()} == {f"podemos-{environment}-{a.name}" for a in alarms.every(site)}
    for name, alarm in found.items():
        assert alarm["AlarmActions"] and alarm["OKActions"] == alarm["AlarmActions"], name
        assert len(alarm["AlarmDescription"]) > 20
    names = {alarm.name for alarm in alarms.every(site)}
    for dag in deployment().tier_one:
        assert {f"{dag.replace('_', '-')}-{kind}" for kind in ("duration", "delay", "failed")} <= names
    assert {"import-errors", "mobile-queue-age", "mobile-dead-letters", "warehouse-queue", "warehouse-storage"} <= names


def test_each_source_of_the_report_has_a_rule_and_an_alarm_for_its_silence(stacks):
    observability = stacks["observability"]
    prefixes = {
        p["EventPattern"]["detail"]["object"]["key"][0]["prefix"]: p["Name"]
        for p in of_type(observability, "AWS::Events::Rule").values() if "object" in p["EventPattern"]["detail"]
    }  # fmt: skip
    watched = {
        d["Value"] for a in of_type(observability, "AWS::CloudWatch::Alarm").values()
        for d in a["Dimensions"] if d["Name"] == "RuleName" and a["TreatMissingData"] == "breaching"
    }  # fmt: skip
    assert prefixes.keys() == {f"regulatory/inbox/{source.id}/" for source in sources().sources}
    assert set(prefixes.values()) == watched


def test_the_watchdog_is_woken_at_its_four_clocks_in_mexico(stacks):
    schedules = of_type(stacks["observability"], "AWS::Scheduler::Schedule").values()
    assert {s["ScheduleExpression"] for s in schedules} == {
        "cron(0 5 * * ? *)", "cron(30 5 * * ? *)", "cron(50 5 * * ? *)", "cron(0 6 * * ? *)"
    }  # fmt: skip
    for schedule in schedules:
        assert schedule["ScheduleExpressionTimezone"] == "America/Mexico_City"
        assert json.loads(schedule["Target"]["Input"]) == {"time": "<aws.scheduler.scheduled-time>"}


def test_the_watchdog_knows_everything_its_handler_asks_for(stacks):
    function = next(
        f
        for f in of_type(stacks["observability"], "AWS::Lambda::Function").values()
        if f["FunctionName"].endswith("watchdog")
    )
    variables = function["Environment"]["Variables"]
    assert {"LAKE_BUCKET", "REPORTS_BUCKET", "CHANNELS", "CLUSTER", "TASK_DEFINITION", "CONTAINER"} <= variables.keys()
    assert "subnet-0a" not in json.dumps(variables)
    assert "123456789012" not in json.dumps(stacks)


def test_the_dashboard_shows_the_seven_numbers_of_the_mobile_path(stacks, environment):
    body = json.dumps(dashboard.body(Site(environment, deployment())))
    wanted = ["FilesPerBranch", "IngestLatencySeconds", "ApproximateNumberOfMessagesVisible", "SuccessRate"]
    for metric in [*wanted, "Duration", "RecordsProcessed", "RecordsQuarantined"]:
        assert f'"{metric}"' in body
    assert one(stacks["observability"], "AWS::CloudWatch::Dashboard")


def test_every_log_group_is_encrypted_and_ends_some_day(stacks, environment):
    days = deployment().environment(environment).log_days
    groups = [g for template in stacks.values() for g in of_type(template, "AWS::Logs::LogGroup").values()]
    assert len(groups) >= 11
    assert all(group["RetentionInDays"] == days and group["KmsKeyId"] for group in groups)


def test_without_a_nat_everything_mwaa_needs_has_an_endpoint(templates):
    endpoints = of_type(templates["prod"]["network"], "AWS::EC2::VPCEndpoint").values()
    services = {json.dumps(e["ServiceName"]).rsplit(".", 1)[-1].strip('"]} ') for e in endpoints}
    assert {
        "s3",
        "dynamodb",
        "sqs",
        "logs",
        "monitoring",
        "kms",
        "secretsmanager",
        "glue",
        "redshift-data",
        "sns",
    } <= services
    assert sum(e.get("VpcEndpointType") == "Interface" for e in endpoints) == 14


def test_stacks_need_no_bootstrap_and_the_first_two_fit_into_a_request(stacks):
    for name, template in stacks.items():
        text = json.dumps(template, separators=(",", ":"))
        assert "cdk-hnb659fds" not in text and "BootstrapVersion" not in text
        assert "Custom::" not in text
        assert len(text) < (51_200 if name in ("network", "storage") else 1_000_000)
