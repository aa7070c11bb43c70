"""Cleans untrusted text before it is stored, published or shown."""

import re

# Control characters, line separators, and characters that are invisible or change the direction of text:
# they break lines, control terminals and hide words. SQS refuses most of them in a message and its
# attributes, and U+FFFE and U+FFFF too (API reference, SendMessage).
_NOT_PLAIN = r"[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffe\uffff]+"
# Terminal sequences, for colours or a window's title (ECMA-48, xterm).
TERMINAL_SEQUENCE = r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\^_])"
_REPLACEMENT = "\ufffd"
_HALVES = r"[\ud800-\udfff]"


def encodable(text: str) -> str:
    """The text with U+FFFD for each half of a surrogate pair, which JSON can name and UTF-8 cannot encode."""
    return text if text.isascii() else re.sub(_HALVES, _REPLACEMENT, text)


def printable_ascii(text: str) -> str:
    """The text with a question mark for each character that isn't printable ASCII."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in text)


def plain(text: str, most: int | None = None) -> str:
    """The text in one line, without invisible characters, cut to `most` characters.

    Each sequence of such characters becomes a space; terminal sequences are removed.
    """
    line = re.sub(_NOT_PLAIN, " ", re.sub(TERMINAL_SEQUENCE, "", encodable(text)))
    return line if most is None or len(line) <= most else line[: most - 1] + "…"
