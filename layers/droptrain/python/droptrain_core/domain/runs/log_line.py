"""A line of a training's log."""

from droptrain_core.domain.frozen import frozen


@frozen
class LogLine:
    """`at` is the contract's UTC text, `attempt` counts from 1; both are None if only log.txt is left."""

    at: str | None
    attempt: int | None
    text: str
