"""A line of a training's log."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LogLine:
    """`at` is the contract's UTC text, `attempt` counts from 1; None where only log.txt is left of it."""

    at: str | None
    attempt: int | None
    text: str
