"""Where everything that a compaction reads and writes lies in the lake, beside the inbox (`podemos.mobile.keys`)."""

from __future__ import annotations

LISTINGS = "mobile/listings/"
PLANS = "mobile/plans/"
RESULTS = "mobile/results/"
MANIFESTS = "mobile/manifests/"
VERIFIED = "mobile/verified/"
COVERED = "mobile/covered/"
MONTHS = "mobile/months/"
SKEW = "mobile/skew/"
DELTAS = "mobile/deltas/"
LOADS = "mobile/loads/"
CHASED = "mobile/chased/"
RECONCILED = "mobile/reconciled/"
LATEST = "index/mobile/latest_revision.json"
INDEX = "indice"
"""The partitioned table of the exact index."""
QUARANTINE = "cuarentena"
"""The partitioned table of what is no event."""

_FOLDERS = {INDEX: "mobile/index/", QUARANTINE: "mobile/quarantine/"}


def listing(content: str) -> str:
    """What a listing of the inbox found beyond the manifest."""
    return f"{LISTINGS}{content[:24]}.json"


def plan(revision: int, content: str) -> str:
    """What a compaction is to do."""
    return f"{PLANS}{revision:012d}/{content[:16]}.json"


def result_of(plan_key: str) -> str:
    """What the first finished attempt at a plan wrote."""
    return RESULTS + plan_key.removeprefix(PLANS)


def revision(number: int) -> str:
    """The commit point."""
    return f"{MANIFESTS}{number:012d}.json"


def verified(number: int) -> str:
    """Says that everything a revision brought was read back and holds."""
    return f"{VERIFIED}{number:012d}.json"


def month(name: str, content: str) -> str:
    """The partitions of a month, under their content."""
    return f"{MONTHS}{name}/{content[:24]}.json"


def covered(day: str, content: str) -> str:
    """The inbox objects of a received day that are compacted, under their content."""
    return f"{COVERED}{day}/{content[:24]}.json.gz"


def skew(content: str) -> str:
    """What is known of the devices' clocks."""
    return f"{SKEW}{content[:24]}.json.gz"


def data(table: str, part: str, content: str) -> str:
    """A parquet file of a partition, under its content: a crash leaves nothing that a second attempt does not reuse."""
    folder = _FOLDERS.get(table, f"mobile/events/{table}/")
    return f"{folder}{part}/{content[:24]}.parquet"


def delta(table: str, revision: int, content: str) -> str:
    """New rows of a table, as the warehouse copies them."""
    return f"{DELTAS}{table}/{revision:012d}/{content[:24]}.parquet"


def copy_manifest(table: str, first: int, last: int) -> str:
    """The list of files that one COPY takes."""
    return f"{DELTAS}{table}/copy/{first:012d}-{last:012d}.json"


def load(first: int, last: int) -> str:
    """What the warehouse is to load of these revisions."""
    return f"{LOADS}{first:012d}-{last:012d}.json"


def chased(revision: int, content: str) -> str:
    """Payments that lacked something after a revision."""
    return f"{CHASED}{revision:012d}/{content[:16]}.json"


def reconciled(content: str) -> str:
    """Receipts that phones and branches have otherwise."""
    return f"{RECONCILED}{content[:24]}.json"
