"""Whether a failed attempt is tried again: retryStrategy with evaluateOnExit, as AWS Batch documents it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Condition:
    """One entry of evaluateOnExit; a pattern that is None isn't asked for."""

    retry: bool
    on_status_reason: str | None = None
    on_reason: str | None = None
    on_exit_code: str | None = None

    def matches(self, status_reason: str, reason: str, exit_code: int | None) -> bool:
        """True if all patterns that are given match (EvaluateOnExit in the Batch API reference)."""
        matched = (
            (self.on_status_reason, status_reason),
            (self.on_reason, reason),
            (self.on_exit_code, "" if exit_code is None else str(exit_code)),
        )
        return all(pattern is None or glob_matches(pattern, text) for pattern, text in matched)


@dataclass(frozen=True)
class RetryStrategy:
    """How many attempts a job has, and which ends of an attempt deserve another."""

    attempts: int = 1
    conditions: tuple[Condition, ...] = ()

    def allows_another(
        self, attempts_made: int, *, status_reason: str, reason: str, exit_code: int | None
    ) -> bool:
        """True if a failed attempt goes back to RUNNABLE.

        The first condition that matches decides; if none does, the job is retried.
        """
        if attempts_made >= self.attempts:
            return False
        for condition in self.conditions:
            if condition.matches(status_reason, reason, exit_code):
                return condition.retry
        return True


def glob_matches(pattern: str, text: str) -> bool:
    """Match the whole text, or its start where the pattern ends with an asterisk."""
    if pattern.endswith("*"):
        return text.startswith(pattern[:-1])
    return text == pattern


def read_strategy(value: Mapping[str, Any]) -> RetryStrategy:
    """The strategy that a valid `retryStrategy` of the API names; actions aren't case sensitive."""
    conditions = tuple(
        Condition(
            retry=item["action"].upper() == "RETRY",
            on_status_reason=item.get("onStatusReason"),
            on_reason=item.get("onReason"),
            on_exit_code=item.get("onExitCode"),
        )
        for item in value.get("evaluateOnExit", ())
    )
    return RetryStrategy(attempts=value.get("attempts", 1), conditions=conditions)
