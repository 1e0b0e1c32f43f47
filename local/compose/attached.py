"""The platform seen from the seeder's container: the same stack, whose parts other containers started."""

from __future__ import annotations

import time

from local.aws import testing
from local.branches import faults, seed
from local.branches.server import MariaDB
from local.platform import dataset
from local.platform.dataset import Dataset
from local.platform.processes import Processes, StartFailed
from local.platform.settings import Settings
from local.platform.stack import Say, Stack, Status

START_OVER = "start over with `docker compose down -v` and `docker compose up --wait`"
_AWS_SECONDS = 60.0


class _Elsewhere(Processes):
    """Processes of other containers: whether one ended is for its health check to say."""

    def require_running(self, name: str) -> None:
        """Nothing to see from here."""


class AttachedStack(Stack):
    """Seeds, provisions and waits; starts and stops nothing."""

    def __init__(self, settings: Settings, say: Say) -> None:
        super().__init__(settings, say)
        self.processes = _Elsewhere(settings.state)

    def down(self) -> bool:
        """Not from inside.

        Raises:
            StartFailed: always, with the remedy.
        """
        raise StartFailed("containers are stopped from outside: `docker compose down`, with `-v` to forget their data")

    def start_over(self, wanted: Dataset, held: Dataset) -> None:
        """Not from inside: the lake belongs to another container.

        Raises:
            StartFailed: always, with the remedy.
        """
        raise StartFailed(f"the platform holds {held}, which {wanted} can not follow on; {START_OVER}")

    def revive(self) -> list[str]:
        """Docker does that, see `restart:`."""
        return []

    def status(self) -> list[Status]:
        """The parts that are reached from here."""
        saved = self._saved_branches()
        server, proxy = MariaDB(saved).pid(), faults.proxy_pid(saved)
        try:
            healthy = {name: word == "healthy" for name, word in self.airflow.health().items()}
        except Exception:
            healthy = {"airflow": False}
        return [
            *(Status(name, good, None, self.settings.airflow_url) for name, good in healthy.items()),
            Status("mariadb", server is not None, server, f"{saved.host}:{saved.port}"),
            Status("branch links", proxy is not None, proxy, f"{saved.host}:{saved.branch_port}"),
        ]

    def _airflow_runs(self) -> bool:
        return True

    def _require_free_ports(self, wanted: Dataset) -> None:
        """Nothing is started here."""

    def _start_airflow(self) -> None:
        """Other containers do."""

    def _start_aws(self, wanted: Dataset) -> None:
        deadline = time.monotonic() + _AWS_SECONDS
        while not self._aws_answers():
            if time.monotonic() > deadline:
                raise StartFailed(f"the AWS stand-in at {self.settings.endpoint} does not answer")
            time.sleep(0.5)
        if dataset.read(self.settings.state) and not self._provisioned():
            raise StartFailed(f"the AWS stand-in was killed and its state is lost; {START_OVER}")
        with self._timed("buckets, tables, jobs, secrets"):
            self.provision(wanted)

    def _aws_answers(self) -> bool:
        try:
            testing.health(self.settings.endpoint)
        except OSError:
            return False
        return True

    def _start_branches(self, wanted: Dataset) -> None:
        links = self._saved_branches().branches
        if wanted.branches > links:
            raise StartFailed(f"{wanted.branches} branches wanted, and there are links to {links}")
        settings = self.branch_settings(wanted.branches)
        with self._timed(f"{wanted.branches} branches seeded"):
            self.seed_seconds = seed.seed(settings, wanted.business_date, rows=wanted.rows).seconds
