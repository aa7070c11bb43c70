"""Threads that bring events to functions until the laptop cloud closes, and what they have in common."""

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from droptrain_local.lambda_runtime import FunctionError, RuntimeClosedError

Invoke = Callable[[str, Any], Any]
logger = logging.getLogger(__name__)
_AFTER_ERROR_SECONDS = 1.0


class Delivery:
    """A thread that does one thing again and again; an error of AWS or of a function doesn't stop it."""

    def __init__(self, name: str, step: Callable[[], None]) -> None:
        self._step = step
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let it end after its present step."""
        self._closing.set()

    def join(self) -> None:
        """Wait until it has ended."""
        self._thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._step()
            except RuntimeClosedError:
                return
            except (BotoCoreError, ClientError, FunctionError) as error:
                if not self._closing.is_set():
                    logger.warning("%s: %s", self._thread.name, error)
                    self._closing.wait(_AFTER_ERROR_SECONDS)


def queue_url(sqs: Any, arn: str) -> str:
    """The URL of a queue, which a function's role may use but not look up."""
    account, name = arn.split(":")[-2:]
    return f"{sqs.meta.endpoint_url}/{account}/{name}"


def failed_items(answer: Any, known: list[str]) -> set[str]:
    """The identifiers that a partial batch response names; all of them if it is malformed, as on AWS.

    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
    """
    if answer is None or answer == {}:
        return set()
    items = answer.get("batchItemFailures", []) if isinstance(answer, Mapping) else None
    if items is None:
        return set()
    try:
        named = {item["itemIdentifier"] for item in items}
    except (KeyError, TypeError):
        return set(known)
    return named if named <= set(known) else set(known)
