"""When each part of an attempt was over: the image's pull, the fetch, the first step, the training."""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime


def now() -> str:
    """The time as the contract writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Timing:
    """The times of one attempt by name, each the first time that it was noted; safe for threads."""

    def __init__(
        self, find_pull: Callable[[], Mapping[str, str]] = dict, clock: Callable[[], str] = now
    ) -> None:
        """`find_pull` asks when the image was pulled; in a thread, so that nothing waits for the answer."""
        self._clock = clock
        self._times: dict[str, str] = {}
        self._lock = threading.Lock()
        threading.Thread(target=lambda: self._add(find_pull()), name="timing", daemon=True).start()

    def note(self, name: str) -> None:
        """The part is over now, unless it was over before."""
        if name not in self._times:
            self._add({name: self._clock()})

    def times(self) -> dict[str, str]:
        """The times that are known."""
        with self._lock:
            return dict(self._times)

    def _add(self, times: Mapping[str, str]) -> None:
        with self._lock:
            self._times = {**times, **self._times}
