"""What an environment on AWS has beside its names: `include/config/deployment.yaml`, for infra/ and tools/deploy."""

from __future__ import annotations

import json
import re
from functools import cache
from ipaddress import IPv4Address, IPv4Network
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from podemos.contracts.loading import Strict, config_file, load
from podemos.contracts.platform import Platform, platform

FORCED = (
    r"celery\..*",
    r"core\.(load_examples|multi_team|fernet_key|execution_api_server_url|auth_manager|executor)",
    r"database\.sql_alchemy_conn.*",
    r"logging\.logging_config_class",
    r"scheduler\.standalone_dag_processor",
    r"fab\.config_file",
    r"api\.(secret_key|base_url)",
    r"api_auth\.jwt_.*",
    r"execution_api\.jwt_expiration_time",
    r"triggerer\.queues_enabled",
    r"metrics\.statsd_.*",
    r"operators\.default_queue",
)
"""Options that MWAA sets over whatever an environment says (mwaa/config/airflow.py of its image)."""
_OPTION = re.compile(r"[a-z]+([a-z0-9._]*[a-z0-9_]+)?")
LOOKUP = "^(?!aws_default$).*$"
LOG_DAYS = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{2,62}$")]


class Watchdog(Strict):
    """The function outside Airflow, and the repository of the contingency task's image."""

    function: Name
    repository: Name
    clocks: tuple[Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")], ...] = Field(min_length=1)


class Mwaa(Strict):
    """Size and reach of the environment. The number of workers is fixed: scaling in kills tasks (docs/adr/0043)."""

    environment_class: Literal[
        "mw1.small", "mw1.medium", "mw1.large", "mw1.xlarge", "mw1.2xlarge"
    ] = Field(alias="class")  # fmt: skip
    workers: int = Field(ge=1, le=25)
    schedulers: int = Field(ge=2, le=5)
    webservers: int = Field(ge=2, le=5)
    access: Literal["PUBLIC_AND_PRIVATE", "PRIVATE_ONLY"]
    max_dag_minutes: int = Field(ge=1, description="a tier-1 run that takes longer than this is an alarm")


class BranchesVpn(Strict):
    """The site-to-site connection behind which the branches' databases are."""

    gateway_ip: IPv4Address
    asn: int = Field(ge=1, le=4_294_967_294)
    cidr: IPv4Network


class Network(Strict):
    """Two private subnets, which MWAA can never change, and how they reach AWS."""

    cidr: IPv4Network
    egress: Literal["nat", "none"] = Field(description="none: packages travel in plugins.zip, everything by endpoints")
    interface_endpoints: bool
    branches_vpn: BranchesVpn | None

    @model_validator(mode="after")
    def _reaches_aws(self) -> Self:
        if self.egress == "none" and not self.interface_endpoints:
            raise ValueError("egress: none needs interface_endpoints: true, or nothing reaches AWS")
        return self


class WarehouseSize(Strict):
    """Redshift Serverless, in RPU."""

    base_rpu: int = Field(ge=8, le=512, multiple_of=8)
    max_rpu: int = Field(ge=8, le=512, multiple_of=8)


class AwsEnvironment(Strict):
    """One environment, in an account of its own."""

    names: dict[str, Any] = Field(description="keys of platform.yaml that differ here; no ARNs, the stacks know those")
    mwaa: Mwaa
    network: Network
    warehouse: WarehouseSize
    log_days: LOG_DAYS
    budget_usd: int = Field(ge=1)
    alerts_to: tuple[Annotated[str, Field(pattern=r"^\S+@\S+$")], ...]

    @field_validator("names")
    @classmethod
    def _no_arns(cls, value: dict[str, Any]) -> dict[str, Any]:
        if found := sorted(key for key in value if key.endswith("_arn") or key in ("contingency", "warehouse")):
            raise ValueError(f"{', '.join(found)}: the stacks know these, leave them out")
        platform(json.dumps(value))
        return value


class Deployment(Strict):
    """All environments, and what they have in common."""

    stack_prefix: Name
    mobile_api: Name
    watchdog: Watchdog
    tier_one: tuple[str, ...] = Field(min_length=1)
    airflow_options: dict[str, str]
    environments: dict[str, AwsEnvironment]

    @field_validator("airflow_options")
    @classmethod
    def _allowed(cls, options: dict[str, str]) -> dict[str, str]:
        for key, value in options.items():
            if not _OPTION.fullmatch(key) or len(key) > 64 or "." not in key:
                raise ValueError(f"{key!r} is no option that MWAA takes")
            if any(re.fullmatch(pattern, key) for pattern in FORCED):
                raise ValueError(f"{key} is forced by MWAA; setting it has no effect")
            if not value.isascii() or not value.isprintable():
                raise ValueError(f"{key}: MWAA takes printable ASCII only")
        for key in ("secrets.backend_kwargs", "workers.secrets_backend_kwargs"):
            if json.loads(options.get(key, "{}")).get("connections_lookup_pattern") != LOOKUP:
                raise ValueError(f"{key} must keep connections_lookup_pattern {LOOKUP}: this value replaces MWAA's own")
        return options

    def environment(self, name: str) -> AwsEnvironment:
        """The environment of this name.

        Raises:
            ValueError: there is none.
        """
        if name not in self.environments:
            raise ValueError(
                f"no environment {name!r} in deployment.yaml; it has {', '.join(sorted(self.environments))}"
            )
        return self.environments[name]

    def platform(self, name: str) -> Platform:
        """The names in force in an environment."""
        return platform(json.dumps(self.environment(name).names))

    def mwaa_name(self, name: str) -> str:
        """The MWAA environment's own name."""
        return f"{self.stack_prefix}-{name}"

    def stack(self, name: str, concern: str) -> str:
        """The name of a CloudFormation stack."""
        return f"{self.stack_prefix}-{name}-{concern}"


@cache
def deployment() -> Deployment:
    """The configured environments."""
    return load(Deployment, config_file("deployment.yaml"))
