"""Renders the batch that merges a revision's delta into the warehouse."""

from __future__ import annotations

from dataclasses import replace

from podemos.branches import ddl, keys, revisions
from podemos.contracts.platform import Platform
from podemos.contracts.tables import contract
from podemos.core import manifest
from podemos.core.store import ObjectStore
from podemos.warehouse.literals import IamRoleArn, S3Uri
from podemos.warehouse.statements import Batch, bind

ANALYZE_ROWS = 10_000


def load_batch(revision_key: str, table: str, *, lake: ObjectStore, platform: Platform) -> Batch:
    """One transaction: mutex, COPY of exactly the delta's files, drop what is stale, MERGE, ledger.

    Sent twice, at once, or long after a later one, it leaves the same rows. A delta without rows is only entered into
    the ledger: COPY refuses a list without files, and a table that nothing changes need not be locked.

    After a big one the planner's statistics are refreshed: COPY does that for the staging table only, and the MERGE
    that fills the target does not. Redshift itself skips an ANALYZE when less than a tenth of the table changed.

    Args:
        revision_key: a published revision.
        table: the table's name.
        lake: where the list of files for COPY is written.
        platform: names the role that COPY assumes.
    """
    found = revisions.read(lake, revision_key)
    delta = found.document["delta"][table]
    if not delta["rows"]:
        return bind(
            "branches/ops/insert_loads.sql",
            {"tabla": table, "revision": found.number, "revision_key": revision_key},
        )
    files = [
        {"url": lake.uri(file["key"]), "mandatory": True, "meta": {"content_length": file["size"]}}
        for file in delta["files"]
    ]
    key = keys.copy_manifest(table, found.number)
    manifest.commit(lake, key, {"entries": files})
    batch = bind(
        ddl.script(contract(table).compiled(), "merge"),
        {"revision": found.number, "revision_key": revision_key},
        {"manifest": S3Uri(lake.uri(key)), "role": IamRoleArn(platform.warehouse.copy_role_arn)},
    )
    return replace(batch, afterwards=f"ANALYZE {contract(table).warehouse}") if delta["rows"] >= ANALYZE_ROWS else batch
