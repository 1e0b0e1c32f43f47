"""The branches: `include/config/branches.yaml`."""

from __future__ import annotations

from functools import cache
from typing import Literal, Self

from pydantic import Field, field_validator, model_validator

from podemos.contracts.loading import Strict, config_file, load
from podemos.core.errors import ContractViolation
from podemos.core.table import Table
from podemos.core.zones import zone_table

_WIDE_ROWS = 2000
_HELD_ROWS, _LEAST_ROWS = 200_000, 25_000
"""Of all threads together, and of one however many there are: smaller chunks would be many, each with its evidence."""


class Branch(Strict):
    """One branch and its database."""

    id: str = Field(pattern=r"^\d{3}$")
    nombre: str
    zone: str
    mode: Literal["pull", "push"] = Field(
        default="pull", description="`push`: the branch's own machine pulls and lands; see docs/adr/0023-push-mode.md"
    )
    max_kbps: int | None = Field(default=None, ge=8, description="instead of the extraction's")
    server_zone: str | None = Field(
        default=None, description="zone of its server's sessions, in which a TIMESTAMP is shown; default: its own"
    )

    @field_validator("zone", "server_zone")
    @classmethod
    def _known(cls, zone: str | None) -> str | None:
        if zone is not None and zone not in zone_table().zones():
            raise ValueError(f"zone {zone!r} is not in zones.csv; write one that has it: "
                             f"python tools/build_zones.py FOLDER/zones.csv {zone}")  # fmt: skip
        return zone

    @property
    def number(self) -> int:
        """`id_sucursal` in data."""
        return int(self.id)

    @property
    def connection(self) -> str:
        """The Airflow connection of its database."""
        return f"sucursal_{self.id}"


class Extraction(Strict):
    """How branches are pulled."""

    tables: tuple[str, ...] = Field(min_length=1)
    batch_size: int = Field(default=10, ge=1, le=200, description="branches per mapped task")
    threads: int = Field(default=5, ge=1, le=32, description="branches pulled at once within a task")
    page_rows: int = Field(default=50_000, ge=1, description="rows per keyset page, i.e. per parquet chunk")
    snapshot_seconds: int = Field(default=600, ge=1, description="a consistent snapshot lives no longer")
    statement_seconds: int = Field(default=120, ge=1, description="statement time limit on the branch's server")
    connect_seconds: int = Field(default=10, ge=1)
    tls_ca: str | None = Field(
        default=None,
        description="PEM of the authority of the branches' certificates, a file of the configuration; every link is "
        "encrypted and verified, and a server that cannot is refused",
    )
    max_kbps: int | None = Field(
        default=None, ge=8, description="thousand bits a second that a pull may read from a branch; None is no limit"
    )
    link_attempts: int = Field(default=3, ge=1, description="links to a branch in one run: a lost one is opened anew")
    link_pause_seconds: float = Field(default=1.0, ge=0, description="before another link; doubles, full jitter")
    behind_hours: int = Field(
        default=24, ge=1, description="a watermark further back lets the newest business days go first"
    )
    behind_seconds: int = Field(
        default=180, ge=1, description="time that a gap gets in one run: the others' data waits for the batch's end"
    )
    branch_seconds: int = Field(default=900, ge=1, description="time budget of one branch in one run")
    hold_back: Literal["lag", "transactions"] = Field(
        default="lag", description="`transactions` needs PROCESS, which shows every session's SQL: a decision"
    )
    lag_seconds: int = Field(default=900, ge=0, description="watermark hold-back where transactions are not looked at")
    margin_seconds: int = Field(default=2, ge=2, description="below the oldest transaction; see branches/horizon.py")
    max_open_trx_seconds: int = Field(default=1800, ge=1, description="a longer transaction stops holding, and alerts")
    counter_margin: int = Field(
        default=1000, ge=0, description="numbers read again at each pull of a table whose cursor is a counter"
    )
    fingerprint_days: int = Field(default=45, ge=1, description="branch-local days certified each night")
    narrow_rows: int = Field(
        default=500,
        ge=1,
        description="a day that differs is read whole up to so many rows, beyond it by key ranges",
    )
    look_back_hours: int = Field(
        default=6,
        ge=0,
        description="pulls of a branch whose rows come late reach back as far as they did, at most this",
    )
    look_back_days: int = Field(default=30, ge=1, description="what came late before is forgotten")
    rotation_days: int = Field(
        default=30, ge=1, le=366, description="all older days are certified in turns within so many days"
    )
    rotation_slices: int = Field(
        default=2, ge=0, le=366, description="turns that one pull takes at most; a branch that was away makes up for it"
    )

    def rows_of(self, table: Table) -> int:
        """Rows per page of a table: few where a text may be of any length, for each thread holds a page in memory."""
        wide = any(column.unbounded for column in table.columns)
        most = _WIDE_ROWS if wide else max(_LEAST_ROWS, _HELD_ROWS // self.threads)
        return min(self.page_rows, most)


class Branches(Strict):
    """All branches and how they are pulled."""

    extraction: Extraction
    branches: tuple[Branch, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _unique(self) -> Self:
        ids = [branch.id for branch in self.branches]
        twice = sorted({i for i in ids if ids.count(i) > 1})
        if twice:
            raise ValueError(f"branch {', '.join(twice)} is listed twice")
        return self

    def branch(self, branch_id: str) -> Branch:
        """The branch of that id.

        Raises:
            ContractViolation: it is not listed.
        """
        for branch in self.branches:
            if branch.id == branch_id:
                return branch
        raise ContractViolation(f"branches.yaml: branch {branch_id!r} is not listed; add it, or correct the id")

    def kbps(self, branch: Branch) -> int | None:
        """The bandwidth budget of a branch's pull."""
        return branch.max_kbps or self.extraction.max_kbps


@cache
def branches() -> Branches:
    """The configured branches."""
    return load(Branches, config_file("branches.yaml"))
