"""A bag on SQLite, in a temporary AIRFLOW_HOME that is set before Airflow is imported and forgotten afterwards."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
DAGS, PLUGINS, SMALL = ROOT / "dags", ROOT / "plugins", Path(__file__).parent / "small"
HOME = Path(tempfile.mkdtemp(prefix="podemos-airflow-"))

assert "airflow" not in sys.modules, "a test outside tests/dags imports Airflow before its home is set"
HOME.joinpath("airflow.cfg").write_text(
    textwrap.dedent(f"""\
    [core]
    dags_folder = {SMALL}
    plugins_folder = {PLUGINS}
    load_examples = False
    unit_test_mode = False
    [database]
    sql_alchemy_conn = sqlite:///{HOME}/airflow.db
    [logging]
    base_log_folder = {HOME}/logs
    logging_level = WARNING
    """)
)
sys.path.insert(0, str(PLUGINS))
_before = {name: os.environ.get(name) for name in ("AIRFLOW_HOME", "AIRFLOW_CONFIG")}
os.environ["AIRFLOW_HOME"] = str(HOME)
os.environ.pop("AIRFLOW_CONFIG", None)
import airflow.configuration  # noqa: E402
import airflow.sdk.configuration  # noqa: E402
import airflow.settings  # noqa: E402

airflow.sdk.configuration.conf.get("core", "dags_folder")
for name, value in _before.items():
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


@pytest.fixture(scope="session")
def home() -> Path:
    """AIRFLOW_HOME of the session, for a process of Airflow's own."""
    return HOME


@pytest.fixture(scope="session")
def database() -> None:
    """Airflow's own tables."""
    from airflow.utils.db import initdb

    initdb()


@pytest.fixture(scope="session")
def bag() -> Any:
    """All DAGs, parsed as the dag processor does."""
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(DAGS), bundle_path=DAGS, bundle_name="dags-folder")


@pytest.fixture(scope="session")
def aws() -> Iterator[str]:
    """The local AWS; its address, which every client of the session uses."""
    from local.aws.testing import running_server

    with running_server(HOME / "aws") as address, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", address)
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("AIRFLOW_CONN_AWS_DEFAULT", "aws://")
        yield address


@pytest.fixture(scope="session")
def topics(aws: str) -> Callable[[str], list[dict[str, Any]]]:
    """Both topics of platform.yaml, each with a subscriber; returns what a topic's subscriber received since asked."""
    import boto3

    sns, sqs = boto3.client("sns"), boto3.client("sqs")
    queues = {}
    for name in ("podemos-alerts", "podemos-rehearsal"):
        queues[name] = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=queues[name], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sns.subscribe(TopicArn=sns.create_topic(Name=name)["TopicArn"], Protocol="sqs", Endpoint=arn)

    def received(name: str) -> list[dict[str, Any]]:
        found = []
        while messages := sqs.receive_message(QueueUrl=queues[name], MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=queues[name], ReceiptHandle=message["ReceiptHandle"])
        return found

    return received
