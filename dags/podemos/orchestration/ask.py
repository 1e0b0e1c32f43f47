"""A question to a person that ends at an instant of the night, with the policy's answer."""

# mypy: disallow-subclassing-any=False
from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param

from podemos.core.clock import iso
from podemos.core.night import ANSWER_BY
from podemos.orchestration.errors import translated
from podemos.orchestration.heartbeat import beat
from podemos.orchestration.ports import Ports
from podemos.regulatory import ask, marks

NOTE = "nota"
DOC = """Asks whether an incomplete report is to be published or held, until 05:45 on the night's clock.

Answer under *Required Actions*. Nobody has to: the policy's decision is taken at 05:45. A complete report, and one
whose evidence does not hold, is not asked about. The result is the key of the decision that counts, with who made it.
"""


class AskUntil(HITLOperator):
    """Asks about a decision if there is something to ask; returns the key of the decision that counts.

    The provider counts a timeout from each attempt; here every attempt computes what is left. With less than a minute
    left nobody is asked: the scheduler looks at such timeouts twice a minute.

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
        return str(super().execute(context))

    def execute_complete(self, context: Any, event: dict[str, Any]) -> str:
        """Commits the answer."""
        said = super().execute_complete(context, event)
        who = said["responded_by_user"]
        note = str(said["params_input"].get(NOTE, ""))
        ports = Ports(context)
        with translated():
            key = ask.answer(
                self.decision,
                said["chosen_options"][0],
                who["name"] if who else None,
                note,
                said["responded_at"],
                lake=ports.lake,
            )
        beat(context, ports, self.task_id, ports.clock(), result=key)
        return key


def ask_about(decision: Any) -> Any:
    """The task `ask`, with a field for a note; returns the key of the decision that counts."""
    note = Param("", type="string", title="Nota", description="Por qué; queda en el manifiesto")
    return AskUntil(task_id="ask", decision=decision, params={NOTE: note}, doc_md=DOC).output
