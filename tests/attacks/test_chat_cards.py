"""Text that users, their keys and their code wrote, in every field of a card in a chat."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest
from droptrain_core.domain.datasets.dataset_record import DatasetRecord
from droptrain_core.domain.datasets.finding import Finding
from droptrain_core.domain.diagnosis.queue_progress import Stuck
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.notices import notice
from droptrain_core.domain.notices.console_links import Console
from droptrain_core.domain.notices.message import Message, Section, chat_of
from droptrain_core.domain.notices.notice import Notice, Places
from droptrain_core.domain.runs.run import Attempt, Step
from support.records import run

TEXTS = [
    "<!channel>", "<!here|x>", "<@U123>", "<#C1|x>", "<http://evil.example|ok>", "[ok](http://evil.example)",
    "[ok][1]", "[1]: http://evil.example", "![x](http://evil.example/x.png)", "@here", "@channel",
    "<at>x</at>", "a\n[1]: http://evil.example", "\u202e<!channel>",
]  # fmt: skip
FORBIDDEN = re.compile(r"<|>|\]\(|\]\[|\]:|@(?!\u200b)|[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")
PLACES = Places("data", Console("eu-west-1", "aws"))


def texts_of(value: object) -> Iterator[str]:
    """Every text of a document, names of fields included."""
    match value:
        case str():
            yield value
        case Mapping():
            for name, each in value.items():
                yield name
                yield from texts_of(each)
        case list():
            for each in value:
                yield from texts_of(each)


def notices(text: str) -> Iterator[Notice]:
    """Every kind of notice, with `text` wherever something of that kind can stand."""
    cause = Cause(text, text, text, (text, text), None)
    finding = Finding(text, "warning", text, 1, text, text, text)
    ended = replace(
        run(), project=text, dataset=text, cause=cause, metric=text, metrics={text: 1.0}, advice=(text,),
        warnings=(finding,), launched_by=text, cancelled_by=text, started_at="2026-11-23T02:10:00Z",
        stopped_at="2026-11-23T02:20:00Z", batch_job_id="j", log_stream="s",
        attempts=(Attempt(None, None, 1, text, None),) * 2, history=(Step("", text, text),),
    )  # fmt: skip
    for status in ("SUCCEEDED", "FAILED", "CANCELLED", "REJECTED"):
        yield notice.of_end(replace(ended, status=status), PLACES)
    yield notice.of_stuck(Stuck("2026-11-23T02:10:00Z", "", cause, text), "Spot", 3)
    waiting = DatasetRecord(
        project=text, dataset=text, since="2026-11-23T02:10:00Z", missing=(text,), present=(text,)
    )
    yield notice.of_incomplete(waiting, PLACES)
    yield notice.of_test(text, text)


@pytest.mark.parametrize("text", TEXTS)
def test_no_field_of_a_card_mentions_people_or_makes_a_link_of_what_users_wrote(text: str) -> None:
    for made in notices(text):
        for shown in texts_of(made.chat):
            assert not FORBIDDEN.search(shown), (made.message.subject, shown)


@pytest.mark.parametrize("text", TEXTS)
def test_a_message_is_neutral_whatever_it_is_made_of(text: str) -> None:
    rows = ((text, text), ("", text))
    message = Message(
        text, text, (("What to do", text), ("Label", text), ("", text)), text,
        (Section("Facts", rows),), ((text, text),), (text, text), text,
    )  # fmt: skip
    for shown in texts_of(chat_of(message, "Run Finished", {"project": text, "outcome": text})):
        assert not FORBIDDEN.search(shown), shown


def test_a_card_of_the_longest_texts_stays_short() -> None:
    for made in notices("@" * 5000):
        assert len(json.dumps(made.chat)) < 100_000
        assert all(len(shown) <= 3000 for shown in texts_of(made.chat))


def test_what_is_ours_stays_as_it_is() -> None:
    ended = replace(run(), status="SUCCEEDED", started_at="2026-11-23T02:10:00Z", batch_job_id="j-1")
    card = notice.of_end(ended, PLACES).chat
    assert card["content"]["keywords"] == ["penguins", "first", "SUCCEEDED"]
    assert card["metadata"]["additionalContext"] == {"outcome": "SUCCEEDED", "project": "penguins"}
    assert "Batch job: https://eu-west-1.console.aws.amazon.com/batch/" in card["content"]["description"]
    assert "`droptrain get penguins-first-0123456789ab` downloads the model" in card["content"]["nextSteps"]
