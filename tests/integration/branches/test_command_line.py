"""`python -m podemos.branches` from outside Airflow: real MariaDB, S3 and DynamoDB behind one endpoint."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import boto3
import pytest

from local.aws.testing import running_server
from local.branches.testing import RunningBranches, running_branches
from podemos.branches import keys, pull, push
from podemos.branches.__main__ import main
from podemos.branches.dynamo_state import DynamoState
from podemos.branches.outside import Outside
from podemos.branches.state import MemoryState, Position, Watermark
from podemos.contracts.branches import Branches, branches
from podemos.core import manifest
from podemos.core.clock import system_clock
from podemos.core.store import MemoryStore, S3Store

from .landed import parts, prints, said, winners

TABLES = branches().extraction.tables


class Terminal:
    """Runs commands against one endpoint."""

    def __init__(self, endpoint: str, connections: Path, bucket: str, table: str, capsys: Any) -> None:
        self.endpoint, self.connections, self.table, self.capsys = endpoint, connections, table, capsys
        self.dynamo = boto3.client("dynamodb", endpoint_url=endpoint)
        self.lake, self.state = (
            S3Store(boto3.client("s3", endpoint_url=endpoint), bucket),
            DynamoState(self.dynamo, table),
        )

    def __call__(self, command: str, *arguments: str) -> tuple[int, str]:
        more = ["--connections", str(self.connections)] if command == "pull" else []
        status = main([command, "--endpoint", self.endpoint, *more, *arguments])
        captured = self.capsys.readouterr()
        return status, captured.out + captured.err

    def items(self) -> dict[str, tuple[str, ...]]:
        found = self.dynamo.scan(TableName=self.table, ConsistentRead=True)["Items"]
        return {i["pk"]["S"]: (i["seq"]["N"], i["position"]["S"], i["as_of"]["S"]) for i in found}

    def lose_the_state(self) -> None:
        for pk in self.items():
            self.dynamo.delete_item(TableName=self.table, Key={"pk": {"S": pk}})


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBranches]:
    """Its own: what it edits would be the tail of other tests' pulls."""
    with running_branches(tmp_path_factory.mktemp("branches"), branches=3, rows=100) as running:
        yield running


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_server(tmp_path_factory.mktemp("aws")) as running:
        yield running


