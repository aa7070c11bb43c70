"""A Batch job changed its state, or blocks its queue: the run's record follows, or people hear of it."""

import os
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from droptrain_core.domain import event_field
from droptrain_core.domain.runs import batch_job
from droptrain_core.partial_batch import handle_each, queued_event
from droptrain_core.settings import Settings
from droptrain_core.telemetry import logger, metrics
from droptrain_core.wiring import Wiring

BLOCKED, CHANGED = "Batch Job Queue Blocked", "Batch Job State Change"
# An event is begun with the time for a slow answer of AWS Batch.
NEEDED_MS = 10_000

wiring = Wiring(Settings.from_environment(os.environ))
track = wiring.track()


def handle(record: Mapping[str, Any]) -> None:
    """Handle one event; an exception brings the record back later."""
    event = queued_event(record)
    kind, detail = event_field.text(event, "detail-type"), event_field.mapping(event, "detail")
    name, job_id, state = batch_job.identify(detail)
    logger.append_keys(run_id=name, batch_job_id=job_id, state=state)
    if kind == BLOCKED:
        answer = wiring.report_stuck_queue().event(detail)
        metrics.add_metric("NoticesPublished" if answer == "published" else "NoticesSpared", "Count", 1)
        logger.info("Notice %s", answer)
        return
    change = track.event(detail) if kind == CHANGED else "foreign"
    metrics.add_metric("ChangesApplied" if change == "applied" else "ChangesIgnored", "Count", 1)
    logger.info("Change %s", change)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """A batch of the changes queue."""
    return handle_each(event, handle, lambda: context.get_remaining_time_in_millis() >= NEEDED_MS)
