"""What the DAGs need in Airflow itself: `include/config/airflow.yaml`."""

from __future__ import annotations

from fnmatch import fnmatchcase
from functools import cache
from typing import Literal, Self

from pydantic import Field, model_validator

from podemos.contracts.loading import Strict, config_file, load

NAME = r"^[a-z][a-z0-9_]*$"


class Pool(Strict):
    """A limit on tasks running at once."""

    name: str = Field(pattern=NAME)
    slots: int = Field(ge=1)
    description: str = Field(min_length=5)
    include_deferred: bool = Field(default=False, description="a deferred task keeps its slot")


class Variable(Strict):
    """A value that an environment may set."""

    name: str = Field(pattern=NAME)
    description: str = Field(min_length=5)
    required: bool


class Connection(Strict):
    """An endpoint with its secret; `*` in the id stands for a family of them."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]*\*?$")
    type: Literal["aws", "mysql"]
    description: str = Field(min_length=5)


class Environment(Strict):
    """Pools, variables and connections. Airflow waits for ever on a pool that does not exist."""

    pools: tuple[Pool, ...]
    variables: tuple[Variable, ...]
    connections: tuple[Connection, ...]

    @model_validator(mode="after")
    def _unique(self) -> Self:
        names = [("pools", p.name) for p in self.pools] + [("variables", v.name) for v in self.variables]
        names += [("connections", c.id) for c in self.connections]
        twice = sorted({f"{kind}: {name}" for kind, name in names if names.count((kind, name)) > 1})
        if twice:
            raise ValueError(f"listed twice: {', '.join(twice)}")
        return self

    def has_connection(self, connection_id: str) -> bool:
        """Whether the id, or the family it belongs to, is listed."""
        return any(fnmatchcase(connection_id, connection.id) for connection in self.connections)


@cache
def environment() -> Environment:
    """What Airflow must hold before a DAG runs."""
    return load(Environment, config_file("airflow.yaml"))
