"""Schedules, as EventBridge Scheduler does it: at a rate, to functions or to an API, with retries."""

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from botocore import xform_name

from droptrain_local.clients import ACCOUNT, REGION
from droptrain_local.delivery import Delivery, Invoke, logger, queue_url
from droptrain_local.errors import TemplateError
from droptrain_local.lambda_runtime import FunctionError

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}
_API = "arn:aws:scheduler:::aws-sdk:"
_DEFAULT_RETRIES = 2  # of an asynchronous call


class ScheduleSource:
    """One schedule. Its first event comes when the first interval has passed; times in seconds.

    `sqs` is a client of the function's role, which sends what failed for good, as on AWS.
    """

    def __init__(
        self,
        sqs: Any,
        schedule: Mapping[str, Any],
        invoke_config: Mapping[str, Any],
        invoke: Invoke,
        retry_seconds: float,
        *,
        interval: float | None = None,
    ) -> None:
        self._sqs = sqs
        self._invoke = invoke
        self._retry_seconds = retry_seconds
        self._interval = rate_seconds(schedule["ScheduleExpression"]) if interval is None else interval
        self._function_arn: str = schedule["Target"]["Arn"]
        self._retries = int(invoke_config.get("MaximumRetryAttempts", _DEFAULT_RETRIES))
        self._destination = invoke_config.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        self._closing = threading.Event()

    def start(self) -> Iterator[Delivery]:
        """Start the thread that waits for the next time."""
        yield Delivery(f"schedule of {self._function_arn.rpartition(':')[2]}", self._deliver)

    def stop(self) -> None:
        """End the waiting."""
        self._closing.set()

    def _deliver(self) -> None:
        if self._closing.wait(self._interval):
            return
        event = scheduled_event()
        for number in range(1, self._retries + 2):
            try:
                self._invoke(self._function_arn, event)
                return
            except FunctionError as error:
                logger.warning("%s", error)
                failure = error
            if number <= self._retries and self._closing.wait(self._retry_seconds):
                return
        self._give_up(event, failure)

    def _give_up(self, event: dict[str, Any], failure: FunctionError) -> None:
        """Send what Lambda sends of an asynchronous call that it gives up.

        https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
        """
        if self._destination is None:
            return
        record = {
            "version": "1.0",
            "timestamp": event["time"],
            "requestContext": {
                "requestId": str(uuid4()),
                "functionArn": f"{self._function_arn}:$LATEST",
                "condition": "RetriesExhausted",
                "approximateInvokeCount": self._retries + 1,
            },
            "requestPayload": event,
            "responseContext": {
                "statusCode": 200,
                "executedVersion": "$LATEST",
                "functionError": "Unhandled",
            },
            "responsePayload": failure.payload,
        }
        url = queue_url(self._sqs, self._destination)
        self._sqs.send_message(QueueUrl=url, MessageBody=json.dumps(record))


class CallSource:
    """A schedule that makes a call of an AWS API by itself: Scheduler's universal target. Times in seconds.

    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-universal.html
    """

    def __init__(
        self, client: Callable[[str], Any], schedule: Mapping[str, Any], *, interval: float | None = None
    ) -> None:
        target = schedule["Target"]
        service, action = target["Arn"].removeprefix(_API).split(":")
        self._call = getattr(client(service), xform_name(action[:1].upper() + action[1:]))
        self._input: Mapping[str, Any] = json.loads(target["Input"])
        self._interval = rate_seconds(schedule["ScheduleExpression"]) if interval is None else interval
        self._name = f"schedule of {service}:{action}"
        self._closing = threading.Event()

    def start(self) -> Iterator[Delivery]:
        """Start the thread that waits for the next time."""
        yield Delivery(self._name, self._deliver)

    def stop(self) -> None:
        """End the waiting."""
        self._closing.set()

    def _deliver(self) -> None:
        if not self._closing.wait(self._interval):
            self._call(**self._input)


def calls_an_api(schedule: Mapping[str, Any]) -> bool:
    """Whether a schedule's target is an AWS API, and no function."""
    arn: str = schedule["Target"]["Arn"]
    return arn.startswith(_API)


def rate_seconds(expression: str) -> int:
    """The seconds of an expression such as rate(5 minutes); TemplateError for any other."""
    match = _RATE.fullmatch(expression)
    if match is None:
        raise TemplateError(
            f"The laptop cloud knows rate(…) schedules only, not {expression}: see schedules.py."
        )
    return int(match[1]) * _SECONDS[match[2]]


def scheduled_event() -> dict[str, Any]:
    """What EventBridge Scheduler sends where a schedule says no input of its own."""
    return {
        "version": "0",
        "id": str(uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": ACCOUNT,
        "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": REGION,
        "resources": [],
        "detail": "{}",
    }
