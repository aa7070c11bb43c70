"""The account's default event bus in EventBridge."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

    from droptrain_core.domain.notices.events import Event


class EventBus:
    """Where programs get the events of runs."""

    def __init__(self, client: "EventBridgeClient", stack_id: str) -> None:
        self._client = client
        self._stack_id = stack_id

    def put(self, event: "Event") -> None:
        """Put the event on the bus; RuntimeError if EventBridge answers that it didn't take it."""
        from droptrain_core.domain.notices import events

        self._put(event.detail_type, events.to_detail(event))

    def put_slack(self, body: Mapping[str, Any]) -> None:
        """Put the body of a call of Slack's webhook on the bus, for the rule that sends it; RuntimeError."""
        from droptrain_core.domain.notices.slack import DETAIL_TYPE

        self._put(DETAIL_TYPE, body)

    def _put(self, detail_type: str, detail: Mapping[str, Any]) -> None:
        from droptrain_core.domain.notices.events import SOURCE

        entry: Any = {
            "Source": SOURCE,
            "DetailType": detail_type,
            # Another stack of the account says the same source.
            "Resources": [self._stack_id],
            "Detail": json.dumps(detail),
        }
        answer = self._client.put_events(Entries=[entry])
        if answer["FailedEntryCount"]:
            (refused,) = answer["Entries"]
            raise RuntimeError(
                f"EventBridge didn't take {detail_type}: "
                f"{refused.get('ErrorCode')} {refused.get('ErrorMessage')}"
            )
