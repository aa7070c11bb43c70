"""What work costs in processor time, on a machine that others use as well."""

import time
from collections.abc import Callable

_TRIES = 3


def least_seconds(work: Callable[[], object]) -> float:
    """The least of some tries of this thread, as `timeit` recommends: what others do can only add to it."""
    took = []
    for _ in range(_TRIES):
        began = time.thread_time()
        work()
        took.append(time.thread_time() - began)
    return min(took)
