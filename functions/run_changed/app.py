"""A run's record changed: if the run ended, people hear of it."""

import os
from typing import Any

from aws_lambda_powertools.utilities.batch import EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from droptrain.settings import Settings
from droptrain.telemetry import LoggingBatchProcessor, logger, metrics
from droptrain.wiring import Wiring

announce = Wiring(Settings.from_environment(os.environ)).announce()
processor = LoggingBatchProcessor(EventType.DynamoDBStreams)


def handle(record: DynamoDBRecord) -> None:
    """Announce one run; the stream's filter lets only ended ones through that have not been announced."""
    image = record.dynamodb.new_image if record.dynamodb else {}
    logger.append_keys(run_id=image["run_id"])
    answer = announce.ended(image["run_id"])
    if answer == "published":
        metrics.add_metric("NoticesPublished", "Count", 1)
    logger.info("Notice %s", answer)


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """A batch of the table's stream."""
    return process_partial_response(event, handle, processor, context)
