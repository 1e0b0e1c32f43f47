"""A person who answers the question of a night in Airflow's REST API, under a name of their own."""

from __future__ import annotations

import uuid
from urllib.parse import quote

import jwt

from local.drill.catalogue import Answer
from local.platform.keys import keys
from local.platform.rest import Airflow
from local.platform.stack import Stack
from local.platform.watch import Run

ASK = "ask"
WAITS = ("awaiting_input", "deferred")
NOTE = "nota"


def asked(run: Run) -> bool:
    """Whether the question waits for somebody."""
    return any(task["task_id"] == ASK and task["state"] in WAITS for task in run.tasks)


def answer(stack: Stack, run: Run, said: Answer) -> str:
    """Answer as that person; returns what was done, in one line."""
    api = Airflow(stack.settings.airflow_url, token=token_of(stack, said.who))
    path = f"/dags/{run.dag_id}/dagRuns/{quote(run.run_id, safe='')}/taskInstances/{ASK}/-1/hitlDetails"
    api.patch(path, {"chosen_options": [said.chosen], "params_input": {NOTE: said.note}})
    return f"{said.who} answers {said.chosen}: {said.note}"


def token_of(stack: Stack, who: str) -> str:
    """A token of that user. Locally everybody is an administrator and nobody has a password; names are signed here."""
    given = stack.airflow.token()
    claims = jwt.decode(given, options={"verify_signature": False})
    header = jwt.get_unverified_header(given)
    changed = claims | {"sub": who, "jti": uuid.uuid4().hex}
    return jwt.encode(changed, keys(stack.settings.state).jwt, algorithm=header["alg"], headers=header)
