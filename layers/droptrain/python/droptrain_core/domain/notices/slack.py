"""A message as Slack's incoming webhooks take it: a text for notifications, and blocks.

https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
https://docs.slack.dev/reference/block-kit/blocks
"""

from collections.abc import Iterable, Iterator
from typing import Any

from droptrain_core.domain.notices.message import Message, Section
from droptrain_core.domain.text import plain

DETAIL_TYPE = "Slack Message"
LINKS = "Links"
_HEADER = 150
# Slack takes 3,000 characters a block, and refuses messages with some 13,000 without documenting that.
_BLOCK = 1500
_LINE = 300  # of which each character can take five when it is escaped


def slack_of(message: Message) -> dict[str, Any]:
    """The webhook's body."""
    lead = [f"*{_text(label)}:* {_text(text)}" if label else _text(text) for label, text in message.lead]
    note = [_text(message.note)] if message.note else []
    next_ = [f"`{_text(command)}` {_text(does)}" for command, does in message.commands]
    texts = (
        [*lead, *note] or [_text(message.headline)],
        *(_lines(section) for section in message.sections),
        next_,
    )
    title = {"type": "plain_text", "text": plain(message.subject, _HEADER), "emoji": False}
    blocks = [{"type": "header", "text": title}, *(_block(lines) for lines in texts if lines)]
    return {"text": _text(message.headline), "blocks": blocks}


def _lines(section: Section) -> list[str]:
    if not section.rows:
        return []
    if section.title == LINKS:
        links = (f"<{_escaped(address)}|{_text(name)}>" for name, address in section.rows)
        return [" · ".join(links)]
    rows = (f"{_text(name)}: {_text(value)}" if name else f"• {_text(value)}" for name, value in section.rows)
    return [f"*{_text(section.title)}*", *rows]


def _block(lines: Iterable[str]) -> dict[str, Any]:
    """A section of lines. `verbatim`: what looks like a name, a channel or an address stays text."""
    return {
        "type": "section",
        "text": {"type": "mrkdwn", "text": "\n".join(_fitting(lines)), "verbatim": True},
    }


def _fitting(lines: Iterable[str]) -> Iterator[str]:
    room = _BLOCK
    for line in lines:
        room -= len(line) + 1
        if room < len("…"):
            yield "…"
            return
        yield line


def _text(text: str) -> str:
    return _escaped(plain(text, _LINE))


def _escaped(text: str) -> str:
    """The three characters that Slack reads as its own signs: mentions, links, entities."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
