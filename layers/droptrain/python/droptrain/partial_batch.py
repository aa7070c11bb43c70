"""Batches of records: what fails is delivered again, the others are done."""

from collections.abc import Callable, Mapping
from typing import Any

from droptrain.domain.errors import BusyError, UnsureError
from droptrain.telemetry import logger


def handle_each(event: Mapping[str, Any], handle: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Handle every record of a queue or of a table's stream; the answer names those that failed.

    That is ReportBatchItemFailures (Lambda developer guide): a message by its id, a record of a stream by its
    sequence number.
    """
    failed: list[str] = []
    for record in event["Records"]:
        try:
            handle(record)
        except (BusyError, UnsureError) as error:
            logger.warning("The record waits and is delivered again: %s", error)
            failed.append(_identifier(record))
        except Exception:
            logger.exception("The record failed and is delivered again")
            failed.append(_identifier(record))
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in failed]}


def _identifier(record: Mapping[str, Any]) -> str:
    identifier: str = record["dynamodb"]["SequenceNumber"] if "dynamodb" in record else record["messageId"]
    return identifier
