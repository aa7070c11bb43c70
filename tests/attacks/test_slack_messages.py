"""Notices as messages of Slack: by Slack's rules, whatever users, their keys and their code wrote."""

import json
import re
from dataclasses import replace
from html import unescape
from typing import Any

import pytest
from attacks.test_chat_cards import TEXTS, notices
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.notices import notice
from droptrain_core.domain.notices.console_links import Console
from droptrain_core.domain.notices.notice import Places
from support.records import run

# https://docs.slack.dev/reference/block-kit/blocks, its composition objects, and formatting-message-text
BLOCKS, HEADER, SECTION, TEXT = 50, 150, 3000, 40_000
# Not documented: chat.postMessage answers msg_blocks_too_long from about 13,000 on.
ALL_BLOCKS = 13_000
LINK = re.compile(r"<https://[^<>|\s]+\|[^<>|]+>")
ENTITY = re.compile(r"&(?:amp|lt|gt);")


def check(message: Any) -> None:
    """Slack's rules for the body of an incoming webhook."""
    assert set(message) == {"text", "blocks"}
    assert 1 <= len(message["text"]) <= TEXT
    check_mrkdwn(message["text"])
    header, *sections = message["blocks"]
    assert 1 <= len(sections) < BLOCKS
    assert set(header) == {"type", "text"}
    assert header["type"] == "header"
    assert header["text"]["type"] == "plain_text"
    assert 1 <= len(header["text"]["text"]) <= HEADER
    for section in sections:
        assert set(section) == {"type", "text"}
        assert section["type"] == "section"
        assert (section["text"]["type"], section["text"]["verbatim"]) == ("mrkdwn", True)
        assert 1 <= len(section["text"]["text"]) <= SECTION
        check_mrkdwn(section["text"]["text"])
    assert len(json.dumps(message["blocks"], ensure_ascii=False)) < ALL_BLOCKS


def check_mrkdwn(text: str) -> None:
    """Nothing but our own links is a control sequence."""
    assert not re.search(r"[<>]", LINK.sub("", text)), text
    assert not re.search("&", ENTITY.sub("", text)), text


@pytest.mark.parametrize(
    "text", [*TEXTS, "a & b", "&lt;", "*bold* _i_ `code`", "x" * 5000, "<&>" * 2000, "ü" * 4000]
)
def test_every_notice_is_a_message_that_slack_takes_and_mentions_nobody(text: str) -> None:
    for made in notices(text):
        check(made.slack)


def test_two_hundred_metrics_are_cut_and_the_rest_is_there() -> None:
    many = {f"metric-{number}": float(number) for number in range(200)}
    ended = replace(run(), status="SUCCEEDED", metrics=many)
    message = notice.of_end(ended, Places("data", None)).slack
    check(message)
    [metrics] = [block["text"]["text"] for block in message["blocks"] if "*Metrics*" in str(block)]
    assert metrics.endswith("\n…")
    assert "droptrain get" in message["blocks"][-1]["text"]["text"]


def test_a_failure_is_readable_as_it_is() -> None:
    ended = replace(
        run(), status="FAILED", started_at="2026-11-23T02:10:00Z", batch_job_id="j-1",
        cause=Cause("oom", "The script used <all> memory.", "Ask for more memory.", ("Killed",), False),
    )  # fmt: skip
    message = notice.of_end(ended, Places("data", Console("eu-west-1"))).slack
    check(message)
    header, lead, *_, links, next_ = (block["text"]["text"] for block in message["blocks"])
    assert header == "FAILED penguins/first (oom)"
    assert unescape(lead).splitlines() == [
        "*What happened:* The script used <all> memory.", "*Evidence:* Killed",
        "*What to do:* Ask for more memory.", "*Retry:* Retrying unchanged won't help.",
    ]  # fmt: skip
    assert links.startswith(
        "<https://eu-west-1.console.aws.amazon.com/batch/home?region=eu-west-1#jobs/detail/j-1|Batch job> · <"
    )
    assert next_.splitlines()[0] == f"`droptrain logs {ended.run_id}` shows the training's log"
