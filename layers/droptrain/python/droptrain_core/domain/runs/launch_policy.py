"""What the stack's owner decided when deploying: whether it launches, and what a request may ask for."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from droptrain_core.domain.errors import Cause, PausedError, RejectedError


@dataclass(frozen=True)
class LaunchPolicy:
    """The owner's word: why the stack is paused (empty: it isn't), and the most of each resource that the
    overrides of a request may ask for (a resource that isn't named has no limit). A dataset with the trigger
    `quiet` rests for `quiet_seconds`, unless its recipe has `quiet_for`; an upload is seen `settle_seconds`
    after it was made.
    """

    paused: str = ""
    most: Mapping[str, int] = field(default_factory=dict)
    quiet_seconds: int = 300
    settle_seconds: int = 30

    def check_running(self) -> None:
        """PausedError while the stack is paused."""
        if self.paused:
            raise PausedError(f"This stack is paused by its owner: {self.paused}")

    def check_overrides(self, overrides: Mapping[str, Any]) -> None:
        """RejectedError for resources beyond the owner's limits."""
        for name, value in (overrides.get("resources") or {}).items():
            most = self.most.get(name)
            if most is not None and value > most:
                raise RejectedError(
                    Cause(
                        "bad_overrides",
                        f"resources.{name}: {value} is more than the {most} that this stack's owner allows",
                        "Ask for less, or let the owner raise the stack's limit.",
                    )
                )
