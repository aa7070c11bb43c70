"""Notices are refused in memory as Amazon SNS and EventBridge refuse them."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from chaos.model.memory import MemoryBus, MemoryTopic
from chaos.model.world import World
from droptrain.domain.errors import Cause
from droptrain.domain.notice import Places, of_end
from droptrain.domain.run import Run
from records import run

CAUSE = Cause("bad_name", "projects/p/data/D/a.csv: 'D' can't be a dataset's name", "Rename it.")


def publish(**changes: Any) -> None:
    rejected: Run = replace(run(status="REJECTED", cause=CAUSE), **changes)
    notice = of_end(rejected, Places("data"))
    MemoryTopic(World()).publish(notice)
    assert notice.event
    MemoryBus(World()).put(notice.event)


def test_an_ordinary_notice_is_published() -> None:
    publish()
    publish(project="größe", dataset="a\nb")


@pytest.mark.parametrize(
    "changes",
    [
        {"project": "a\x07b"},
        {"cause": replace(CAUSE, message="gr\udcf6\udcdfe")},
        {"cause": replace(CAUSE, fix="x" * 300_000)},
    ],
    ids=["a control character in an attribute", "a lone surrogate", "over 256 KiB"],
)
def test_what_aws_refuses_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ClientError):
        publish(**changes)
