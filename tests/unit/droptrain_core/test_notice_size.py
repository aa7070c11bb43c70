"""No legal notice is larger than SNS takes."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from droptrain_core.aws.notices import NoticeTopic
from droptrain_core.domain.datasets.dataset_record import DatasetRecord
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.notices import notice
from droptrain_core.domain.notices.notice import Notice, Places
from support.records import run

SNS_BYTES = 256 * 1024  # https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
PLACES = Places("b" * 63)
WORD = "💥"  # four bytes, and twelve where JSON escapes it
PATTERNS = tuple(f"{number:02}" + WORD * 198 for number in range(20))
WAITING = DatasetRecord(
    project="p" * 40, dataset="d", since="2026-11-23T02:10:00Z", missing=PATTERNS, present=PATTERNS[:10]
)


def _of_many_incomplete() -> Notice:
    found = [replace(WAITING, dataset=f"d{number}") for number in range(100)]
    return notice.of_many_incomplete(found, PLACES)


def _of_one_incomplete() -> Notice:
    return notice.of_incomplete(WAITING, PLACES)


def _of_a_failure() -> Notice:
    cause = Cause("script_raised", WORD * 6000, WORD * 6000, (WORD * 300,) * 5)
    settings = {f"h{number}": WORD * 500 for number in range(10)}
    return notice.of_end(run(status="FAILED", cause=cause, hyperparameters=settings), PLACES)


@pytest.mark.parametrize("made", [_of_many_incomplete, _of_one_incomplete, _of_a_failure])
def test_the_largest_notices_fit_into_a_message_of_sns(made: Callable[[], Notice]) -> None:
    sent: list[dict[str, Any]] = []
    topic: Any = SimpleNamespace(publish=lambda **request: sent.append(request))
    NoticeTopic(topic, "topic").publish(made())
    assert len(sent[0]["Message"].encode()) < SNS_BYTES
