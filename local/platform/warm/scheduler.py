"""Airflow's scheduler, started with everything imported that its tasks will need.

LocalExecutor forks its workers from the scheduler, and a worker forks each task: what is imported here once, each of
the eighty tasks of a night finds already there. A script, run by its path: tasks must not find `local` importable.
"""

from __future__ import annotations

import importlib
import sys

from airflow.__main__ import main

NEEDED_BY_TASKS = (
    "airflow.sdk.execution_time.supervisor",
    "airflow.sdk.execution_time.task_runner",
    "airflow.providers.amazon.aws.operators.glue",
    "airflow.providers.amazon.aws.operators.redshift_data",
    "airflow.providers.amazon.aws.secrets.secrets_manager",
    "airflow.providers.amazon.aws.sensors.s3",
    "airflow.providers.amazon.aws.triggers.redshift_data",
    "airflow.providers.mysql.hooks.mysql",
    "boto3",
    "pyarrow.parquet",
)

if __name__ == "__main__":
    for name in NEEDED_BY_TASKS:
        importlib.import_module(name)
    sys.exit(main())
