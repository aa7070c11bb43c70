"""When the training had reached which step, and how the GPUs were used: the container's own series."""

import json
import time
from collections.abc import Callable, Mapping

# No metric of the training has such a name.
PREFIX = "droptrain/"
SECONDS = f"{PREFIX}seconds"
_MAX_SAMPLES = 500
_SECONDS_APART = 9.0  # at least: the records are written every ten


class Progress:
    """At most 500 samples of one attempt: of more, every second one is kept, and later ones are rarer."""

    def __init__(
        self,
        seconds_before: float,
        use: Callable[[], Mapping[str, float]],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`seconds_before` is how long earlier attempts trained; `use` is asked for each sample."""
        self._seconds_before = seconds_before
        self._use = use
        self._clock = clock
        self._started = self._sampled = clock()
        self._apart = _SECONDS_APART
        self._samples: list[bytes] = []

    def sample(self, step: float) -> None:
        """Note the last step of the training, 0 if it has none yet; nothing soon after the last sample."""
        now = self._clock()
        if now - self._sampled < self._apart:
            return
        self._sampled = now
        seconds = round(self._seconds_before + now - self._started, 1)
        use = {f"{PREFIX}{name}": value for name, value in self._use().items()}
        self._samples.append(json.dumps({"step": step, SECONDS: seconds, **use}).encode())
        if len(self._samples) > _MAX_SAMPLES:
            self._samples = self._samples[1::2]
            self._apart *= 2

    def lines(self) -> bytes:
        """A line of metrics.jsonl for each sample."""
        return b"".join(sample + b"\n" for sample in self._samples)
