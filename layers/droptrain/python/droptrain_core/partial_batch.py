"""Batches of records: failed records are delivered again, the others are done."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from droptrain_core.domain import event_field
from droptrain_core.domain.errors import BusyError, UnreadableError, UnsureError
from droptrain_core.telemetry import logger, metrics

# An identifier that no record has: Lambda treats the whole batch as failed, and loses none of it.
_EVERY_RECORD = ""


def handle_each(
    event: object, handle: Callable[[Mapping[str, Any]], None], has_time: Callable[[], bool] = lambda: True
) -> dict[str, Any]:
    """Handle every record of a queue or of a table's stream; the answer names the failed ones.

    That is ReportBatchItemFailures (Lambda developer guide): a message by its id, a record of a stream by its
    sequence number. A record that can't be read fails alone, as does one whose handling raises. A record
    without an identifier can't be named, and is only logged.

    Once it no longer `has_time`, the remaining records are delivered again: a function that times out would
    also get those again that are done.
    """
    records = event.get("Records") if isinstance(event, Mapping) else None
    if not isinstance(records, list):
        _count_unreadable()
        logger.error("The event has no list of records: the answer reports the whole batch as failed")
        return _failures([_EVERY_RECORD])
    failed: list[str | None] = []
    kept = set(logger.get_current_keys())
    for number, record in enumerate(records):
        if number and not has_time():
            left = records[number:]
            logger.warning("%s records are delivered again later: the time is up", len(left))
            failed += map(_identifier, left)
            break
        # Keys of the previous record's log lines don't apply to this one.
        logger.remove_keys(set(logger.get_current_keys()) - kept)
        try:
            handle(event_field.mapping(record))
        except (BusyError, UnsureError) as error:
            logger.warning("The record is delivered again later: %s", error)
            failed.append(_identifier(record))
        except Exception as error:
            if isinstance(error, UnreadableError):
                _count_unreadable()
            logger.exception("The record failed and is delivered again")
            failed.append(_identifier(record))
    return _failures([identifier for identifier in failed if identifier])


def queued_event(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """The EventBridge event in a queue's message; UnreadableError."""
    body = record.get("body")
    try:
        event = json.loads(body) if isinstance(body, str) else None
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"the message's body isn't JSON: {error}") from error
    return event_field.mapping(event)


def _failures(identifiers: list[str]) -> dict[str, Any]:
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in identifiers]}


def _identifier(record: object) -> str | None:
    """The record's identifier for Lambda; None, with a log line, if it has none."""
    in_stream = isinstance(record, Mapping) and "dynamodb" in record
    try:
        return event_field.text(record, *(("dynamodb", "SequenceNumber") if in_stream else ("messageId",)))
    except UnreadableError as error:
        _count_unreadable()
        logger.error("The record can't be delivered again: %s", error)
        return None


def _count_unreadable() -> None:
    metrics.add_metric("RecordsUnreadable", "Count", 1)
