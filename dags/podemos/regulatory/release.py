"""The code of a night. MWAA syncs dags/ object by object, also under a running night, and runs whatever is there.

So the night's first task records the commit that the bundle names, and every later one compares: another commit is
written down, and from the gate to the publication it is refused, because what was judged by one code must not be built
by another. A checkout names no commit; there is nothing to compare then.
"""

from __future__ import annotations

import logging

from podemos.core.errors import ContractViolation
from podemos.core.manifest import commit_first
from podemos.core.store import ObjectStore

log = logging.getLogger(__name__)
GATE = "gate"
AFTER_GATE = frozenset({"decide", "choose", "build", "publish"})


def hold(lake: ObjectStore, folder: str, task: str, commit: str | None) -> None:
    """Records the commit under which a task of the night runs.

    Args:
        lake: where the night's manifests are.
        folder: the night's, with a final slash.
        task: the task's id.
        commit: of the bundle, None in a checkout.

    Raises:
        ContractViolation: the gate judged under another commit.
    """
    if commit is None:
        return
    _, first, _ = commit_first(lake, f"{folder}release.json", {"commit": commit, "task": task})
    if first["commit"] != commit:
        log.warning("%s runs commit %s; the night began with %s", task, commit, first["commit"])
        changed = {"commit": commit, "task": task, "began_with": first["commit"]}
        commit_first(lake, f"{folder}release-{commit[:12]}.json", changed)
    judged = f"{folder}release-judged-{commit[:12]}.json"
    if task == GATE:
        commit_first(lake, judged, {"commit": commit})
    elif task in AFTER_GATE and lake.head(judged) is None:
        raise ContractViolation(
            f"the code is commit {commit[:12]} now, and the gate judged under another; clear `{GATE}` with everything "
            "after it, so that one code judges and builds, or roll the deployment back"
        )
