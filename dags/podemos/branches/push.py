"""Push mode: a branch's own machine runs the pull, under a role that reaches nothing but this branch's own things."""

from __future__ import annotations

import json
from collections.abc import Mapping
from string import Template
from typing import Any

from podemos.branches import keys
from podemos.branches.debts import Left, of_certification
from podemos.contracts.branches import Branch, Branches
from podemos.contracts.platform import Platform
from podemos.core.errors import ContractViolation, NotFound
from podemos.core.manifest import canonical
from podemos.core.paths import include
from podemos.core.store import ObjectStore

POLICY = "policies/branch_push.json"


def own_branch(config: Branches, branch_id: str | None) -> Branch:
    """The one branch that this machine pulls.

    Raises:
        ContractViolation: none or several are named, or it is pulled centrally: two pullers would only take turns.
    """
    if not branch_id or "," in branch_id:
        raise ContractViolation("--push needs --branch with the one branch of this machine")
    branch = config.branch(branch_id)
    if branch.mode != "push":
        raise ContractViolation(
            f"branch {branch_id} is pulled centrally; set `mode: push` in branches.yaml first, or leave --push out"
        )
    return branch


def leave(lake: ObjectStore, config: Branches, certification: Mapping[str, Any]) -> None:
    """Leaves for each branch in push mode what a certification found for it; its role reads no certification."""
    for branch in config.branches:
        if branch.mode == "push":
            own = [debt for debt in certification["debts"] if debt["branch"] == branch.id]
            mine = {
                what: {
                    table: {branch.id: entries[branch.id]}
                    for table, entries in certification[what].items()
                    if branch.id in entries
                }
                for what in ("verified", "look_back")
            }
            lake.replace(keys.owed(branch.id), canonical({"debts": own} | mine))


def left(lake: ObjectStore, branch: Branch) -> Left:
    """What the last certification left for this branch.

    Every certification leaves it, so it is there half an hour after `mode: push` was set. Until then S3 refuses the
    read instead of saying that nothing is there, because the role may list nothing.
    """
    try:
        found: dict[str, Any] = json.loads(lake.get(keys.owed(branch.id)))
    except NotFound:
        return Left()
    own = [debt for debt in found["debts"] if debt["branch"] == branch.id]
    return of_certification(found | {"debts": own})


def policy(branch: Branch, names: Platform, account: str) -> str:
    """The IAM policy of the branch's machine, as JSON text."""
    template = Template((include() / POLICY).read_text(encoding="utf-8"))
    values: dict[str, Any] = {
        "branch": branch.id,
        "lake_bucket": names.lake_bucket,
        "state_table": names.branch_state_table,
        "region": names.region,
        "account": account,
    }
    return template.substitute(values)
