"""A Batch job changed its state, or blocks its queue: the run's record follows, or people hear of it."""

import json
import os
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from droptrain.partial_batch import handle_each
from droptrain.settings import Settings
from droptrain.telemetry import logger, metrics
from droptrain.wiring import Wiring

BLOCKED = "Batch Job Queue Blocked"

wiring = Wiring(Settings.from_environment(os.environ))
track = wiring.track()


def handle(record: dict[str, Any]) -> None:
    """Handle one event; an exception brings the record back later."""
    event = json.loads(record["body"])
    detail = event["detail"]
    logger.append_keys(
        run_id=detail.get("jobName"), batch_job_id=detail.get("jobId"), state=detail.get("status")
    )
    if event["detail-type"] == BLOCKED:
        answer = wiring.blocked().event(detail)
        if answer == "published":
            metrics.add_metric("NoticesPublished", "Count", 1)
        logger.info("Notice %s", answer)
        return
    change = track.event(detail)
    metrics.add_metric("ChangesApplied" if change == "applied" else "ChangesIgnored", "Count", 1)
    logger.info("Change %s", change)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """A batch of the changes queue."""
    return handle_each(event, handle)
