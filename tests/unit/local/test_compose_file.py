"""docker-compose.yaml, its Dockerfile and .env.example, as far as no engine is needed."""

import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.compose.engine import compose_client

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "docker-compose.yaml").read_text(encoding="utf-8")
SERVICES = yaml.safe_load(TEXT)["services"]
ENDS = {"keys", "migrate"}
AIRFLOW = {"api-server", "scheduler", "dag-processor", "triggerer"}
OURS = set(SERVICES) - {"postgres"}


def config(*arguments, cwd=ROOT):
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "DOCKER_HOST": "unix:///nowhere"}
    command = [*compose_client(), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=environment, timeout=60)


def test_compose_accepts_the_file():
    done = config("config", "-q")
    assert done.returncode == 0, done.stderr


def test_compose_refuses_what_is_misspelt(tmp_path):
    (tmp_path / "docker-compose.yaml").write_text(TEXT.replace("depends_on:", "depend_on:"))
    done = config("config", "-q", cwd=tmp_path)
    assert done.returncode != 0
    assert "depend_on" in done.stderr


def test_every_service_that_stays_has_a_health_check_and_what_ends_is_waited_for():
    for name, service in SERVICES.items():
        if name not in ENDS:
            assert service["healthcheck"]["test"], name
    awaited = {
        name for service in SERVICES.values() for name, how in service.get("depends_on", {}).items()
        if how["condition"] == "service_completed_successfully"
    }  # fmt: skip
    assert awaited == ENDS


def test_airflow_sees_the_paths_of_mwaa_and_cannot_write_code():
    for name in AIRFLOW:
        mounts = dict(volume.split(":", 1) for volume in SERVICES[name]["volumes"])
        assert mounts["./dags"] == "/usr/local/airflow/dags:ro"
        assert mounts["./include"] == "/usr/local/airflow/dags/include:ro"
        assert mounts["./plugins"] == "/usr/local/airflow/plugins:ro"
    assert (ROOT / "dags" / "include").is_dir(), "the mount point; Docker would make one that belongs to root"


def test_no_secret_is_written_down():
    named = re.compile(r"(password|secret|token|fernet|_key)\w*[ \t]*[:=][ \t]*(\S+)", re.IGNORECASE)
    for path in ("docker-compose.yaml", "Dockerfile", ".env.example"):
        lines = [line.split("#")[0] for line in (ROOT / path).read_text(encoding="utf-8").splitlines()]
        for key, value in named.findall("\n".join(lines)):
            assert value.startswith(("/run/podemos", "{", ":/run")), (path, key, value)


def test_only_this_machine_reaches_it_and_no_container_has_a_capability():
    for name, service in SERVICES.items():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name
        if name in OURS:
            assert service["cap_drop"] == ["ALL"], name
            assert service["security_opt"] == ["no-new-privileges:true"], name


def test_the_example_names_every_setting_with_the_default_it_has():
    used = dict(re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", TEXT))
    example = dict(re.findall(r"^([A-Z_]+)=(\S+)", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert example == used


def test_the_images_hold_what_the_requirements_name():
    dockerfile = (ROOT / "Dockerfile").read_text()
    named = set(re.split(r"[\s\\]+", dockerfile.rsplit("platform-constraints.txt", 1)[1].replace('"', "").strip())) - {
        ""
    }
    part = (ROOT / "requirements-dev.txt").read_text().split("# the local platform")[1].split("# tests and tools")[0]
    assert named == {line.split("#")[0].strip() for line in part.splitlines() if line.strip()}
    assert "-r /opt/podemos/requirements.txt" in dockerfile


@pytest.mark.parametrize("image", ["apache/airflow:3.3.1-python3.12", "postgres:16-bookworm"])
def test_base_images_have_their_version(image):
    assert f":-{image}}}" in TEXT