@pytest.fixture
def terminal(
    endpoint: str, sources: RunningBranches, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Terminal]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    names = {"lake_bucket": f"lago-{tmp_path.name}".replace("_", "-")[:60].lower(), "branch_state_table": tmp_path.name}
    monkeypatch.setenv("PODEMOS_PLATFORM", json.dumps(names))
    known = {}
    for branch in ("001", "002"):
        end = sources.endpoint(branch)
        known[f"sucursal_{branch}"] = {"conn_type": "mysql", "host": end.host, "port": end.port, "login": end.user,
                                       "password": end.password, "schema": end.schema}  # fmt: skip
    end = sources.endpoint("003")
    monkeypatch.setenv(
        "AIRFLOW_CONN_SUCURSAL_003", f"mysql://{end.user}:{end.password}@{end.host}:{end.port}/{end.schema}"
    )
    file = tmp_path / "connections.json"
    file.write_text(json.dumps(known))
    found = Terminal(endpoint, file, names["lake_bucket"], names["branch_state_table"], capsys)
    boto3.client("s3", endpoint_url=endpoint).create_bucket(Bucket=names["lake_bucket"])
    found.dynamo.create_table(
        TableName=names["branch_state_table"],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    yield found
    sources.restore()


def test_branches_are_pulled_by_their_connections_from_file_and_environment(terminal: Terminal) -> None:
    status, said_ = terminal("pull", "--branch", "001,003")
    assert status == 0, said_
    key = said_.splitlines()[-1]
    assert [found["state"] for found in manifest.read(terminal.lake, key)[0]["branches"]] == ["pulled", "pulled"]
    for branch in ("001", "003"):
        for table in TABLES:
            assert prints(terminal.lake, table, branch) == said(terminal.lake, table, branch)


def test_a_state_that_was_lost_is_rebuilt_from_the_manifests_and_the_next_pull_continues(
    terminal: Terminal, sources: RunningBranches
) -> None:
    terminal("pull", "--branch", "001,002")
    with closing(sources.root("001")) as root:
        root.cursor().execute("UPDATE pagos SET monto = monto + 0.01, updated_at = NOW(6) WHERE id_pago = 31")
    terminal("pull", "--branch", "001,002")
    before, landed = terminal.items(), len(parts(terminal.lake))
    assert len(before) == 2 * len(TABLES)
    terminal.lose_the_state()
    assert terminal.items() == {}
    status, text = terminal("rebuild-state")
    assert (status, text.count("restored")) == (0, 2 * len(TABLES))
    assert terminal.items() == before
    with closing(sources.root("001")) as root:
        root.cursor().execute("UPDATE pagos SET monto = monto + 0.01, updated_at = NOW(6) WHERE id_pago = 32")
    assert terminal("pull", "--branch", "001,002")[0] == 0
    fresh = [
        part for part in parts(terminal.lake) if str(part.seq) == terminal.items()[f"{part.table}#{part.branch}"][0]
    ]
    assert len(parts(terminal.lake)) == landed + len(fresh)
    assert sum(part.chunk.rows for part in fresh if part.chunk) == 2, "the changed row, and the tail of the pull before"
    for branch in ("001", "002"):
        for table in TABLES:
            assert prints(terminal.lake, table, branch) == said(terminal.lake, table, branch)
    assert len(winners(terminal.lake, "pagos", "001")) == 100


def test_a_state_that_is_as_new_as_the_manifests_is_left_alone(terminal: Terminal) -> None:
    terminal("pull", "--branch", "001")
    terminal.state.acquire("pagos", "001", owner="somebody", now=system_clock(), seconds=60)
    before = terminal.items()
    status, text = terminal("rebuild-state")
    assert (status, text.count("was as new")) == (0, len(TABLES))
    assert terminal.items() == before


def test_a_watermark_that_a_crash_left_behind_its_manifest_is_the_manifests_after_a_rebuild(terminal: Terminal) -> None:
    terminal("pull", "--branch", "001")
    before = terminal.items()
    terminal.lose_the_state()
    mark = Watermark(Position("2000-01-01 00:00:00"), system_clock())
    assert terminal.state.restore("pagos", "001", 1, mark)
    terminal("rebuild-state")
    assert terminal.items() == before


def test_the_newest_part_decides_among_many(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    small = branches().model_copy(update={"extraction": branches().extraction.model_copy(update={"page_rows": 30})})
    monkeypatch.setattr("podemos.branches.__main__.branches", lambda: small)
    terminal("pull", "--branch", "001")
    assert len(list(terminal.lake.list(keys.PULLS))) > len(TABLES)
    before = terminal.items()
    terminal.lose_the_state()
    terminal("rebuild-state")
    assert terminal.items() == before


def test_what_is_wrong_is_said_with_its_remedy(terminal: Terminal, sources: RunningBranches) -> None:
    status, text = terminal("pull", "--branch", "999")
    assert (status, "not listed" in text) == (2, True)
    status, text = terminal("pull", "--branch", "004")
    assert status == 1
    assert "AIRFLOW_CONN_SUCURSAL_004" in text
    sources.fault("002", "offline")
    status, text = terminal("pull", "--branch", "002")
    assert status == 1
    assert "002 offline" in text
    terminal.connections.write_text("[]")
    assert terminal("pull", "--branch", "001")[0] == 2
    assert terminal("certify", "--date", "2026-11-19") == (1, "no revision yet: run branch_ingestion\n")
    assert terminal("status") == (0, "no revision yet: run branch_ingestion\n")


# --- push mode -------------------------------------------------------------------------------------------------------


@pytest.fixture
def own_machine(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> Branches:
    """Branch 002 has a machine of its own; the clock stands, so that two pulls see the same instant."""
    found = branches()
    second = found.branches[1].model_copy(update={"mode": "push", "max_kbps": 1_000_000})
    config = found.model_copy(update={"branches": (found.branches[0], second, *found.branches[2:])})
    at = system_clock()
    monkeypatch.setattr("podemos.branches.__main__.branches", lambda: config)
    monkeypatch.setattr("podemos.branches.__main__.system_clock", lambda: at)
    push.leave(terminal.lake, config, {"debts": [], "verified": {}, "look_back": {}})
    return config


def test_what_a_branchs_own_machine_lands_is_what_a_central_pull_lands(
    terminal: Terminal, own_machine: Branches, sources: RunningBranches
) -> None:
    assert terminal("pull", "--push", "--branch", "002")[0] == 0
    from podemos.branches import __main__ as command

    central = MemoryStore()
    pull.pull_batch(
        "002", lake=central, state=MemoryState(), connect=lambda branch: sources.connect(branch.id),
        config=own_machine, clock=command.system_clock, owner="dag",
    )  # fmt: skip
    chunks = [info.key for info in central.list("raw/")]
    assert len(chunks) == len(TABLES)
    assert [info.key for info in terminal.lake.list("raw/")] == chunks
    assert all(terminal.lake.get(key) == central.get(key) for key in chunks)
    mine, theirs = (
        [replace(part, bound="") for part in parts(lake, branch="002")] for lake in (terminal.lake, central)
    )
    assert mine == theirs, "manifests too, but for the server's clock in the bound"


def test_a_branchs_own_machine_needs_no_more_than_its_policy_and_reaches_no_other_branch(
    terminal: Terminal, own_machine: Branches, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, str, dict[str, Any]]] = []
    real = Outside.client

    def recording(self: Outside, service: str) -> Any:
        client = real(self, service)
        client.meta.events.register(
            "before-parameter-build.*", lambda params, model, **_: calls.append((service, model.name, dict(params)))
        )
        return client

    monkeypatch.setattr(Outside, "client", recording)
    debts = [{"table": "pagos", "branch": "002", "day": "2026-11-18"}]
    push.leave(terminal.lake, own_machine, {"debts": debts, "verified": {}, "look_back": {}})
    assert terminal("pull", "--push", "--branch", "002")[0] == 0
    assert any(part.range for part in parts(terminal.lake, "pagos", "002")), "it reads what it owes"
    assert {name for _, name, _ in calls} == {"PutObject", "GetObject", "UpdateItem"}
    status, text = terminal("pull", "--push", "--branch", "001")
    assert (status, "is pulled centrally" in text) == (2, True)
    names = Outside(terminal.endpoint).platform
    own = json.loads(push.policy(own_machine.branch("002"), names, "123456789012"))
    other = json.loads(push.policy(own_machine.branch("003"), names, "123456789012"))
    assert [call for call in calls if not allowed(own, call)] == []
    assert [call for call in calls if allowed(other, call)] == []
    certification = ("s3", "GetObject", {"Bucket": names.lake_bucket, "Key": keys.certification(1, "c" * 64)})
    overwriting = ("s3", "PutObject", {"Bucket": names.lake_bucket, "Key": "raw/pagos/sucursal=002/x.parquet"})
    assert not allowed(own, certification) and not allowed(own, overwriting)


def allowed(policy: dict[str, Any], call: tuple[str, str, dict[str, Any]]) -> bool:
    """IAM's rules, as far as this policy uses them."""
    service, name, params = call
    for statement in policy["Statement"]:
        actions, resources = ([found] if isinstance(found, str) else found
                              for found in (statement["Action"], statement["Resource"]))  # fmt: skip
        target = params.get("TableName") or f"{params.get('Bucket')}/{params.get('Key')}"
        places = [resource.rpartition(":")[2].removeprefix("table/") for resource in resources]
        if f"{service}:{name}" not in actions or not any(fnmatchcase(target, place) for place in places):
            continue
        condition = statement.get("Condition", {})
        if "Null" in condition and "IfNoneMatch" not in params:
            continue
        leading = condition.get("ForAllValues:StringLike", {}).get("dynamodb:LeadingKeys")
        pk = (params.get("Key") or params.get("Item") or {}).get("pk", {}).get("S", "") if leading else ""
        if leading and not any(fnmatchcase(pk, pattern) for pattern in leading):
            continue
        return True
    return False


def test_a_branch_in_push_mode_is_not_pulled_centrally(terminal: Terminal, own_machine: Branches) -> None:
    terminal("pull")
    assert parts(terminal.lake, branch="002") == []
    assert parts(terminal.lake, branch="001") != []


def test_the_policy_is_printed_for_a_branch(terminal: Terminal, own_machine: Branches) -> None:
    assert main(["push-policy", "--branch", "002", "--account", "123456789012"]) == 0
    assert "sucursal=002" in terminal.capsys.readouterr().out
