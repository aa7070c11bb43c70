"""Faults that tests inject into the API: throttles, server errors, answers that get lost."""

import threading
from dataclasses import dataclass

from droptrain_local.batch.errors import BY_CODE, BatchError


@dataclass(frozen=True)
class Fault:
    """What goes wrong with the next `times` calls of an operation.

    Either the call is refused with an error `code`, before anything happens, or it is carried out and the
    connection closes before the answer (`lose_answer`).
    """

    operation: str
    code: str | None = None
    lose_answer: bool = False
    times: int = 1

    def __post_init__(self) -> None:
        if (self.code is None) is not self.lose_answer:
            raise ValueError("give a fault either a `code` or `lose_answer`")
        if self.code is not None and self.code not in BY_CODE:
            raise ValueError(f"code {self.code} isn't one of {', '.join(sorted(BY_CODE))}")
        if self.times < 1:
            raise ValueError("a fault happens at least 1 time")

    def error(self) -> BatchError:
        assert self.code is not None
        return BY_CODE[self.code](f"{self.operation} failed, as an injected fault asked for.")


class Faults:
    """The faults still to happen, in the order in which they were added."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, list[Fault]] = {}

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._waiting.setdefault(fault.operation, []).extend([fault] * fault.times)

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        with self._lock:
            self._waiting.clear()

    def take(self, operation: str) -> Fault | None:
        """The fault of this call, which is then used up."""
        with self._lock:
            waiting = self._waiting.get(operation)
            return waiting.pop(0) if waiting else None
