"""Waits for what threads do at once."""

from collections.abc import Iterable
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from typing import Any

_TURN_SECONDS = 0.2


def finish(tries: Iterable[Future[Any]]) -> None:
    """Wait until all are done; the first error ends the wait.

    It wakes up now and then, or Windows would have no turn for Ctrl-C.
    """
    pending = set(tries)
    while pending:
        done, pending = wait(pending, timeout=_TURN_SECONDS, return_when=FIRST_EXCEPTION)
        for each in done:
            each.result()
