"""Renders the batch that takes payments to the warehouse."""

from __future__ import annotations

from podemos.contracts.platform import Platform
from podemos.core import manifest
from podemos.core.store import ObjectStore
from podemos.mobile.prepare import TABLE
from podemos.warehouse.literals import IamRoleArn, S3Uri
from podemos.warehouse.statements import Batch, bind


def load_batch(load_key: str, *, lake: ObjectStore, platform: Platform) -> Batch:
    """One transaction: mutex, COPY, drop what the table has, INSERT, ledger. A payment is added, never changed.

    Sent twice, at once, or long after a later one, it leaves the same rows.

    Args:
        load_key: of `prepare.prepare_warehouse`.
        lake: the lake.
        platform: names the role that COPY assumes.
    """
    found, _ = manifest.read(lake, load_key)
    values = {"revision": found["revision"], "revision_key": found["revision_key"]}
    if found["copy"] is None:
        return bind("branches/ops/insert_loads.sql", values | {"tabla": TABLE})
    return bind(
        "mobile/merge_pagos_moviles.sql",
        values,
        {
            "manifest": S3Uri(lake.uri(found["copy"])),
            "role": IamRoleArn(platform.warehouse.copy_role_arn),
        },
    )
