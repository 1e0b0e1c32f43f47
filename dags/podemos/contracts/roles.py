"""Who may do what in Airflow: `include/config/roles.yaml`."""

from __future__ import annotations

from functools import cache
from typing import Literal, Self

from pydantic import Field, model_validator

from podemos.contracts.loading import Strict, config_file, load

ANSWERS = ("User", "Op", "Admin")
"""Of MWAA's roles, those that may answer a question of a run; Viewer only reads it."""


class Role(Strict):
    """People with the same duties."""

    name: str = Field(pattern=r"^[a-z][a-z-]*$")
    base: Literal["Admin", "Op", "User", "Viewer"] = Field(description="the role of MWAA that they are mapped to")
    who: str = Field(min_length=5)
    may: tuple[str, ...] = Field(min_length=1)
    may_not: tuple[str, ...] = Field(min_length=1)
    session_hours: int = Field(ge=1, le=12)

    def resource(self, region: str, account: str, environment: str) -> str:
        """What its IAM policy permits airflow:CreateWebLoginToken on: this Airflow role, and never `*`."""
        return f"arn:aws:airflow:{region}:{account}:role/{environment}/{self.base}"


class Roles(Strict):
    """All of them."""

    roles: tuple[Role, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        names = [role.name for role in self.roles]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"listed twice: {', '.join(twice)}")
        for role in self.roles:
            if role.base == "Admin" and role.session_hours > 1:
                raise ValueError(f"{role.name}: an Admin's session lasts an hour at most")
            if role.base not in ANSWERS and any(duty.startswith("answer ") for duty in role.may):
                raise ValueError(f"{role.name}: {role.base} cannot answer a question; it needs {' or '.join(ANSWERS)}")
        return self


@cache
def roles() -> Roles:
    """The configured roles."""
    return load(Roles, config_file("roles.yaml"))
