"""A run's states, errors, arguments, logs, stop and limits. No Spark: what is tested is the same without a JVM."""

from __future__ import annotations

import os
import time
from pathlib import Path

import botocore.exceptions
import pytest

SLEEPER = """
    import time
    print("asleep", flush=True)
    time.sleep(120)
"""


def test_a_run_goes_from_starting_over_running_to_succeeded(aws):
    job = aws.create_job("import time; time.sleep(1)")
    run_id = aws.start(job)
    seen = []
    while not seen or seen[-1] not in ("SUCCEEDED", "FAILED"):
        state = aws.describe(job, run_id)["JobRunState"]
        if state not in seen:
            seen.append(state)
    assert seen[-2:] == ["RUNNING", "SUCCEEDED"]
    assert set(seen) <= {"STARTING", "RUNNING", "SUCCEEDED"}
    run = aws.describe(job, run_id)
    assert run["ExecutionTime"] >= 1
    assert run["CompletedOn"] > run["StartedOn"]
    assert "ErrorMessage" not in run


def test_a_failed_run_shows_the_last_line_of_its_traceback(aws):
    run = aws.run("def f():\n    raise ValueError('pago 17 has no amount')\nf()")
    assert run["JobRunState"] == "FAILED"
    assert run["ErrorMessage"] == "ValueError: pago 17 has no amount"
    assert "Traceback (most recent call last):" in aws.lines(run, "error")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("import sys; sys.exit('no input')", "SystemExit: no input"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("raise KeyError", "KeyError"),
        ("import os; os._exit(4)", "Command failed with exit code 4"),
        ("def broken(:\n    pass", "SyntaxError: "),
    ],
)
def test_every_way_to_fail_has_its_message(aws, script, message):
    run = aws.run(script)
    assert run["JobRunState"] == "FAILED"
    assert run["ErrorMessage"].startswith(message)


def test_a_script_that_exits_with_zero_succeeded(aws):
    assert aws.run("import sys; sys.exit(0)")["JobRunState"] == "SUCCEEDED"


