"""Glue whose job runs run: PySpark 3.5 in its own process, with the states, errors, logs and limits of Glue 5.0."""

from __future__ import annotations

from local.aws.glue import api, runs
from local.aws.options import ServerOptions


def install(options: ServerOptions) -> None:
    """Patch moto's Glue in this process."""
    runs.configure(options)
    api.install()


def stop_all() -> None:
    """Kill every running job; used when the server ends."""
    runs.stop_all()
