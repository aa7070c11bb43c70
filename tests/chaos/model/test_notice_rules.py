"""Notices are refused in memory as Amazon SNS and EventBridge refuse them."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from chaos.model.memory import MemoryBus, MemoryTopic
from chaos.model.notice_rules import MAX_ENTRY_BYTES, NoticeRules
from chaos.model.world import World
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.notices.notice import Places, of_end
from support.records import run

TEXTS = {
    "ordinary": "größe\na\tb",
    "a control character": "a\x07b",
    "a lone surrogate": "gr\udcf6\udcdfe",
    "over 256 KiB": "x" * 300_000,
}


def text_message(text: str) -> dict[str, Any]:
    return {"Subject": "FAILED p/d", "Message": json.dumps({"default": text}), "MessageAttributes": {}}


def attribute(text: str) -> dict[str, Any]:
    value = {"DataType": "String", "StringValue": text}
    return {**text_message(""), "MessageAttributes": {"project": value}}


def event(text: str) -> dict[str, Any]:
    return {"Entries": [{"Source": "droptrain", "DetailType": "Run Failed", "Detail": json.dumps(text)}]}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_the_core_publishes_nothing_that_aws_refuses(text: str) -> None:
    name = "größe\na\x07b"
    ended = run(status="REJECTED", project=name, dataset=name, cause=Cause("bad_name", text, text))
    notice = of_end(ended, Places("data"))
    MemoryTopic(World()).publish(notice)
    assert notice.event
    MemoryBus(World()).put(notice.event)


@pytest.mark.parametrize(
    ("request_of", "refused"),
    [
        (text_message, {"a lone surrogate", "over 256 KiB"}),
        (attribute, {"a control character", "a lone surrogate", "over 256 KiB"}),
    ],
)
def test_what_sns_refuses_is_refused(request_of: Any, refused: set[str]) -> None:
    for name, text in TEXTS.items():
        if name in refused:
            with pytest.raises(ClientError):
                NoticeRules().publish(**request_of(text))
        else:
            NoticeRules().publish(**request_of(text))


def test_what_eventbridge_refuses_is_refused() -> None:
    NoticeRules().put_events(**event(TEXTS["ordinary"]))
    for text in (TEXTS["a lone surrogate"], "x" * MAX_ENTRY_BYTES):
        with pytest.raises(ClientError):
            NoticeRules().put_events(**event(text))
