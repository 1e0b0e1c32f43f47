"""A question to a person before a redesign takes the table's name."""

# mypy: disallow-subclassing-any=False
from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param
from airflow.sdk.exceptions import AirflowException, AirflowSkipException
from botocore.exceptions import BotoCoreError, ClientError

from podemos.orchestration.errors import translated
from podemos.orchestration.ports import Ports
from podemos.redshift import redesign_stages, redesign_swap
from podemos.redshift.redesign_build import opened

NOTE = "nota"
DOC = """Asks whether the new design may take the table's name, for half a day. Answer under *Required Actions*.

The question shows what was verified, the reports' times on both tables, and the DDL. Without an answer nothing is
swapped: the run ends here, and the next evening asks again. What was approved is not asked again.
"""


class ApproveRedesign(HITLOperator):
    """Asks once; returns the plan's key when a person has approved, and skips what follows when not.

    Args:
        plan: the plan's key.
    """

    template_fields = (*HITLOperator.template_fields, "plan")
    yes: ClassVar[str] = "cambiar"
    no: ClassVar[str] = "todavía no"

    def __init__(self, *, plan: Any, **settings: Any) -> None:
        super().__init__(
            subject="",
            options=[self.yes, self.no],
            defaults=[self.no],
            response_timeout=timedelta(hours=12),
            **settings,
        )
        self.plan = plan

    def execute(self, context: Any) -> str:
        """Asks and waits, or returns at once."""
        ports = Ports(context)
        with translated():
            asked = ports.call(redesign_stages.question, str(self.plan))
        if asked is None:
            return str(self.plan)
        self.subject, self.body = "May the new design take the table's name?", asked
        try:
            ports.send(
                f"ASK: redesign {self.plan}", f"{asked}\n\nAnswer under Required Actions.\n", {"severity": "info"}
            )
        except (BotoCoreError, ClientError, AirflowException):  # asked all the same: it stands in the UI
            self.log.exception("the question could not be sent; it waits under Required Actions")
        return str(super().execute(context))

    def execute_complete(self, context: Any, event: dict[str, Any]) -> str:
        """Commits the approval with who gave it.

        Raises:
            AirflowSkipException: not yet, or nobody answered.
        """
        said = super().execute_complete(context, event)
        who = said["responded_by_user"]
        if said["chosen_options"] != [self.yes] or not who:
            raise AirflowSkipException("not approved; the next run asks again")
        ports = Ports(context)
        with translated():
            redesign = opened(str(self.plan), warehouse=ports.warehouse, lake=ports.lake, clock=ports.clock)
            redesign_swap.approve(redesign, who["name"], str(said["params_input"].get(NOTE, "")))
        return str(self.plan)


def approve(plan: Any) -> Any:
    """The task `approve`, with a field for a note; returns the plan's key."""
    note = Param("", type="string", title="Nota", description="Por qué; queda en el manifiesto")
    return ApproveRedesign(task_id="approve", plan=plan, params={NOTE: note}, doc_md=DOC).output
