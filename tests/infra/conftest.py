"""What is deployed is tried in memory: never on the local AWS that other tests of the same session have started."""

from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="module")
def no_local_aws() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("AWS_ENDPOINT_URL", raising=False)
        yield
