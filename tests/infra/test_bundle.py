"""The bundle: the same bytes for the same commit, and complete in the layout that MWAA gives it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile

import pytest

from local.platform.settings import ROOT
from tools.deploy import bundle
from tools.deploy.smoke import expected_of

IMPORT = """
import importlib, json, sys
from pathlib import Path
home, checkout = Path(sys.argv[1]), sys.argv[2]
sys.path = [p for p in sys.path if not p.startswith(checkout) or "site-packages" in p]
import airflow.settings
airflow.settings.prepare_syspath_for_config_and_plugins()
# What every component has, the triggerer has no more: plugins on the path, dags/ not.
plugins = [importlib.import_module(path.stem).__file__ for path in sorted((home / "plugins").glob("*.py"))]
try:
    import podemos
    without_dags = podemos.__file__
except ImportError:
    without_dags = None
# What the dag processor and a worker have beside: the bundle's root.
from airflow.dag_processing.dagbag import BundleDagBag
bag = BundleDagBag(str(home / "dags"), bundle_path=home / "dags", bundle_name="dags-folder")
import podemos
from podemos.core import paths
print(json.dumps({
    "plugins": plugins, "without_dags": without_dags, "dags": sorted(bag.dags), "errors": bag.import_errors,
    "podemos": podemos.__file__, "include": str(paths.include()), "commit": paths.commit(),
}))
"""


@pytest.fixture(scope="module")
def made():
    return bundle.make(bundle.Checkout.of(ROOT, dirty=True))


@pytest.fixture(scope="module")
def airflow_home(made, tmp_path_factory):
    """A private /usr/local/airflow: what MWAA syncs and unpacks, and nothing of this checkout."""
    home = tmp_path_factory.mktemp("usr-local-airflow")
    made.write(home / "bucket")
    (home / "bucket" / "dags").rename(home / "dags")
    zipfile.ZipFile(io.BytesIO(made.files["plugins.zip"])).extractall(home / "plugins")
    return home


@pytest.fixture(scope="module")
def found(airflow_home):
    """What a process sees that has nothing but this folder and the installed packages."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "PODEMOS", "PYTHON"))}
    settings = {
        "AIRFLOW_HOME": str(airflow_home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "ERROR",
    }
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, str(airflow_home), str(ROOT)],
        env=kept | settings, capture_output=True, text=True, check=False, cwd=airflow_home,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_every_dag_is_imported_from_the_bundle_in_mwaas_layout(found, made, airflow_home):
    assert found["errors"] == {}
    assert [f"{name}.py" for name in found["dags"]] == expected_of(made)["files"]
    assert found["podemos"] == str(airflow_home / "dags/podemos/__init__.py")
    assert found["include"] == str(airflow_home / "dags/include")
    assert found["commit"] == made.commit


def test_the_triggerer_imports_the_plugins_without_dags_on_its_path(found, airflow_home):
    assert found["plugins"] and all(path.startswith(str(airflow_home / "plugins")) for path in found["plugins"])
    assert found["without_dags"] is None


def test_the_same_files_are_the_same_bytes_in_two_folders(made, tmp_path):
    again = bundle.make(bundle.Checkout.of(ROOT, dirty=True))
    made.write(tmp_path / "a")
    again.write(tmp_path / "elsewhere" / "b")
    assert (tmp_path / "a/bundle.json").read_bytes() == (tmp_path / "elsewhere/b/bundle.json").read_bytes()
    assert bundle.load(tmp_path / "a").files == bundle.load(tmp_path / "elsewhere/b").files


def test_a_changed_file_is_seen_before_it_is_deployed(made, tmp_path):
    made.write(tmp_path / "b")
    (tmp_path / "b/dags/regulatory_report.py").write_text("# changed\n")
    (tmp_path / "b/dags/stray.py").write_text("# nobody's\n")
    with pytest.raises(ValueError, match=r"dags/regulatory_report\.py, dags/stray\.py"):
        bundle.load(tmp_path / "b")


def test_plugins_are_zipped_without_their_folder(made):
    names = zipfile.ZipFile(io.BytesIO(made.files["plugins.zip"])).namelist()
    assert "podemos_deadlines.py" in names
    assert not any(name.startswith("plugins/") for name in names)


def test_functions_carry_the_library_and_its_zones(made):
    names = zipfile.ZipFile(io.BytesIO(made.files[f"functions/{made.functions}/watchdog.zip"])).namelist()
    assert {"handler.py", "podemos/core/zones.py", "include/config/zones.csv"} <= set(names)


def test_workers_get_neither_the_local_platform_nor_what_glue_and_lambda_run(made):
    for name in made.files:
        assert not name.startswith(("dags/include/glue/", "dags/include/functions/", "dags/local", "dags/tests"))
    assert "dags/include/config/local.yaml" not in made.files
    assert "dags/include/config/platform.yaml" in made.files


def test_without_a_way_out_wheels_travel_with_the_plugins():
    made = bundle.make(bundle.Checkout.of(ROOT, dirty=True), {"duckdb-2.0.0-cp312-cp312-x.whl": b"wheel"})
    assert made.files["requirements.txt"].startswith(b"--find-links /usr/local/airflow/plugins/wheels\n--no-index\n")
    names = zipfile.ZipFile(io.BytesIO(made.files["plugins.zip"])).namelist()
    assert "wheels/duckdb-2.0.0-cp312-cp312-x.whl" in names
