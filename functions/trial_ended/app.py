"""A sweep began, was woken, or one of its trials ended: its next trials start, or it ends."""

import os
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from droptrain_core.domain import event_field
from droptrain_core.partial_batch import handle_each
from droptrain_core.settings import Settings
from droptrain_core.telemetry import logger, metrics
from droptrain_core.wiring import Wiring
from optuna_search import OptunaSearch

REMOVED = "REMOVE"
# A sweep is begun with the time for fifty trials that start.
NEEDED_MS = 40_000

advance = Wiring(Settings.from_environment(os.environ)).advance_sweep()
search = OptunaSearch()


def handle(record: Mapping[str, Any]) -> None:
    """Advance one sweep; the stream's filter passes sweeps to look at, and trials that ended."""
    if record.get("eventName") == REMOVED:
        logger.info("Advance nothing: the item was removed")
        return
    image = event_field.mapping(record, "dynamodb", "NewImage")
    sweep_id = event_field.text(image, "sweep" if "sweep" in image else "sweep_id", "S")
    logger.append_keys(sweep_id=sweep_id)
    advanced = advance.sweep(sweep_id, search)
    if advanced == "ended":
        metrics.add_metric("SweepsEnded", "Count", 1)
    logger.info("The sweep: %s", advanced)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """A batch of the table's stream."""
    return handle_each(event, handle, lambda: context.get_remaining_time_in_millis() >= NEEDED_MS)
