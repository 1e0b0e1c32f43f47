"""A question to a person that ends at an instant of the night, with the policy's answer."""

# mypy: disallow-subclassing-any=False
from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, ClassVar

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowException
from botocore.exceptions import BotoCoreError, ClientError

from podemos.core.alert import tell
from podemos.core.clock import from_iso, iso
from podemos.core.night import ANSWER_BY
from podemos.orchestration.errors import translated
from podemos.orchestration.heartbeat import beat
from podemos.orchestration.ports import Ports
from podemos.regulatory import ask, keys, marks, notify

NOTE = "nota"
ANSWER = "answer"
DOC = """Asks whether an incomplete report is to be published or held, until 05:45 on the night's clock.

A notice tells the question and the link; answer under *Required Actions*. Nobody has to: the policy's decision is
taken at 05:45. A complete report, and one whose evidence does not hold, is not asked about. The result is the key of
the decision that counts, with who made it.
"""


class AskUntil(HITLOperator):
    """Asks about a decision if there is something to ask; returns the key of the decision that counts.

    The provider counts a timeout from each attempt; here every attempt computes what is left. With less than a minute
    left nobody is asked: the scheduler looks at such timeouts four times a minute. An answer outlives its attempt: a
    person who has answered is not asked again because the scheduler, or the lake, failed a moment later.

    Args:
        decision: key of the policy's decision.
    """

    template_fields = (*HITLOperator.template_fields, "decision")
    least: ClassVar[timedelta] = timedelta(seconds=60)

    def __init__(self, *, decision: Any, **settings: Any) -> None:
        super().__init__(
            subject="",
            options=list(ask.OPTIONS),
            response_timeout=timedelta(hours=4),
            **settings,
        )
        self.decision = decision

    def execute(self, context: Any) -> str:
        """Asks and waits, or returns at once."""
        ports = Ports(context)
        if kept := self._kept(context):
            self.log.info("answered in an earlier attempt: %s", kept)
            return self._commit(kept, context)
        with translated():
            asked = ports.call(ask.question, self.decision)
            if asked is None:
                return str(self.decision)
            left = ports.night.at(ANSWER_BY) - ports.clock()
            if left < self.least:
                self.log.info("no time to ask: the policy decides %s", asked.default)
                return ask.answer(self.decision, asked.default, None, "", ports.clock(), lake=ports.lake)
        now = ports.clock()
        beat(context, ports, marks.PENDING, now, until=iso(now + left))
        self.subject, self.body, self.defaults, self.response_timeout = asked.subject, asked.body, [asked.default], left
        self._tell(context, ports)
        return str(super().execute(context))

    def _tell(self, context: Any, ports: Ports) -> None:
        """Sends the question, with its link: nobody looks for required actions at four in the morning."""
        instance = context["task_instance"]
        try:
            link = self.generate_link_to_ui(task_instance=instance)
        except ValueError:  # [api] base_url is not set
            link = f"Required Actions of {instance.dag_id}, run {instance.run_id}"
        alert = notify.ask_message(ports.night.business_date, str(self.body), link)
        try:
            tell(alert, keys.folder_of(str(self.decision)), lake=ports.lake, send=ports.send)
        except (BotoCoreError, ClientError, AirflowException):  # asked all the same: it stands in the UI
            self.log.exception("the question could not be sent; it waits under Required Actions")

    def execute_complete(self, context: Any, event: dict[str, Any]) -> str:
        """Commits the answer. It is remembered first: an attempt that fails here does not ask the person again."""
        said = super().execute_complete(context, event)
        who = said["responded_by_user"]
        answer = {
            "decision": str(self.decision),
            "chosen": said["chosen_options"][0],
            "by": who["name"] if who else None,
            "note": str(said["params_input"].get(NOTE, "")),
            "at": iso(said["responded_at"]),
            "max_tries": context["task_instance"].max_tries,
        }
        context["task_state_store"].set(ANSWER, json.dumps(answer))
        return self._commit(answer, context)

    def _commit(self, answer: Mapping[str, Any], context: Any) -> str:
        ports = Ports(context)
        said = answer["chosen"], answer["by"], answer["note"], from_iso(answer["at"])
        with translated():
            key = ask.answer(self.decision, *said, lake=ports.lake)
        beat(context, ports, self.task_id, ports.clock(), result=key)
        return key

    def _kept(self, context: Any) -> dict[str, Any] | None:
        """The answer that an attempt before this one was given. A task that a person cleared asks anew."""
        kept: dict[str, Any] = json.loads(context["task_state_store"].get(ANSWER) or "{}")
        same = {"decision": str(self.decision), "max_tries": context["task_instance"].max_tries}
        return kept if same.items() <= kept.items() else None


def ask_about(decision: Any) -> Any:
    """The task `ask`, with a field for a note; returns the key of the decision that counts."""
    note = Param("", type="string", title="Nota", description="Por qué; queda en el manifiesto")
    return AskUntil(task_id="ask", decision=decision, params={NOTE: note}, doc_md=DOC).output
