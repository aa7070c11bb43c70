"""A cause as text, for notices and terminals: the one place for the titles of its parts."""

from collections.abc import Iterator, Sequence

from droptrain_core.domain.errors import Cause

_RETRYING = {
    True: "Retrying unchanged can help.",
    False: "Retrying unchanged won't help.",
}


def of(cause: Cause) -> Iterator[tuple[str, str]]:
    """Title and text of each part of the cause; each line of evidence is a part, the first has the title."""
    yield "What happened", cause.message
    for number, line in enumerate(shown(cause.message, cause.evidence)):
        yield ("Evidence" if number == 0 else ""), line
    yield "What to do", cause.fix
    if retry := retrying(cause.retry_helps):
        yield "Retry", retry


def shown(message: str, evidence: Sequence[str]) -> list[str]:
    """The lines of the evidence that aren't in the message."""
    return [line for line in evidence if line not in message]


def retrying(retry_helps: bool | None) -> str:
    """Whether retrying unchanged can help; "" if that is unknown."""
    return "" if retry_helps is None else _RETRYING[retry_helps]
