"""The phones' path: every branch has one region."""

from podemos.contracts.branches import branches
from podemos.contracts.mobile import ingest_environment, process_environment, region_table
from podemos.contracts.platform import platform
from podemos.mobile.keys import REGION


def test_every_branch_has_one_region_that_can_stand_in_a_key():
    assert set(region_table()) == {branch.number for branch in branches().branches}
    assert all(REGION.fullmatch(region) for region in region_table().values())


def test_the_environments_of_the_functions_fit_into_lambdas_four_kilobytes():
    for variables in (ingest_environment(platform()), process_environment(platform())):
        assert sum(len(name) + len(value) for name, value in variables.items()) < 4096
