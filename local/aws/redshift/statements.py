"""The statements that are read by hand: what sqlglot keeps as raw text, mangles or lacks. One dataclass each."""

from __future__ import annotations

from dataclasses import dataclass, field

from local.aws.redshift.column_types import ColumnType

Name = tuple[str, ...]  # ("core", "pagos") or ("pagos",)


@dataclass(frozen=True)
class Column:
    """One column of a CREATE TABLE or ADD COLUMN."""

    name: str
    type: ColumnType
    not_null: bool = False
    default: str | None = None
    encoding: str | None = None
    distkey: bool = False
    sortkey: bool = False
    identity: tuple[int, int] | None = None


@dataclass(frozen=True)
class Design:
    """Distribution and sort order as declared; None is AUTO."""

    diststyle: str | None = None
    distkey: str | None = None
    sortkey: tuple[str, ...] | None = None
    backup: bool = True


@dataclass(frozen=True)
class CreateTable:
    """CREATE TABLE, also (LIKE t) and AS SELECT."""

    name: Name
    temporary: bool
    if_not_exists: bool
    columns: tuple[Column, ...] = ()
    primary_key: tuple[str, ...] = ()
    design: Design = field(default_factory=Design)
    like: Name | None = None
    including_defaults: bool = False
    query: str | None = None
    query_columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class CreateView:
    """CREATE [OR REPLACE] VIEW."""

    name: Name
    replace: bool
    columns: tuple[str, ...]
    query: str
    late_binding: bool


@dataclass(frozen=True)
class CreateSchema:
    """CREATE SCHEMA."""

    name: str
    if_not_exists: bool


@dataclass(frozen=True)
class Drop:
    """DROP TABLE | VIEW | SCHEMA."""

    kind: str
    names: tuple[Name, ...]
    if_exists: bool
    cascade: bool


@dataclass(frozen=True)
class AlterTable:
    """ALTER TABLE with one action: `action` names it, `column`, `new` and `design` carry its values."""

    name: Name
    action: str
    column: Column | None = None
    old: str = ""
    new: str = ""
    type: ColumnType | None = None
    design: Design = field(default_factory=Design)
    encodings: tuple[tuple[str, str], ...] = ()
    cascade: bool = False


@dataclass(frozen=True)
class Comment:
    """COMMENT ON TABLE | COLUMN | VIEW | SCHEMA; a text of None removes it."""

    kind: str
    name: Name
    text: str | None


@dataclass(frozen=True)
class Grant:
    """GRANT or REVOKE of privileges on relations or schemas to identities (kind, name); `columns` beside privileges."""

    revoke: bool
    privileges: tuple[str, ...]
    kind: str
    objects: tuple[Name, ...]
    identities: tuple[tuple[str, str], ...]
    admin_option: bool = False
    columns: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Attach:
    """ATTACH RLS POLICY or MASKING POLICY: `outputs` and `inputs` are columns of a mask."""

    kind: str
    policy: str
    name: Name
    identity: tuple[str, str]
    priority: int = 0
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Truncate:
    """TRUNCATE: commits the transaction."""

    name: Name


@dataclass(frozen=True)
class Lock:
    """LOCK: ACCESS EXCLUSIVE until the transaction ends; takes no snapshot."""

    names: tuple[Name, ...]


@dataclass(frozen=True)
class Vacuum:
    """VACUUM in any of its forms."""

    kind: str = "FULL"
    name: Name | None = None
    threshold: int = 95
    boost: bool = False


@dataclass(frozen=True)
class Analyze:
    """ANALYZE of one table or of all."""

    name: Name | None = None
    columns: tuple[str, ...] = ()
    predicate_columns: bool = False


@dataclass(frozen=True)
class Set:
    """SET or RESET (value None) of a session setting."""

    name: str
    value: str | None


@dataclass(frozen=True)
class Show:
    """SHOW of a session setting."""

    name: str


@dataclass(frozen=True)
class ShowRelation:
    """SHOW TABLE or SHOW VIEW."""

    kind: str
    name: Name


@dataclass(frozen=True)
class Copy:
    """COPY from S3; `options` as written, lower case keys."""

    name: Name
    columns: tuple[str, ...]
    source: str
    options: dict[str, str]


@dataclass(frozen=True)
class Unload:
    """UNLOAD to S3; `options` as written, lower case keys."""

    query: str
    target: str
    options: dict[str, str]


@dataclass(frozen=True)
class Query:
    """SELECT, INSERT, UPDATE, DELETE or MERGE: the only kinds that take parameters."""

    sql: str


Statement = (
    CreateTable
    | CreateView
    | CreateSchema
    | Drop
    | AlterTable
    | Comment
    | Grant
    | Attach
    | Truncate
    | Lock
    | Vacuum
    | Analyze
    | Set
    | Show
    | ShowRelation
    | Copy
    | Unload
    | Query
)
