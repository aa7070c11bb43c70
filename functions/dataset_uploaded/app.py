"""An object was created in the bucket: launch what its dataset holds now."""

import os
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from droptrain.domain import dataset, event_field
from droptrain.partial_batch import handle_each, queued_event
from droptrain.settings import Settings
from droptrain.telemetry import logger, metrics
from droptrain.wiring import Wiring

COUNTED_AS = {
    "launched": "RunsLaunched",
    "rejected": "RunsRejected",
    "repeated": "UploadsRepeated",
    "waiting": "DatasetsWaiting",
    "ignored": "UploadsIgnored",
}

launch = Wiring(Settings.from_environment(os.environ)).launch()


def handle(record: Mapping[str, Any]) -> None:
    """Launch one upload's dataset; an exception brings the record back later."""
    key, version_id = dataset.read_created(event_field.mapping(queued_event(record), "detail"))
    logger.append_keys(key=key, run_id=None)
    upload = launch.upload(key, version_id)
    logger.append_keys(run_id=upload.run_id)
    metrics.add_metric(COUNTED_AS[upload.answer], "Count", 1)
    logger.info("Upload %s", upload.answer)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """A batch of the uploads queue."""
    return handle_each(event, handle)
