"""Loads the normalised movements: COPY and MERGE in one transaction, the day then holds exactly the sealed rows."""

from __future__ import annotations

from datetime import date

from podemos.contracts.platform import Platform
from podemos.core.store import ObjectStore
from podemos.regulatory.keys import read_stage
from podemos.warehouse.literals import IamRoleArn, S3Uri
from podemos.warehouse.statements import Batch, bind


def load_batch(normalised_key: str, *, lake: ObjectStore, platform: Platform) -> Batch:
    """The batch that loads a night's movements. Sending it twice, even at once, leaves the same rows."""
    normalised, ref = read_stage(lake, normalised_key, "normalised")
    return bind(
        "regulatory/merge_movimientos.sql",
        {"business_date": date.fromisoformat(normalised["business_date"]), "load_id": ref.key},
        {
            "copy_manifest": S3Uri(lake.uri(normalised["copy_manifest"]["key"])),
            "role": IamRoleArn(platform.warehouse.copy_role_arn),
        },
    )
