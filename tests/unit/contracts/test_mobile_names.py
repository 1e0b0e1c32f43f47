"""The phones' path: every branch has one region, and what the functions are told is what the deployment declares."""

from podemos.contracts.branches import branches
from podemos.contracts.deployment import deployment
from podemos.contracts.mobile import ingest_environment, process_environment, region_table
from podemos.contracts.platform import platform
from podemos.mobile.keys import INBOX, REGION


def test_every_branch_has_one_region_that_can_stand_in_a_key():
    assert set(region_table()) == {branch.number for branch in branches().branches}
    assert all(REGION.fullmatch(region) for region in region_table().values())


def test_the_environments_of_the_functions_fit_into_lambdas_four_kilobytes():
    for variables in (ingest_environment(platform()), process_environment(platform())):
        assert sum(len(name) + len(value) for name, value in variables.items()) < 4096


def test_the_deployment_declares_the_same_names():
    ours, theirs = platform().mobile, deployment().mobile
    assert (ours.heartbeats_table, ours.seen_table) == (theirs.heartbeats_table, theirs.seen_table)
    assert (ours.inbox_queue, ours.inbox_rule) == (theirs.inbox_queue, theirs.inbox_rule)
    assert ours.dead_letter_queue == theirs.dead_letter_queue
    assert theirs.inbox_prefix == INBOX
