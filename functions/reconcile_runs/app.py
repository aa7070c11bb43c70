"""Five minutes passed: what events left undone is finished."""

import os
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from droptrain_core.settings import Settings
from droptrain_core.telemetry import logger, metrics
from droptrain_core.wiring import Wiring

COUNTED_AS = {
    "active": "RunsActive",
    "finished": "ClaimsFinished",
    "woken": "ClaimsWoken",
    "applied": "ChangesReconciled",
    "notified": "NoticesPublished",
    "terminated": "JobsTerminated",
    "fell_back": "RunsGoneOnDemand",
    "forgotten": "RunsForgotten",
    "over_reservation": "RunsOverReservation",
    "out_of_time": "RunsOutOfTime",
    "never_joined": "RunsWithoutInstance",
    "unfinished": "PassesUnfinished",
    "models_published": "ModelsPublished",
    "subscribers": "NoticeSubscribers",
    "failed": "ReconcileFailures",
}

# What a pass leaves of its time: enough to handle the last item and to say what was done.
LEFT_SECONDS = 30

reconcile = Wiring(Settings.from_environment(os.environ)).reconcile()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """One pass over the active runs; what it did, by name."""
    done = reconcile.all(context.get_remaining_time_in_millis() / 1000 - LEFT_SECONDS)
    for name, count in done.items():
        metrics.add_metric(COUNTED_AS[name], "Count", count)
    logger.info("Reconciled", extra=dict(done))
    if done["failed"]:
        # Only now, with all the others done: so that the function's alarm reports it.
        raise RuntimeError(f"{done['failed']} of the pass's steps failed; the log above says which and why")
    return dict(done)
