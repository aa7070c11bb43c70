"""What the functions tell of themselves: JSON logs with the run's id in every line, and metrics."""

import warnings
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType

from droptrain.domain.errors import BusyError, UnsureError

logger = Logger(service="droptrain")
metrics = Metrics(namespace="droptrain", service="droptrain")
# Most requests of the API count nothing, and that is no news for the log.
warnings.filterwarnings("ignore", "No application metrics to publish", UserWarning)


class LoggingBatchProcessor(BatchProcessor):
    """A batch processor that says which record failed and why; the others of the batch go on."""

    def __init__(self, event_type: EventType) -> None:
        super().__init__(event_type=event_type, raise_on_entire_batch_failure=False)

    def failure_handler(self, record: Any, exception: Any) -> Any:
        if isinstance(exception[1], BusyError | UnsureError):
            logger.warning("The record waits and is delivered again: %s", exception[1])
        else:
            logger.error("The record failed and is delivered again", exc_info=exception)
        return super().failure_handler(record, exception)
