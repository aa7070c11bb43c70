"""A run's record changed: if the run ended, people hear of it."""

import os
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from droptrain_core.domain import event_field
from droptrain_core.partial_batch import handle_each
from droptrain_core.settings import Settings
from droptrain_core.telemetry import logger, metrics
from droptrain_core.wiring import Wiring

REMOVED = "REMOVE"

notify = Wiring(Settings.from_environment(os.environ)).notify()


def handle(record: Mapping[str, Any]) -> None:
    """Notify one run; the stream's filter passes only ended runs without a notice."""
    if record.get("eventName") == REMOVED:
        metrics.add_metric("NoticesSpared", "Count", 1)
        logger.info("Notice nothing: the item was removed")
        return
    image = event_field.mapping(record, "dynamodb", "NewImage")
    run_id = event_field.text(image, "run_id", "S")
    logger.append_keys(run_id=run_id)
    project = event_field.text(image, "project", "S")
    done = notify.ended(run_id, project)
    metrics.add_metric("NoticesPublished" if done.answer == "published" else "NoticesSpared", "Count", 1)
    if done.canary_succeeded:
        metrics.add_metric("CanaryRunsSucceeded", "Count", 1)
    logger.info("Notice %s", done.answer)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """A batch of the table's stream."""
    return handle_each(event, handle)