def test_a_killed_process_is_a_failed_run(aws):
    run = aws.run("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert (run["JobRunState"], run["ErrorMessage"]) == ("FAILED", "The job's process was killed by SIGKILL")


def test_a_missing_script_is_named(aws):
    job = aws.create_job("pass", Command={"Name": "glueetl", "ScriptLocation": "s3://lake/scripts/nowhere.py"})
    run = aws.wait(job, aws.start(job))
    assert run["JobRunState"] == "FAILED"
    assert "s3://lake/scripts/nowhere.py" in run["ErrorMessage"]


def test_arguments_are_the_defaults_overridden_by_the_run_but_not_the_fixed_ones(aws):
    script = """
        import sys
        from awsglue.utils import getResolvedOptions
        print(getResolvedOptions(sys.argv, ["JOB_NAME", "table", "day", "fixed"]))
    """
    job = aws.create_job(
        script,
        DefaultArguments={"--table": "pagos", "--day": "none"},
        NonOverridableArguments={"--fixed": "yes"},
    )
    run = aws.wait(job, aws.start(job, Arguments={"--day": "2026-11-01", "--fixed": "no"}))
    assert run["JobRunState"] == "SUCCEEDED", run
    assert aws.lines(run) == [str({"JOB_NAME": job, "table": "pagos", "day": "2026-11-01", "fixed": "yes"})]
    assert run["Arguments"] == {"--table": "pagos", "--day": "2026-11-01", "--fixed": "yes"}


def test_a_missing_option_is_named(aws):
    run = aws.run("import sys\nfrom awsglue.utils import getResolvedOptions\ngetResolvedOptions(sys.argv, ['day'])")
    assert run["ErrorMessage"] == "GlueArgumentError: the following arguments are required: --day"


@pytest.mark.parametrize(
    "arguments",
    [
        {"--additional-python-modules": "pydantic"},
        {"--extra-jars": "s3://lake/x.jar"},
        {"--job-bookmark-option": "job-bookmark-enable"},
        {"--extra-py-files": "s3://lake/podemos.whl"},
    ],
)
def test_what_glue_would_obey_and_we_can_not_is_refused(aws, arguments):
    run = aws.run("pass", arguments)
    assert run["JobRunState"] == "FAILED"
    assert next(iter(arguments)) in run["ErrorMessage"]


def test_output_and_error_go_to_their_log_groups_while_the_job_runs(aws):
    script = """
        import sys, time
        print("to output", flush=True)
        print("to error", file=sys.stderr, flush=True)
        time.sleep(120)
    """
    job = aws.create_job(script)
    run_id = aws.start(job)
    run = aws.wait(job, run_id, "RUNNING")
    deadline = time.monotonic() + 20
    while not (aws.lines(run) and aws.lines(run, "error")) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert aws.describe(job, run_id)["JobRunState"] == "RUNNING"
    assert aws.lines(run) == ["to output"]
    assert aws.lines(run, "error") == ["to error"]
    assert run["LogGroupName"] == "/aws-glue/jobs"
    aws.client("glue").batch_stop_job_run(JobName=job, JobRunIds=[run_id])
    aws.wait(job, run_id, "STOPPED")


def test_stopping_a_run_kills_its_whole_process_group(aws):
    script = """
        import subprocess, time
        print(subprocess.Popen(["sleep", "120"]).pid, flush=True)
        time.sleep(120)
    """
    job = aws.create_job(script)
    run_id = aws.start(job)
    run = aws.wait(job, run_id, "RUNNING")
    while not aws.lines(run):
        time.sleep(0.1)
    child = int(aws.lines(run)[0])
    os.kill(child, 0)
    answer = aws.client("glue").batch_stop_job_run(JobName=job, JobRunIds=[run_id])
    assert [stopped["JobRunId"] for stopped in answer["SuccessfulSubmissions"]] == [run_id]
    assert aws.wait(job, run_id)["JobRunState"] == "STOPPED"
    assert _is_gone(child)


def test_a_run_that_ended_or_never_was_can_not_be_stopped(aws):
    job = aws.create_job("pass")
    run_id = aws.start(job)
    aws.wait(job, run_id, "SUCCEEDED")
    answer = aws.client("glue").batch_stop_job_run(JobName=job, JobRunIds=[run_id, "jr_none"])
    assert answer["SuccessfulSubmissions"] == []
    codes = [error["ErrorDetail"]["ErrorCode"] for error in answer["Errors"]]
    assert codes == ["JobRunCannotBeStoppedException", "EntityNotFoundException"]
    assert aws.describe(job, run_id)["JobRunState"] == "SUCCEEDED"


def test_a_run_waits_in_starting_for_the_only_slot_and_can_be_stopped_there(aws):
    first, second = aws.create_job(SLEEPER), aws.create_job("print('ran')")
    first_run = aws.start(first)
    aws.wait(first, first_run, "RUNNING")
    second_run = aws.start(second)
    time.sleep(1)
    assert aws.describe(second, second_run)["JobRunState"] == "STARTING"
    third_run = aws.start(aws.create_job("print('ran')"))
    glue = aws.client("glue")
    glue.batch_stop_job_run(JobName=second, JobRunIds=[second_run])
    assert aws.wait(second, second_run)["JobRunState"] == "STOPPED"
    glue.batch_stop_job_run(JobName=first, JobRunIds=[first_run])
    assert aws.wait(first, first_run)["JobRunState"] == "STOPPED"
    assert third_run.startswith("jr_")


def test_a_run_beyond_its_timeout_is_killed(aws):
    job = aws.create_job(SLEEPER, Timeout=1)
    run = aws.wait(job, aws.start(job))
    assert (run["JobRunState"], run["ErrorMessage"]) == ("TIMEOUT", "Job run exceeded its timeout")
    assert run["Timeout"] == 1
    assert run["ExecutionTime"] < 20


def test_more_runs_than_allowed_are_refused(aws):
    job = aws.create_job(SLEEPER, ExecutionProperty={"MaxConcurrentRuns": 1})
    run_id = aws.start(job)
    with pytest.raises(botocore.exceptions.ClientError) as refused:
        aws.start(job)
    assert refused.value.response["Error"]["Code"] == "ConcurrentRunsExceededException"
    aws.client("glue").batch_stop_job_run(JobName=job, JobRunIds=[run_id])
    aws.wait(job, run_id, "STOPPED")
    second = aws.start(job)
    aws.client("glue").batch_stop_job_run(JobName=job, JobRunIds=[second])
    aws.wait(job, second, "STOPPED")
    listed = aws.client("glue").get_job_runs(JobName=job)["JobRuns"]
    assert [run["Id"] for run in listed] == [second, run_id]  # the latest first, as AWS lists them


def test_a_second_job_of_the_same_name_is_refused_and_an_update_replaces_the_definition(aws):
    glue = aws.client("glue")
    job = aws.create_job("pass", Description="old", DefaultArguments={"--day": "1"}, Timeout=7)
    with pytest.raises(glue.exceptions.AlreadyExistsException):
        glue.create_job(Name=job, Role="r", Command={"Name": "glueetl", "ScriptLocation": "s3://lake/x.py"})
    command = glue.get_job(JobName=job)["Job"]["Command"]
    glue.update_job(JobName=job, JobUpdate={"Role": "other", "Command": command, "Description": "new"})
    updated = glue.get_job(JobName=job)["Job"]
    assert (updated["Role"], updated["Description"], updated["DefaultArguments"]) == ("other", "new", {})
    assert "Timeout" not in updated
    with pytest.raises(glue.exceptions.EntityNotFoundException):
        glue.update_job(JobName="no_such_job", JobUpdate={"Role": "r", "Command": command})


def _is_gone(pid: int) -> bool:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False
