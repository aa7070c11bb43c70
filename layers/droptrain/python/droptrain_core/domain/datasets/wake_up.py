"""A wake-up: the message of the uploads queue that launches a dataset after `quiet_for`."""

from collections.abc import Mapping
from typing import Any

SOURCE = "droptrain"
DETAIL_TYPE = "Dataset Wake-Up"


def is_wake_up(event: Mapping[str, Any]) -> bool:
    """Whether a message of the uploads queue is a wake-up, and not an event of S3."""
    return event.get("source") == SOURCE and event.get("detail-type") == DETAIL_TYPE
