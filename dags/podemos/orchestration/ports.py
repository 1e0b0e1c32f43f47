"""The outside, as the library wants it: built inside a task, from Airflow's connections and one Variable."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from functools import cached_property, partial
from typing import Any, Final, TypeVar

from airflow.sdk import Variable

from podemos.contracts.branches import Branch, Branches, branches
from podemos.contracts.delivery import Delivery, delivery
from podemos.contracts.platform import Platform, platform
from podemos.contracts.sources import Policy, Sources, policy, sources
from podemos.core.clock import Clock, system_clock
from podemos.core.night import Night
from podemos.core.store import ObjectStore, S3Store
from podemos.mobile.upload import S3Uploads, UploadStore
from podemos.orchestration.night import business_date_of, night_of

AWS: Final = "aws_default"
PLATFORM_VARIABLE: Final = "podemos_platform"
THREADS: Final = 32
"""Connections a client keeps open: no stage uses more threads."""

Result = TypeVar("Result")


class Ports:
    """One port per attribute, built when first asked for. A library function names the ports it needs.

    Args:
        context: the running task's context.
    """

    def __init__(self, context: Mapping[str, Any]) -> None:
        self._context = context
        self._clients: dict[str, Any] = {}

    @property
    def clock(self) -> Clock:
        """What tells the time."""
        return system_clock

    @cached_property
    def platform(self) -> Platform:
        """Names of everything outside, in this environment."""
        return platform(Variable.get(PLATFORM_VARIABLE, default=None))

    @cached_property
    def lake(self) -> ObjectStore:
        """The lake's bucket."""
        return S3Store(self.client("s3"), self.platform.lake_bucket)

    @cached_property
    def uploads(self) -> UploadStore:
        """The same bucket, as the phones' inbox: objects with their metadata."""
        return S3Uploads(self.client("s3"), self.platform.lake_bucket)

    @cached_property
    def heartbeats(self) -> Any:
        """When each phone was last heard."""
        from podemos.mobile.heartbeat import DynamoHeartbeats

        return DynamoHeartbeats(self.client("dynamodb"), self.platform.mobile.heartbeats_table)

    @cached_property
    def metrics(self) -> Callable[[str], None]:
        """Takes lines of the embedded metric format."""
        from podemos.mobile.metrics import LogGroup

        return LogGroup(self.client("logs"), self.clock)

    @property
    def queues(self) -> Mapping[str, Callable[[], int]]:
        """How many messages wait in each queue of the phones' path, by its name."""
        from podemos.mobile.queues import depths

        return depths(self.client("sqs"), self.platform.mobile)

    @cached_property
    def reports(self) -> ObjectStore:
        """The bucket of published reports."""
        return S3Store(self.client("s3"), self.platform.reports_bucket, self.platform.retention)

    @cached_property
    def warehouse(self) -> Any:
        """The Redshift workgroup, through its Data API."""
        from podemos.warehouse.port import DataApi

        names = self.platform.warehouse
        return DataApi(self.client("redshift-data"), names.workgroup, names.database, timeout_seconds=600)

    @cached_property
    def state(self) -> Any:
        """Leases and watermarks of the branches."""
        from podemos.branches.dynamo_state import DynamoState

        return DynamoState(self.client("dynamodb"), self.platform.branch_state_table)

    @cached_property
    def connect(self) -> Callable[[Branch], Any]:
        """Opens a branch's database by its Airflow connection."""
        from podemos.orchestration.links import connect

        limits = self.config.extraction
        return lambda branch: connect(branch, limits)

    @cached_property
    def catalog(self) -> Any:
        """The Glue Data Catalog."""
        return self.client("glue")

    @property
    def database(self) -> str:
        """The catalog's database."""
        return self.platform.catalog_database

    @property
    def pilot(self) -> int | None:
        """How many branches a pilot works with."""
        return self.platform.pilot_branches

    @property
    def config(self) -> Branches:
        """The branches and how they are pulled."""
        return branches()

    @property
    def sources(self) -> Sources:
        """The report's sources."""
        return sources()

    @property
    def policy(self) -> Policy:
        """The agreed policy of partial reports."""
        return policy()

    @property
    def delivery(self) -> Delivery:
        """By which channels a report is delivered."""
        return delivery()

    @cached_property
    def carrier(self) -> Any:
        """Sends a published version by a channel."""
        from podemos.regulatory.channels import Courier

        return Courier(self.client("s3"), self.client("ses"), self.client("secretsmanager"))

    @cached_property
    def night(self) -> Night:
        """The run's night."""
        return night_of(self._context)

    @cached_property
    def business_date(self) -> date:
        """The run's business day."""
        return business_date_of(self._context)

    @property
    def request(self) -> Any:
        """What a run of the restatement was asked for."""
        from podemos.orchestration.restating import request_of

        return request_of(self._context)

    @property
    def window(self) -> timedelta:
        """How long a run of the maintenance may take."""
        return timedelta(minutes=self._context["params"]["window_minutes"])

    @property
    def redesign(self) -> Mapping[str, Any]:
        """What a run of the redesign was asked for; a run that nobody started goes on with what is open."""
        return dict(self._context["params"]) if self._context["dag_run"].run_type == "manual" else {}

    @property
    def owner(self) -> str:
        """Who holds a lease: the same at every retry, so that a second attempt takes its own lease back."""
        instance = self._context["ti"]
        return f"{instance.dag_id}/{instance.run_id}/{instance.task_id}[{instance.map_index}]"

    @cached_property
    def signer(self) -> Any:
        """Signs a published manifest with KMS; a rehearsal stays unsigned."""
        from podemos.regulatory.kms import kms_signer

        return None if self.night.rehearsal else kms_signer(self.client("kms"), self.platform.signing_key)

    @property
    def send(self) -> Callable[..., None]:
        """Sends a notice: subject, body, attributes."""
        from podemos.orchestration.alerts import send

        return partial(send, self._context)

    @property
    def announce(self) -> Callable[[dict[str, Any]], None]:
        """Adds an event, with this extra, to the corrected certificates; for a task whose outlet is CORRECCIONES."""
        from podemos.orchestration.assets import CERTIFICADOS_CORREGIDOS, CORRECCIONES

        events = self._context["outlet_events"][CORRECCIONES]
        return lambda extra: events.add(CERTIFICADOS_CORREGIDOS, extra=extra)

    @property
    def backlog(self) -> Callable[[dict[str, Any]], None]:
        """Adds an event, with this extra, to the backlog of uploads; for a task whose outlet is ATRASO."""
        from podemos.orchestration.assets import ATRASO, ATRASO_MOVIL

        events = self._context["outlet_events"][ATRASO]
        return lambda extra: events.add(ATRASO_MOVIL, extra=extra)

    def client(self, service: str) -> Any:
        """The boto3 client of a service, with the execution role; one per task, shared by its threads."""
        from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook
        from botocore.config import Config

        if service not in self._clients:
            signed: dict[str, Any] = {"signature_version": "s3v4"} if service == "s3" else {}  # presigned links, too
            config = Config(max_pool_connections=THREADS, **signed)
            hook = AwsBaseHook(aws_conn_id=AWS, client_type=service, region_name=self.platform.region, config=config)
            self._clients[service] = hook.conn
        return self._clients[service]

    def call(self, function: Callable[..., Result], *arguments: Any, **named: Any) -> Result:
        """Calls a library function: its ports by name, the rest as given."""
        ports = {name: getattr(self, name) for name in wanted(function)}
        return function(**ports | named, **dict(zip(stage_parameters(function), arguments, strict=False)))


NAMES: Final = frozenset(name for name, value in vars(Ports).items() if isinstance(value, cached_property | property))


def wanted(function: Callable[..., Any]) -> tuple[str, ...]:
    """The ports a function's parameters name."""
    return tuple(name for name in inspect.signature(function).parameters if name in NAMES)


def stage_parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    """What a function needs besides ports: the strings that stages hand on. Parameters with a default are left alone.

    Raises:
        TypeError: a keyword-only parameter is neither a port nor optional.
    """
    found = []
    for name, parameter in inspect.signature(function).parameters.items():
        if name in NAMES or parameter.default is not parameter.empty:
            continue
        if parameter.kind is parameter.KEYWORD_ONLY:
            raise TypeError(f"{function.__module__}.{function.__name__}: no port is called {name!r}; see {__name__}")
        found.append(name)
    return tuple(found)
