"""One MariaDB with fourteen branches for every test here; Tijuana, Hermosillo, Cancun and Juárez are among them."""

from collections.abc import Iterator

import pytest

from local.branches.testing import RunningBranches, running_branches


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBranches]:
    with running_branches(tmp_path_factory.mktemp("branches"), branches=14, rows=200) as platform:
        yield platform


@pytest.fixture
def whole(running: RunningBranches) -> Iterator[RunningBranches]:
    """The platform with no fault before the test, and none after it."""
    running.restore()
    yield running
    running.restore()


@pytest.fixture
def fresh(running: RunningBranches) -> Iterator[RunningBranches]:
    """The platform exactly as seeded; what the test changes is undone."""
    running.reseed()
    yield running
    running.reseed()
