"""A project's share of a job queue, by the share identifier of its Batch jobs."""

from collections.abc import Collection
from itertools import takewhile

from droptrain_core.domain.datasets.dataset import digest

_DIGITS = 32


def of_project(project: str) -> str:
    """The share identifier of a project: letters and digits, as AWS Batch wants them (SubmitJob)."""
    return digest(project)[:_DIGITS]


def closest(share: str, active: Collection[str]) -> str | None:
    """The share whose first digits are the same for the longest, for a queue that takes no further share.

    None if `share` is one of the `active` ones, or there are none.
    """
    if share in active or not active:
        return None
    return max(sorted(active), key=lambda each: _same_digits(share, each))


def _same_digits(one: str, other: str) -> int:
    """How many first digits of the two are the same."""
    return len(list(takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))))
