"""What the trials of a sweep tell one another: an empty object for each value, whose key says all of it.

`sweeps/<project>/<sweep>/<level>/<trial>/<value>`: one listing has the values of all trials at a level.
"""

import math

from droptrain_container.s3 import Bucket

_MAX_DIGITS = 6


class Peers:
    """The values of one sweep's trials, below `prefix`. Each method raises EndError when S3 fails."""

    def __init__(self, bucket: Bucket, prefix: str) -> None:
        self._bucket = bucket
        self._prefix = prefix

    def values(self, level: int) -> dict[int, float]:
        """What each trial has reported at a level. Code may write anything there: other keys are ignored."""
        found: dict[int, float] = {}
        folder = f"{self._prefix}{level}/"
        for key in self._bucket.first_keys(folder):
            trial, _, text = key.removeprefix(folder).partition("/")
            value = _finite(text)
            if trial.isascii() and trial.isdigit() and len(trial) <= _MAX_DIGITS and value is not None:
                found.setdefault(int(trial), value)
        return found

    def report(self, level: int, trial: int, value: float) -> None:
        """Report a trial's value at a level."""
        self._bucket.put(f"{self._prefix}{level}/{trial}/{value!r}", b"")


def _finite(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
