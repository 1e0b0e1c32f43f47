"""The commands as a person types them, on running branches and a running local AWS."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from local.branches.testing import RunningBranches, running_branches
from local.branches.truth import expected_movements
from local.judge.cli import app as judge_app
from local.sources import aws
from local.sources.cli import app as sources_app
from local.sources.truth import record_of
from tests.integration.sources_sim.report import honest, write
from tests.integration.sources_sim.sample import DAY

DATE = ("--date", DAY.isoformat())


@pytest.fixture(scope="module")
def branches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBranches]:
    with running_branches(tmp_path_factory.mktemp("platform") / ".local", branches=3, rows=100) as running:
        yield running


@pytest.fixture
def sources(branches: RunningBranches, endpoint: str) -> Iterator[CliRunner]:
    """A runner of commands on a date for which nothing was delivered."""
    runner = CliRunner(env={"AWS_ENDPOINT_URL": endpoint, "PODEMOS_STATE": str(branches.settings.state)})
    yield runner
    runner.invoke(sources_app, ["forget", *DATE])


def deliver(runner: CliRunner, *more: str) -> Result:
    return runner.invoke(sources_app, ["deliver", *DATE, "--rows", "20", *more])


def test_everything_at_once_then_nothing_again(sources: CliRunner) -> None:
    first = deliver(sources, "--now")
    assert first.exit_code == 0, first.output
    assert len(first.stdout.splitlines()) == 14
    again = deliver(sources, "--now")
    assert all(line.endswith("already there") for line in again.stdout.splitlines())
    assert "not yet" not in sources.invoke(sources_app, ["status", *DATE]).stdout


def test_a_night_of_a_few_seconds_delivers_by_itself(sources: CliRunner) -> None:
    found = deliver(sources, "--start", "2026-11-20T08:00:00+00:00", "--seconds-per-hour", "1")
    assert found.exit_code == 0, found.output
    clocks = [line.split()[0] for line in found.stdout.splitlines()]
    assert clocks == sorted(clocks)
    assert clocks[-1].startswith("03:5")


def test_what_is_missing_and_what_was_changed_is_restored(sources: CliRunner) -> None:
    deliver(sources, "--now", "--scenario", "partial", "--tamper", "source=tarjetas row=17", "--withhold", "remesas")
    status = sources.invoke(sources_app, ["status", *DATE]).stdout
    assert [line.split()[0] for line in status.splitlines() if "not yet" in line] == ["movil", "cajeros", "remesas"]
    restored = sources.invoke(sources_app, ["restore", *DATE])
    assert sorted(line.split()[0] for line in restored.stdout.splitlines()) == [
        "cajeros", "movil", "remesas", "tarjetas",
    ]  # fmt: skip
    assert sources.invoke(sources_app, ["restore", *DATE]).stdout == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give either --start"),
        (["--now", "--start", "2026-11-20T08:00:00+00:00"], "give either --start"),
        (["--start", "2026-11-20T08:00:00"], "the offset is missing"),
        (["--start", "2026-11-20T08:00:00+00:00", "--seconds-per-hour", "0"], "an hour takes at least a second"),
        (["--now", "--scenario", "quiet"], "there is no scenario 'quiet'"),
        (["--now", "--tamper", "tarjetas"], "is not of the form"),
        (["--now", "--withhold", "banco"], "source 'banco' delivers no files here"),
    ],
)
def test_a_wrong_command_says_why_and_delivers_nothing(sources: CliRunner, arguments: list[str], message: str) -> None:
    refused = deliver(sources, *arguments)
    assert refused.exit_code == 2
    assert message in refused.stderr
    assert "Traceback" not in refused.output
    assert "  arrived" not in sources.invoke(sources_app, ["status", *DATE]).stdout


def test_without_branches_the_command_says_so(endpoint: str, tmp_path: Path) -> None:
    runner = CliRunner(env={"AWS_ENDPOINT_URL": endpoint, "PODEMOS_STATE": str(tmp_path)})
    refused = deliver(runner, "--now")
    assert refused.exit_code == 2
    assert "does not run" in refused.stderr


def test_the_verdict_of_the_running_simulators(sources: CliRunner, branches: RunningBranches, endpoint: str) -> None:
    deliver(sources, "--now")
    content = record_of(branches.settings.state, DAY).content
    draft = honest(content, list(expected_movements(branches.settings, DAY)))
    assert draft.excepted, "branch 002 has orphans"
    uri = write(aws.client("s3", endpoint), draft, content)
    verified = sources.invoke(judge_app, ["report", uri, *DATE])
    assert verified.exit_code == 0, verified.output
    verdict = json.loads(verified.stdout.splitlines()[-1])
    assert (verdict["verified"], verdict["movements"]) == (True, len(draft.rows))

    row = next(row for row in draft.rows if row["id_movimiento"].startswith("001-"))
    row["monto"] = f"{row['monto'][:-1]}{(int(row['monto'][-1]) + 1) % 10}"
    refused = sources.invoke(judge_app, ["report", write(aws.client("s3", endpoint), draft, content), *DATE])
    assert refused.exit_code == 1
    (line, last) = refused.stdout.splitlines()
    assert line.startswith(f"sucursal 001, 2026-11-19, pago {row['id_movimiento'][4:]}: ")
    assert json.loads(last)["difference_count"] == 1


def test_a_cent_is_planted_by_command(sources: CliRunner) -> None:
    deliver(sources, "--now")
    planted = sources.invoke(judge_app, ["plant", *DATE, "--hop", "source", "--source", "spei", "--row", "3"])
    assert planted.exit_code == 0, planted.output
    assert planted.stdout.startswith(
        "source: one cent more in s3://podemos-lake/regulatory/inbox/spei/2026-11-19/spei_"
    )
    assert "(row 3)" in planted.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--hop", "source"], "--source is missing for this hop"),
        (["--hop", "landed"], "--branch is missing for this hop"),
        (["--hop", "warehouse"], "--branch is missing for this hop"),
        (["--hop", "landed", "--branch", "17"], "no chunk holds a paid payment"),
        (["--hop", "source", "--source", "spei"], "no source has delivered for 2026-11-19"),
    ],
)
def test_a_plant_that_cannot_be_says_why(sources: CliRunner, arguments: list[str], message: str) -> None:
    refused = sources.invoke(judge_app, ["plant", *DATE, *arguments])
    assert refused.exit_code == 2
    assert message in refused.stderr
