"""A record changed: people hear of a run or sweep that ended, and a new current model is published."""

import os
from collections.abc import Mapping
from functools import partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from droptrain_core.domain import event_field
from droptrain_core.partial_batch import handle_each
from droptrain_core.settings import Settings
from droptrain_core.telemetry import logger, metrics
from droptrain_core.wiring import Wiring

REMOVED = "REMOVE"

SWEEP_ID = "sweep_id"
# A longer copy is left to the reconciler: the notices of other runs wait meanwhile. The copies of one batch
# leave some of the function's time to its other records.
COPY_SECONDS, LEFT_SECONDS = 10, 15
# A record is begun with the time for a slow answer of SNS and S3.
NEEDED_MS = 10_000

wiring = Wiring(Settings.from_environment(os.environ))
notify = wiring.notify()


def handle(context: LambdaContext, record: Mapping[str, Any]) -> None:
    """Handle one record: the stream's filter passes runs and sweeps that ended without a notice, and
    models that aren't published.
    """
    if record.get("eventName") == REMOVED:
        metrics.add_metric("NoticesSpared", "Count", 1)
        logger.info("Notice nothing: the item was removed")
        return
    image = event_field.mapping(record, "dynamodb", "NewImage")
    if "promotion" in image:
        project = event_field.text(image, "promotion", "M", "project", "S")
        seconds = min(COPY_SECONDS, context.get_remaining_time_in_millis() / 1000 - LEFT_SECONDS)
        published = wiring.publish_model().go_on(project, seconds)
        metrics.add_metric("ModelsPublished" if published == "published" else "ModelsLeft", "Count", 1)
        logger.info("Model of %s: %s", project, published)
        return
    if SWEEP_ID in image:
        sweep_id = event_field.text(image, SWEEP_ID, "S")
        logger.append_keys(sweep_id=sweep_id)
        _count(wiring.notify_sweep().ended(sweep_id))
        return
    run_id = event_field.text(image, "run_id", "S")
    logger.append_keys(run_id=run_id)
    project = event_field.text(image, "project", "S")
    done = notify.ended(run_id, project)
    _count(done.answer)
    if done.canary_succeeded:
        metrics.add_metric("CanaryRunsSucceeded", "Count", 1)


def _count(answer: str) -> None:
    metrics.add_metric("NoticesPublished" if answer == "published" else "NoticesSpared", "Count", 1)
    logger.info("Notice %s", answer)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """A batch of the table's stream."""
    return handle_each(
        event, partial(handle, context), lambda: context.get_remaining_time_in_millis() >= NEEDED_MS
    )
