"""Where everything of this concern lies in the lake. No other module builds a key."""

from __future__ import annotations

from datetime import date

PULLS = "manifests/branches/pulls/"
BATCHES = "manifests/branches/batches/"
PLANS = "manifests/branches/plans/"
RESULTS = "manifests/branches/results/"
REVISIONS = "manifests/branches/revisions/"
CERTIFICATIONS = "manifests/branches/certifications/"
DECISIONS = "decisions/branches/"
LATEST_REVISION = "index/branches/latest_revision.json"
OUTCOMES = "index/branches/outcomes.json"
UNDATED = "todo"
"""The one partition of a table without a business date."""


def chunk(table: str, branch: str, day: date, seq: int, part: int) -> str:
    """A landed page. `day` is the day of the extraction."""
    return f"raw/{table}/sucursal={branch}/fecha={day}/{seq:012d}-{part:05d}.parquet"


def pulls_of(day: date) -> str:
    """Prefix of all pull manifests of one extraction day."""
    return f"{PULLS}fecha={day}/"


def pull(table: str, branch: str, day: date, seq: int, part: int) -> str:
    """The manifest that commits a landed page."""
    return f"{pulls_of(day)}{table}/sucursal={branch}/{seq:012d}-{part:05d}.json"


def pull_of(key: str) -> tuple[str, str, int, int]:
    """Table, branch, sequence and part of a pull manifest's key."""
    table, branch, name = key.removeprefix(PULLS).split("/")[1:]
    seq, part = name.removesuffix(".json").split("-")
    return table, branch.removeprefix("sucursal="), int(seq), int(part)


def batch(day: date, first: str, last: str, content: str) -> str:
    """What one mapped task did; `content` is its SHA-256, so a retry leaves its own."""
    return f"{BATCHES}fecha={day}/{first}-{last}/{content[:16]}.json"


def zones(content: str) -> str:
    """The zone table a curation used."""
    return f"config/zones/{content[:16]}.csv"


def plan(revision: int, content: str) -> str:
    """What a curation is to do."""
    return f"{PLANS}{revision:012d}/{content[:16]}.json"


def result_of(plan_key: str) -> str:
    """What the first finished attempt at a plan wrote."""
    return RESULTS + plan_key.removeprefix(PLANS)


def revision(number: int) -> str:
    """The commit point of a revision."""
    return f"{REVISIONS}{number:012d}.json"


def day_manifest(table: str, day: str, rev: str) -> str:
    """Files and control totals of one curated day."""
    return f"manifests/branches/days/{table}/fecha={day}/{rev}.json"


def curated(table: str) -> str:
    """Root of a curated table."""
    return f"curated/{table}"


def curated_day(table: str, day: str, rev: str) -> str:
    """Folder of one revision of one curated day."""
    return f"{curated(table)}/fecha={day}/rev={rev}/"


def quarantine(table: str, rev: str) -> str:
    """All rows of a table that are in quarantine as of a revision."""
    return f"quarantine/{table}/rev={rev}/"


def quarantine_report(number: int) -> str:
    """What waits as of a revision, since when and for how much."""
    return f"manifests/branches/quarantine/{number:012d}.json"


def decision(table: str, branch: str, row: str) -> str:
    """What an operator decided about a row; `row` is the SHA-256 of its content, so there is one per version."""
    return f"{DECISIONS}{table}/sucursal={branch}/{row}.json"


def decided(table: str, rev: str) -> str:
    """The rows of a table that are curated by a decision as of a revision, as the branch has them."""
    return f"decided/{table}/rev={rev}/"


def delta(table: str, rev: str) -> str:
    """What the warehouse has to merge."""
    return f"delta/{table}/rev={rev}/"


def copy_manifest(table: str, revision_number: int) -> str:
    """The list of files a COPY reads."""
    return f"manifests/branches/loads/{revision_number:012d}/{table}.json"


def owed(branch: str) -> str:
    """What a branch in push mode has to read again, left where its role may look."""
    return f"index/branches/owed/{branch}.json"


def told(business_date: str, branch: str = "", section: str = "") -> str:
    """Which alarms a notice of a business day held; without a branch, the prefix of all."""
    return f"index/branches/told/{business_date}/" + (f"{branch}-{section}.json" if branch else "")


def certificate(table: str, day: str, number: int) -> str:
    """Terms of the identities of one branch-local day, all branches."""
    return f"certificates/branches/{table}/fecha={day}/{number:012d}.json"


def certification(number: int, content: str) -> str:
    """One look at a revision and the warehouse."""
    return f"{certifications(number)}{content[:16]}.json"


def certifications(number: int) -> str:
    """Prefix of the looks at a revision."""
    return f"{CERTIFICATIONS}{number:012d}/"


def controls(business_date: date) -> str:
    """Prefix of what this concern delivered to the report of a day."""
    return f"regulatory/inbox/sucursales/{business_date}/control-"


def control(business_date: date, number: int) -> str:
    """One delivery."""
    return f"{controls(business_date)}{number:04d}.json"
