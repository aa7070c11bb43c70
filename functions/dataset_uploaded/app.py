"""An object was created in the bucket, a dataset has rested, or a schedule's time has come."""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from droptrain_core.domain import event_field
from droptrain_core.domain.datasets import dataset
from droptrain_core.domain.datasets.wake_up import is_wake_up
from droptrain_core.domain.recipes.push import published_project
from droptrain_core.domain.runs.retraining import is_cooldown_over, is_schedule_due
from droptrain_core.partial_batch import handle_each, queued_event
from droptrain_core.settings import Settings
from droptrain_core.telemetry import logger, metrics
from droptrain_core.wiring import Wiring

COUNTED_AS = {
    "launched": "RunsLaunched",
    "rejected": "RunsRejected",
    "repeated": "UploadsRepeated",
    "waiting": "DatasetsWaiting",
    "postponed": "UploadsPostponed",
    "ignored": "UploadsIgnored",
}

wiring = Wiring(Settings.from_environment(os.environ))
launch = wiring.launch_uploads()
# Few messages are about a schedule or a cooldown.
schedules = cache(wiring.launch_schedules)
cooldowns = cache(wiring.end_cooldowns)


def handle(record: Mapping[str, Any]) -> None:
    """Answer an upload, a dataset that has rested, or a time; an error brings the record back later."""
    event = queued_event(record)
    if is_wake_up(event):
        project, name, wake_up = (
            event_field.text(event, "detail", field) for field in ("project", "dataset", "wake_up")
        )
        logger.append_keys(key=dataset.data_prefix(project, name), run_id=None)
        answer = launch.wake(project, name, wake_up)
    elif is_schedule_due(event):
        project, due_at = (event_field.text(event, "detail", field) for field in ("project", "due_at"))
        logger.append_keys(key=dataset.recipe_key(project), run_id=None)
        answer = schedules().due(project, due_at)
    elif is_cooldown_over(event):
        project = event_field.text(event, "detail", "project")
        logger.append_keys(key=dataset.recipe_key(project), run_id=None)
        answer = cooldowns().over(project)
    else:
        upload = dataset.read_created(event)
        logger.append_keys(key=upload.key, run_id=None)
        if published := published_project(upload.key):
            schedules().follow(published)
        answer = launch.upload(upload)
    logger.append_keys(run_id=answer.run_id)
    metrics.add_metric(COUNTED_AS[answer.answer], "Count", 1)
    logger.info("Upload %s", answer.answer)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """A batch of the uploads queue."""
    return handle_each(event, handle)
