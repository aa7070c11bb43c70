"""A cause in plain words, for notices and terminals: one place for how each part of it is called."""

from collections.abc import Iterator, Sequence

from droptrain_core.domain.errors import Cause

_TRYING_AGAIN = {
    True: "as it is can help.",
    False: "as it is won't help: change something first.",
}


def of(cause: Cause) -> Iterator[tuple[str, str]]:
    """Title and text of each part that there is; evidence has a part for each line, with one title."""
    yield "What happened", cause.message
    for number, line in enumerate(shown(cause.message, cause.evidence)):
        yield ("Evidence" if number == 0 else ""), line
    yield "What to do", cause.fix
    if said := trying_again(cause.retry_helps):
        yield "Trying again", said


def shown(message: str, evidence: Sequence[str]) -> list[str]:
    """The lines of the evidence that the message doesn't say already."""
    return [line for line in evidence if line not in message]


def trying_again(retry_helps: bool | None) -> str:
    """Whether trying again as it is can help; "" where nobody can tell."""
    return "" if retry_helps is None else _TRYING_AGAIN[retry_helps]
