"""A release in memory: its order, its version ids, its patience, its refusals, and the way back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from local.platform.settings import ROOT
from tools.deploy import __main__ as command
from tools.deploy import bundle, environment, release, stacks
from tools.deploy.rehearsal import NOON, TOLD, rehearsal
from tools.deploy.target import DeployFailed, Refused, refuse_by_night

SNAPSHOTS = ROOT / "infra" / "snapshots" / "dev"
NIGHT = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
"""04:30 in Mexico City."""


@pytest.fixture(scope="module")
def first():
    """The bundle without most of the library and of include/: each file is one request."""
    whole = bundle.make(bundle.Checkout.of(ROOT, dirty=True))
    kept = ("podemos/__init__.py", "podemos/core/money.py", "include/bundle.json", "include/config/platform.yaml")
    files = {
        name: content for name, content in whole.files.items()
        if not name.startswith(("dags/podemos/", "dags/include/")) or name.removeprefix("dags/") in kept
    }  # fmt: skip
    return replace(whole, commit="1" * 40, files=files)


@pytest.fixture(scope="module")
def templates() -> Mapping[str, Mapping]:
    return {concern: json.loads((SNAPSHOTS / f"{concern}.json").read_text()) for concern in stacks.ORDER}


deploy = partial(release.deploy, parameters=TOLD)
"""A release that is told once what only people know."""


@pytest.fixture
def lines():
    return []


@pytest.fixture
def world(lines):
    with rehearsal("dev", lines.append) as (target, account):
        yield target, account


def changed(first, commit, **files):
    content = {name.replace("__", "/"): text for name, text in files.items()}
    return replace(first, commit=commit, files=dict(first.files) | content)


def positions(calls, *prefixes):
    return [next(i for i, call in enumerate(calls) if call.startswith(prefix)) for prefix in prefixes]


def test_dependencies_go_first_and_dag_files_last(world, first, templates):
    target, account = world
    deploy(target, first, templates)
    order = positions(
        account.calls,
        "cloudformation CREATE podemos-dev-network",
        "cloudformation CREATE podemos-dev-storage",
        "s3 PutObject glue/",
        "s3 PutObject plugins.zip",
        "cloudformation CREATE podemos-dev-data",
        "cloudformation CREATE podemos-dev-mwaa",
        "cloudformation CREATE podemos-dev-observability",
        "mwaa GetEnvironment",
        "s3 PutObject dags/include/config/",
        "s3 PutObject dags/podemos/",
        "s3 PutObject dags/include/bundle.json",
        "s3 PutObject dags/branch_ingestion.py",
        "s3 PutObject releases/000001.json",
        "mwaa POST /pools",
        "mwaa GET /importErrors",
    )
    assert order == sorted(order)
    dags = [call for call in account.calls if call.startswith("s3 PutObject dags/")]
    files = len(list((ROOT / "dags").glob("*.py")))
    assert [name.count("/") == 1 for name in dags][-files - 1 :] == [False] + [True] * files


def test_the_environment_is_given_the_version_ids_that_s3_gave(world, first, templates):
    target, account = world
    made = deploy(target, first, templates)
    given = {p["ParameterKey"]: p["ParameterValue"] for p in account.stacks["podemos-dev-mwaa"]["Parameters"]}
    s3, bucket = target.clients("s3"), target.names.artifacts_bucket
    for file, parameter in (("plugins.zip", "PluginsVersion"), ("requirements.txt", "RequirementsVersion")):
        assert given[parameter] == made.files[file].version
        body = s3.get_object(Bucket=bucket, Key=file, VersionId=given[parameter])["Body"].read()
        assert body == first.files[file]


def test_it_waits_for_each_stack_the_environment_and_the_dag_files(world, first, templates, lines):
    target, _ = world
    deploy(target, first, templates)
    waits = [line for line in lines if "waits 30 s" in line]
    assert [w.partition(": ")[2] for w in waits[-2:]] == [
        "podemos-dev is not available",
        "DAG files are not parsed yet",
    ]
    assert len(waits) == len(stacks.ORDER) + 2


def test_a_second_release_of_the_same_bytes_changes_no_environment(world, first, templates, lines):
    target, account = world
    deploy(target, first, templates)
    before = len(account.calls)
    deploy(target, changed(first, "1" * 40, dags__regulatory_report_py=b""), templates)
    later = account.calls[before:]
    assert not [call for call in later if call.startswith("cloudformation")]
    assert "    podemos-dev-mwaa: unchanged, skipped" in lines
    assert [call for call in later if "PutObject dags/" in call] == ["s3 PutObject dags/regulatory_report_py"]


def test_only_a_changed_requirement_updates_the_environment(world, first, templates):
    target, account = world
    deploy(target, first, templates)
    before = len(account.calls)
    files = dict(first.files) | {"requirements.txt": b"duckdb\n"}
    release.deploy(target, replace(first, files=files), None)
    assert [c for c in account.calls[before:] if c.startswith("cloudformation")] == [
        "cloudformation UPDATE podemos-dev-mwaa"
    ]


def test_a_rollback_restores_parameters_then_files_by_version_dag_files_last(world, first, templates):
    target, account = world
    one = deploy(target, first, templates)
    files = {k: v for k, v in first.files.items() if k != "dags/redshift_maintenance.py"} | {
        "startup.sh": b"export A=1\n",
        "dags/podemos/__init__.py": b'"""Changed."""\n',
        "dags/regulatory_report.py": b"# changed\n",
        "dags/new.py": b"# new\n",
    }
    two = replace(first, commit="2" * 40, files=files)
    account.answers["GET /dags"][-1]["dags"].append(
        {"dag_id": "new", "fileloc": "/usr/local/airflow/dags/new.py", "is_paused": False}
    )
    release.deploy(target, two, None)
    before = len(account.calls)
    back = release.rollback(target)
    calls = account.calls[before:]
    order = positions(
        calls,
        "cloudformation UPDATE podemos-dev-mwaa",
        "s3 CopyObject dags/podemos/__init__.py",
        "s3 CopyObject dags/regulatory_report.py",
        "s3 DeleteObject dags/new.py",
        "s3 PutObject releases/000003.json",
        "mwaa GET /importErrors",
    )
    assert order == sorted(order)
    s3, bucket = target.clients("s3"), target.names.artifacts_bucket
    now = {o["Key"]: s3.get_object(Bucket=bucket, Key=o["Key"])["Body"].read()
           for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="dags/")
           for o in page["Contents"]}  # fmt: skip
    assert now == {name: content for name, content in first.files.items() if name.startswith("dags/")}
    given = {p["ParameterKey"]: p["ParameterValue"] for p in account.stacks["podemos-dev-mwaa"]["Parameters"]}
    assert given["StartupVersion"] == one.files["startup.sh"].version
    assert (back.number, back.back_to, back.commit) == (3, 1, one.commit)


def test_there_is_no_way_back_before_the_first(world, first, templates):
    target, _ = world
    deploy(target, first, templates)
    with pytest.raises(Refused, match="no earlier one 0"):
        release.rollback(target)


def test_a_stack_that_rolls_back_stops_the_release_before_any_dag_file(world, first, templates):
    target, account = world
    deploy(target, first, templates)
    account.fail["podemos-dev-mwaa"] = "UPDATE_ROLLBACK_COMPLETE"
    before = len(account.calls)
    files = dict(first.files) | {"startup.sh": b"exit 1\n", "dags/regulatory_report.py": b"# changed\n"}
    with pytest.raises(DeployFailed, match="UPDATE_ROLLBACK_COMPLETE: Environment: recorded: the update was refused"):
        release.deploy(target, replace(first, files=files), None)
    assert not [call for call in account.calls[before:] if "dags/" in call]


@pytest.mark.parametrize(
    ("answer", "content", "told"),
    [
        ("GET /version", {"version": "3.2.1"}, "Airflow is 3.2.1, the bundle is for 3.3.1"),
        ("GET /plugins", {"plugins": []}, "plugin podemos_deadlines is not loaded"),
        (
            "GET /importErrors",
            {"import_errors": [{"filename": "a.py", "stack_trace": "x\nNo module y"}]},
            "a.py: No module y",
        ),
        ("GET /dags", {"dags": []}, "DAG files are not parsed yet: not within 10 minutes"),
    ],
)
def test_the_smoke_test_fails_on_what_is_wrong(world, first, templates, answer, content, told):
    target, account = world
    account.answers[answer] = [content]
    with pytest.raises(DeployFailed, match=told):
        deploy(target, first, templates)
    assert release.latest(target).number == 1, "what went out is known, so that a rollback can leave it"


def test_a_missing_connection_and_a_paused_dag_are_told_together(first, templates, lines):
    with rehearsal("dev", lines.append, connections=False) as (target, account):
        account.answers["GET /dags"][-1]["dags"][0]["is_paused"] = True
        with pytest.raises(DeployFailed, match=r"found 2: branch_ingestion is paused.*10 of 10 branch connections"):
            deploy(target, first, templates)


@pytest.mark.parametrize(
    ("clock", "night"), [("00:59", False), ("01:00", True), ("04:30", True), ("06:29", True), ("06:30", False)]
)
def test_nothing_is_released_while_the_report_is_made(clock, night):
    hour, minute = map(int, clock.split(":"))
    now = datetime(2026, 11, 24, hour + 6, minute, tzinfo=UTC)
    if night:
        with pytest.raises(Refused, match=f"it is {clock} in Mexico City"):
            refuse_by_night(now, None)
        assert refuse_by_night(now, "prod is down") == "prod is down"
    else:
        assert refuse_by_night(now, None) is None


def test_by_night_a_reason_is_kept_with_the_release(first, templates, lines):
    with rehearsal("dev", lines.append, NIGHT) as (target, account):
        with pytest.raises(Refused):
            deploy(target, first, templates)
        assert account.calls == []
        assert deploy(target, first, templates, force="the parser is broken").forced == "the parser is broken"
    assert NOON != NIGHT


def test_a_bundle_of_uncommitted_files_is_refused(world, first, templates):
    target, account = world
    with pytest.raises(Refused, match="uncommitted"):
        deploy(target, replace(first, commit="1" * 40 + "-dirty"), templates)
    assert account.calls == []


def test_a_path_too_long_for_invoke_rest_api_is_refused_before_it_is_sent(world):
    target, _ = world
    with pytest.raises(ValueError, match="InvokeRestApi takes 64"):
        environment.rest(target, "/dags/regulatory_report/dagRuns/manual__2026-11-24/taskInstances/seal")


def test_the_command_line_refuses_what_is_no_bundle(tmp_path: Path, capsys):
    assert command.main(["deploy", "--env", "dev", "--dry-run", "--bundle", str(tmp_path)]) == 1
    assert "`make bundle` writes it" in capsys.readouterr().err
