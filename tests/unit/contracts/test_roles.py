"""Airflow's roles as data."""

import pytest
import yaml

from podemos.contracts.loading import check, config_file
from podemos.contracts.roles import ANSWERS, Roles, roles
from podemos.core.errors import ContractViolation


def test_the_three_duties_of_a_night_are_mapped_and_those_who_decide_can_answer():
    found = {role.name: role for role in roles().roles}
    assert {"operator", "engineer", "compliance"} <= set(found)
    assert all(found[name].base in ANSWERS for name in ("operator", "engineer", "compliance"))


def test_a_policy_names_one_role_of_one_environment():
    for role in roles().roles:
        assert role.resource("us-east-1", "123456789012", "podemos") == (
            f"arn:aws:airflow:us-east-1:123456789012:role/podemos/{role.base}"
        )


@pytest.mark.parametrize(
    ("name", "change", "why"),
    [
        ("auditor", {"may": ["answer the question of an incomplete report"]}, "Viewer cannot answer"),
        ("break-glass", {"session_hours": 12}, "an hour at most"),
        ("auditor", {"base": "Public"}, "base"),
        ("auditor", {"name": "operator"}, "twice"),
    ],
)
def test_a_role_that_cannot_do_its_duty_or_can_too_much_is_refused(name, change, why):
    data = yaml.safe_load(config_file("roles.yaml").read_text(encoding="utf-8"))
    next(role for role in data["roles"] if role["name"] == name).update(change)
    with pytest.raises(ContractViolation, match=why):
        check(Roles, data, "roles.yaml")
