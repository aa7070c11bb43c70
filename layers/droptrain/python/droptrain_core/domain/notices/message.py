"""A notice's message, and its renderings for people: plain text, and a card in a chat."""

import re
from collections.abc import Mapping
from typing import Any

from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.text import plain, printable_ascii

_SUBJECT_LENGTH = 99  # SNS takes fewer than 100 characters
# A chat's card is short; the mail has the whole message. The chats' limits aren't published.
_CHAT_TITLE, _CHAT_TEXT, _CHAT_STEP, _CHAT_WORD = 250, 3000, 500, 100
_LABEL = 15
# Markdown's links: [text](address), [text][name], [name]: address.
_LINKS = re.compile(r"\](?=[(\[:])")

Rows = tuple[tuple[str, str], ...]


@frozen
class Section:
    """Named values under a title; `width` is that of the names' column in plain text."""

    title: str
    rows: Rows
    width: int = 12


@frozen
class Message:
    """A message for people: a headline, the main facts by label, other facts in sections, next steps.

    `thread` groups the messages of one subject in a chat. `commands` are commands to type, each with its
    effect.
    """

    subject: str
    headline: str
    lead: Rows = ()
    note: str = ""
    sections: tuple[Section, ...] = ()
    commands: Rows = ()
    keywords: tuple[str, ...] = ()
    thread: str = ""


def subject_of(message: Message) -> str:
    """The subject as SNS accepts it: printable ASCII, at most 99 characters."""
    printable = printable_ascii(message.subject)
    return printable if len(printable) <= _SUBJECT_LENGTH else printable[: _SUBJECT_LENGTH - 3] + "..."


def text_of(message: Message) -> str:
    """Plain text, for a mail."""
    lines = [message.headline]
    if message.lead:
        lines += ["", *(f"{label and label + ':':<{_LABEL}}{text}" for label, text in message.lead)]
    if message.note:
        lines += ["", message.note]
    for section in message.sections:
        if section.rows:
            lines += ["", section.title]
            lines += [
                f"  {name:<{section.width}} {value}" if name else f"  {value}" for name, value in section.rows
            ]
    if message.commands:
        width = max(len(command) for command, _ in message.commands)
        lines += ["", "Next", *(f"  {command:<{width}}  {does}" for command, does in message.commands)]
    return "\n".join(map(plain, lines)) + "\n"


def chat_of(message: Message, event_type: str, context: Mapping[str, str]) -> dict[str, Any]:
    """A custom notification of Amazon Q Developer in chat applications (formerly AWS Chatbot).

    https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
    """
    lines = [
        f"*{label}:* {plain(text)}" if label else plain(text)
        for label, text in message.lead
        if label != "What to do"
    ]
    lines += [plain(message.note)] if message.note else []
    for section in message.sections:
        if section.rows:
            lines += ["", f"*{section.title}*"]
            lines += [f"{plain(name) + ':' if name else '-'} {plain(value)}" for name, value in section.rows]
    steps = [text for label, text in message.lead if label == "What to do"]
    steps += [f"`{command}` {does}" for command, does in message.commands]
    return {
        "version": "1.0",
        "source": "custom",
        "content": {
            "textType": "client-markdown",
            "title": _shown(plain(message.subject), _CHAT_TITLE),
            "description": _shown("\n".join(lines).strip() or plain(message.headline), _CHAT_TEXT),
            "nextSteps": [_shown(plain(step), _CHAT_STEP) for step in steps],
            "keywords": [_shown(plain(word), _CHAT_WORD) for word in message.keywords],
        },
        "metadata": {
            "threadId": _shown(plain(message.thread), _CHAT_TITLE),
            "summary": _shown(plain(message.headline), _CHAT_TITLE),
            "eventType": event_type,
            "additionalContext": {name: _shown(plain(value), _CHAT_WORD) for name, value in context.items()},
        },
    }


def _shown(text: str, length: int) -> str:
    """A text for a chat: cut to `length`, without mentions of people and without links in Markdown.

    Some of it comes from users and their code: keys, names, metrics, lines of the log.
    """
    harmless = text.replace("<", "‹").replace(">", "›").replace("@", "@\u200b")
    return _short(_LINKS.sub("]\u200b", harmless), length)


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
