"""Lets who watches for hours sit out an outage."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from droptrain.errors import ApiError, UnreachableError

PATIENCE_SECONDS = 300.0


class Patience:
    """Swallows lost connections and failures of one call until it hasn't worked for `seconds`."""

    def __init__(self, seconds: float = PATIENCE_SECONDS) -> None:
        self._seconds = seconds
        self._worked_at = time.monotonic()

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """A call that may fail; ApiError with a status below 500 is an answer, and raised."""
        try:
            yield
        except (ApiError, UnreachableError) as error:
            is_refusal = isinstance(error, ApiError) and error.status < 500
            if is_refusal or time.monotonic() - self._worked_at > self._seconds:
                raise
        else:
            self._worked_at = time.monotonic()
