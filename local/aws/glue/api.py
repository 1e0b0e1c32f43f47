"""The Glue calls moto lacks or only pretends: real runs, BatchStopJobRun, UpdateJob, CreateJob of a taken name."""

from __future__ import annotations

import threading
from typing import Any

import moto.glue.models as glue_models
from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.glue.exceptions import AlreadyExistsException, JobRunNotFoundException
from moto.glue.responses import GlueResponse

from local.aws import patching
from local.aws.glue.runs import LocalJobRun

_UPDATABLE = {
    "Description": "description",
    "LogUri": "log_uri",
    "Role": "role",
    "ExecutionProperty": "execution_property",
    "Command": "command",
    "DefaultArguments": "default_arguments",
    "NonOverridableArguments": "non_overridable_arguments",
    "Connections": "connections",
    "MaxRetries": "max_retries",
    "AllocatedCapacity": "allocated_capacity",
    "Timeout": "timeout",
    "MaxCapacity": "max_capacity",
    "SecurityConfiguration": "security_configuration",
    "NotificationProperty": "notification_property",
    "GlueVersion": "glue_version",
    "NumberOfWorkers": "number_of_workers",
    "WorkerType": "worker_type",
    "CodeGenConfigurationNodes": "code_gen_configuration_nodes",
    "ExecutionClass": "execution_class",
    "SourceControlDetails": "source_control_details",
}
_DICTS = {"execution_property", "default_arguments"}
_start_lock = threading.Lock()


def install() -> None:
    """Replace moto's job runs and add the missing calls."""
    patching.replace(glue_models, "FakeJobRun", LocalJobRun)
    _launch_started_runs()
    _show_latest_run_first()
    _refuse_second_create()
    patching.add(GlueResponse, "batch_stop_job_run", _batch_stop_job_run)
    patching.add(GlueResponse, "update_job", _update_job)


def _launch_started_runs() -> None:
    original = glue_models.FakeJob.start_job_run

    def start_job_run(self: Any, **given: Any) -> str:
        with _start_lock:  # counting the running ones and adding one must be one step
            run_id: str = original(self, **given)
            run = next(r for r in self.job_runs if r.job_run_id == run_id)
        run.launch(self.command, self.backend.account_id, self.backend.region_name)
        return run_id

    patching.replace(glue_models.FakeJob, "start_job_run", start_job_run)


def _show_latest_run_first() -> None:
    """The operator looks for its own earlier run among the first ones listed."""
    original = glue_models.FakeJob.get_job_runs

    def get_job_runs(self: Any) -> list[LocalJobRun]:
        return list(reversed(original(self)))

    patching.replace(glue_models.FakeJob, "get_job_runs", get_job_runs)


def _refuse_second_create() -> None:
    original = glue_models.GlueBackend.create_job

    def create_job(self: Any, name: str, **given: Any) -> None:
        if name in self.jobs:
            raise AlreadyExistsException("Job")
        original(self, name=name, **given)

    patching.replace(glue_models.GlueBackend, "create_job", create_job)


def _update_job(self: Any) -> ActionResult:
    """UpdateJob: the new definition replaces the old one whole; what is not named goes back to its default."""
    job = self.glue_backend.get_job(self._get_param("JobName"))
    update = self._get_param("JobUpdate")
    for wire, attribute in _UPDATABLE.items():
        default: Any = {} if attribute in _DICTS else "STANDARD" if attribute == "execution_class" else None
        setattr(job, attribute, update.get(wire) or default)
    job.last_modified_on = utcnow()
    return ActionResult({"JobName": job.name})


def _batch_stop_job_run(self: Any) -> ActionResult:
    """BatchStopJobRun: each run is stopped or named among the errors."""
    job = self.glue_backend.get_job(self._get_param("JobName"))
    stopped, errors = [], []
    for run_id in self._get_param("JobRunIds"):
        try:
            run = job.get_job_run(run_id)
        except JobRunNotFoundException as missing:
            errors.append(_stop_error(job.name, run_id, "EntityNotFoundException", missing.message))
            continue
        state = run.status
        if run.request_stop():
            stopped.append({"JobName": job.name, "JobRunId": run_id})
        else:
            text = f"Job run {run_id} cannot be stopped in {state} state"
            errors.append(_stop_error(job.name, run_id, "JobRunCannotBeStoppedException", text))
    return ActionResult({"SuccessfulSubmissions": stopped, "Errors": errors})


def _stop_error(job: str, run_id: str, code: str, message: str) -> dict[str, Any]:
    return {"JobName": job, "JobRunId": run_id, "ErrorDetail": {"ErrorCode": code, "ErrorMessage": message}}
