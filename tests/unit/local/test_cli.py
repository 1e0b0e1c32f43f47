"""What a person types, and what they are told when it is wrong."""

import json

import pytest
import typer
from typer.testing import CliRunner

from local.branches.seed import TooFewRows
from local.cli import app, branch_numbers
from local.platform.night import offline_branches, pace_for


def test_branches_are_named_singly_and_by_range():
    assert branch_numbers("017") == ["017"]
    assert branch_numbers("3,011-013") == ["003", "011", "012", "013"]


@pytest.mark.parametrize("text", ["", "a", "1-", "1,,2", "0170"])
def test_other_forms_are_refused(text):
    with pytest.raises(typer.BadParameter, match="neither a branch"):
        branch_numbers(text)


def test_ten_of_two_hundred_branches_go_offline_and_one_of_six():
    assert len(offline_branches(200)) == 10
    assert offline_branches(20) == ["007"]
    assert offline_branches(6) == ["006"]


def test_faults_can_be_set_before_anything_runs_and_mended(tmp_path, monkeypatch):
    monkeypatch.setenv("PODEMOS_STATE", str(tmp_path))
    run = CliRunner()
    assert run.invoke(app, ["fault", "branch", "011-013", "offline"]).exit_code == 0
    assert run.invoke(app, ["fault", "source", "spei", "missing"]).exit_code == 0
    faults = json.loads((tmp_path / "branches" / "faults.json").read_text())["faults"]
    assert sorted(faults) == ["011", "012", "013"]
    assert run.invoke(app, ["restore", "all"]).exit_code == 0
    assert json.loads((tmp_path / "branches" / "faults.json").read_text())["faults"] == {}
    assert json.loads((tmp_path / "withheld.json").read_text()) == []


def test_an_unknown_scenario_is_refused_before_anything_starts(tmp_path, monkeypatch):
    monkeypatch.setenv("PODEMOS_STATE", str(tmp_path / "state"))
    told = CliRunner().invoke(app, ["demo", "--scenario", "sunny"])
    assert told.exit_code == 2
    assert not (tmp_path / "state").exists()


def test_a_slow_machine_gets_a_slower_night():
    assert pace_for(30, seconds=200) == 30
    assert pace_for(30, seconds=400) == 60


def test_too_few_rows_are_refused_before_anything_starts(tmp_path, monkeypatch):
    monkeypatch.setenv("PODEMOS_STATE", str(tmp_path / "state"))
    told = CliRunner().invoke(app, ["demo", "--rows", "5"])
    assert isinstance(told.exception, TooFewRows)
    assert not (tmp_path / "state").exists()
