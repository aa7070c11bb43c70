"""The same work on many things at a time, as threads that a stop doesn't wait for."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

# One connection hides another's waiting; more than a few wait for the interpreter instead.
_THREADS = 4

Thing = TypeVar("Thing")
Result = TypeVar("Result")


def begin(work: Callable[[], Result]) -> Future[Result]:
    """Begin the work in a thread; its result is asked for later."""
    pool = ThreadPoolExecutor(1)
    try:
        return pool.submit(work)
    finally:
        pool.shutdown(wait=False)


def each(work: Callable[[Thing], Result], things: Iterable[Thing]) -> list[Result]:
    """The results in the order of `things`; the first failure is raised, and what hasn't begun is dropped.

    What a failure, or a signal's, leaves at work goes on by itself: the end of the process ends it.
    """
    pool = ThreadPoolExecutor(_THREADS)
    try:
        return list(pool.map(work, things))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
