"""One message of a notice, and its renderings for people: plain text, and a card in a chat."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SUBJECT_LENGTH = 99  # SNS takes fewer than 100 characters
# What a chat shows is short; the mail has the whole message. No limits of theirs are published.
_CHAT_TITLE, _CHAT_TEXT, _CHAT_STEP, _CHAT_WORD = 250, 3000, 500, 100
_LABEL = 15
# What would break a line, steer a terminal or turn text around; keys and metrics can have any of it.
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
# Markdown's links: [text](address), [text][name], [name]: address.
_LINKS = re.compile(r"\](?=[(\[:])")

Rows = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Section:
    """Named values under a title; `width` is that of the names' column in plain text."""

    title: str
    rows: Rows
    width: int = 12


@dataclass(frozen=True)
class Message:
    """What people are told: a headline, what matters most by label, facts in sections, what to do next.

    `thread` keeps in a chat together what is about the same thing. `commands` are to be typed,
    each with what it does.
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
    """The subject as SNS takes it: printable ASCII, at most 99 characters."""
    printable = "".join(letter if " " <= letter <= "~" else "?" for letter in message.subject)
    return printable if len(printable) <= _SUBJECT_LENGTH else printable[: _SUBJECT_LENGTH - 3] + "..."


def text_of(message: Message) -> str:
    """Plain text, for a mail."""
    lines = [message.headline]
    if message.lead:
        lines += ["", *(f"{label and label + ':':<{_LABEL}}{said}" for label, said in message.lead)]
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
    return "\n".join(map(_line, lines)) + "\n"


def chat_of(message: Message, event_type: str, context: Mapping[str, str]) -> dict[str, Any]:
    """A custom notification of Amazon Q Developer in chat applications (formerly AWS Chatbot).

    https://docs.aws.amazon.com/chatbot/latest/adminguide/custom-notifs.html
    """
    lines = [
        f"*{label}:* {_line(said)}" if label else _line(said)
        for label, said in message.lead
        if label != "What to do"
    ]
    lines += [_line(message.note)] if message.note else []
    for section in message.sections:
        if section.rows:
            lines += ["", f"*{section.title}*"]
            lines += [f"{_line(name) + ':' if name else '-'} {_line(value)}" for name, value in section.rows]
    steps = [said for label, said in message.lead if label == "What to do"]
    steps += [f"`{command}` {does}" for command, does in message.commands]
    return {
        "version": "1.0",
        "source": "custom",
        "content": {
            "textType": "client-markdown",
            "title": _shown(_line(message.subject), _CHAT_TITLE),
            "description": _shown("\n".join(lines).strip() or _line(message.headline), _CHAT_TEXT),
            "nextSteps": [_shown(_line(step), _CHAT_STEP) for step in steps],
            "keywords": [_shown(_line(word), _CHAT_WORD) for word in message.keywords],
        },
        "metadata": {
            "threadId": _shown(_line(message.thread), _CHAT_TITLE),
            "summary": _shown(_line(message.headline), _CHAT_TITLE),
            "eventType": event_type,
            "additionalContext": {name: _shown(_line(said), _CHAT_WORD) for name, said in context.items()},
        },
    }


def _shown(text: str, length: int) -> str:
    """A text for a chat: cut to `length`, without mentions of people and without links in Markdown.

    Some of it comes from users and their code: keys, names, metrics, lines of the log.
    """
    plain = text.replace("<", "‹").replace(">", "›").replace("@", "@\u200b")
    return _short(_LINKS.sub("]\u200b", plain), length)


def _line(text: str) -> str:
    """The text in one line, without what is not seen."""
    return _UNSEEN.sub(" ", text)


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"
