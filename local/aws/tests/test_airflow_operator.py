"""Airflow's own Glue code against the server: the hook that creates, updates and watches a job, and its trigger."""

from __future__ import annotations

import os
import subprocess
import sys

SYNCHRONOUS = """
from airflow.providers.amazon.aws.hooks.glue import GlueJobHook

def hook(description):
    return GlueJobHook(
        aws_conn_id=None, region_name="us-east-1", job_name="branches_curate", desc=description,
        script_location="s3://lake/operator/job.py", iam_role_name="podemos-glue", update_config=True,
        create_job_kwargs={"GlueVersion": "5.0", "WorkerType": "G.1X", "NumberOfWorkers": 2},
        job_poll_interval=0.2,
    )

hook("first").initialize_job({"--day": "2026-11-01"})
second = hook("second")
second.concurrent_run_limit = 5
run_id = second.initialize_job({"--day": "2026-11-02"})["JobRunId"]
print("DESCRIPTION", second.conn.get_job(JobName="branches_curate")["Job"]["Description"])
print("ENDED", second.job_completion("branches_curate", run_id, verbose=True)["JobRunState"])
"""

DEFERRED = """
import asyncio
from airflow.providers.amazon.aws.hooks.glue import GlueJobHook
from airflow.providers.amazon.aws.triggers.glue import GlueJobCompleteTrigger

async def event_of(run_id, verbose):
    trigger = GlueJobCompleteTrigger(
        job_name="branches_curate", run_id=run_id, verbose=verbose, aws_conn_id=None, region_name="us-east-1",
        waiter_delay=1, waiter_max_attempts=60,
    )
    async for event in trigger.run():
        return event.payload

hook = GlueJobHook(aws_conn_id=None, region_name="us-east-1", job_name="branches_curate")
for verbose, day in ((False, "2026-11-03"), (False, "bad"), (True, "2026-11-04")):
    run_id = hook.conn.start_job_run(JobName="branches_curate", Arguments={"--day": day})["JobRunId"]
    print("EVENT", asyncio.run(event_of(run_id, verbose)))
"""

SCRIPT = b"""
import sys, time
from awsglue.utils import getResolvedOptions
day = getResolvedOptions(sys.argv, ["day"])["day"]
time.sleep(1)
print("curating", day)
if day == "bad":
    raise ValueError("day must be a date, got bad")
"""


def test_the_hook_and_the_trigger_of_the_amazon_provider_work_unchanged(aws, tmp_path):
    """What GlueJobOperator calls, without a DAG: create or update, start, wait with the logs; then deferred."""
    aws.client("s3").put_object(Bucket="lake", Key="operator/job.py", Body=SCRIPT)
    aws.client("iam").create_role(RoleName="podemos-glue", AssumeRolePolicyDocument="{}")
    printed = _airflow(aws, tmp_path, SYNCHRONOUS)
    assert "DESCRIPTION second" in printed
    assert "ENDED SUCCEEDED" in printed
    assert "curating 2026-11-02" in printed  # the job's own line, read back from the logs
    printed = _airflow(aws, tmp_path, DEFERRED)
    good, bad, verbose = (line for line in printed.splitlines() if line.startswith("EVENT "))
    assert "'status': 'success'" in good
    assert "'status': 'error'" in bad
    assert "ValueError: day must be a date, got bad" in printed
    assert "'status': 'success'" in verbose
    assert "curating 2026-11-04" in printed
    assert "curating 2026-11-03" not in printed


def _airflow(aws, home, script: str) -> str:
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AWS_ENDPOINT_URL": aws.endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr
