"""State changes on their way out: one thread publishes them in the order in which they happened."""

import logging
import queue
import threading
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

_RETRY_DELAYS_SECONDS = (0.1, 0.5, 2.0)
_logger = logging.getLogger(__name__)


class EventPublisher:
    """Calls `publish` with each event's detail, `repeat` times each; a refused one is tried again."""

    def __init__(self, publish: Callable[[dict[str, Any]], None]) -> None:
        self.repeat = 1
        self._publish = publish
        self._waiting: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="batch-events", daemon=True)
        self._thread.start()

    def put(self, detail: dict[str, Any]) -> None:
        for _ in range(self.repeat):
            self._waiting.put(detail)

    def close(self) -> None:
        """Stop; what was not published yet is dropped."""
        self._closing.set()
        self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (detail := self._waiting.get()) is not None and not self._closing.is_set():
            for delay in (*_RETRY_DELAYS_SECONDS, None):
                try:
                    self._publish(detail)
                    break
                except (BotoCoreError, ClientError, OSError) as error:
                    if delay is None:
                        _logger.warning(
                            "event %s of job %s is lost: %s", detail["status"], detail["jobId"], error
                        )
                    elif self._closing.wait(delay):
                        break
