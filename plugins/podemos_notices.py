"""What a missed deadline does: one line over SNS, sent by the triggerer."""

from __future__ import annotations

import json
from typing import Any

from airflow.providers.amazon.aws.notifications.sns import SnsNotifier
from airflow.sdk import Variable
from asgiref.sync import sync_to_async


class TopicNotifier(SnsNotifier):
    """Publishes to a topic of the platform.

    DAGs are parsed without reading Variables, so the topic of this environment is looked up when the notice is sent.

    Args:
        topic: the key of platform.yaml that names the topic.
        target_arn: the topic where the Variable `podemos_platform` does not say otherwise.
        quiet_arn: the topic where that Variable says that this is not production.
    """

    def __init__(self, *, topic: str, target_arn: str, quiet_arn: str, **settings: Any) -> None:
        super().__init__(target_arn=target_arn, **settings)
        self.topic, self.quiet_arn = topic, quiet_arn

    async def async_notify(self, context: Any) -> None:
        """Looks the topic up and publishes."""
        override = await sync_to_async(Variable.get)("podemos_platform", default=None)
        names = json.loads(override or "{}")
        if names.get("production") is False:
            self.target_arn = names.get("rehearsal_topic_arn", self.quiet_arn)
        else:
            self.target_arn = names.get(self.topic, self.target_arn)
        await super().async_notify(context)
