"""`make fidelity-check`: all hold on the stand-in, what is not so is told, and without credentials nobody is asked."""

import os
import subprocess
import sys

from local.platform.settings import ROOT
from tools.fidelity import check


def test_every_check_holds_where_everything_is_as_it_should_be(provisioned, names, clients):
    told = []
    results = check.run(check.checks(names, clients), told.append)
    assert told == results
    assert [result for result in results if not result.good] == []
    assert len(results) >= 20


def test_what_is_not_there_is_told_and_the_other_checks_go_on(provisioned, names, clients):
    other = names.model_copy(update={"lake_bucket": "somebody-elses-lake", "signing_key": "alias/nobody"})
    results = {result.name: result for result in check.run(check.checks(other, clients), lambda _: None)}
    bad = [name for name, result in results.items() if not result.good]
    assert bad == ["s3: somebody-elses-lake keeps versions", "kms: the key signs with ECDSA P-256"]
    assert "NoSuchBucket" in results[bad[0]].seen


def test_without_credentials_it_refuses_and_says_what_it_needs(tmp_path):
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PODEMOS_"))}
    environment |= {
        "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": str(tmp_path / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"), "PYTHONPATH": f"{ROOT / 'dags'}{os.pathsep}{ROOT}",
    }  # fmt: skip
    command = [sys.executable, "-m", "tools.fidelity", "check"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "nothing was asked" in done.stderr
    assert "AWS_PROFILE" in done.stderr
