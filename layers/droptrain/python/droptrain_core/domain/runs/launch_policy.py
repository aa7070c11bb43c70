"""The stack's launch policy: whether it launches, and the resources that a request may override."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from droptrain_core.domain.errors import Cause, PausedError, RejectedError
from droptrain_core.domain.frozen import frozen


@frozen
class LaunchPolicy:
    """Why the stack is paused (empty: it isn't), and the most of each resource that a request may set.

    An unnamed resource has no limit. A dataset with the trigger `quiet` waits `quiet_seconds` without an
    upload, unless its recipe has `quiet_for`. An upload is handled `settle_seconds` after it was made;
    `upload_concurrency` uploads are handled at the same time.
    """

    paused: str = ""
    most: Mapping[str, int] = field(default_factory=dict)
    quiet_seconds: int = 300
    settle_seconds: int = 30
    upload_concurrency: int = 4

    def check_running(self) -> None:
        """PausedError while the stack is paused."""
        if self.paused:
            raise PausedError(f"This stack is paused by its owner: {self.paused}")

    def check_overrides(self, overrides: Mapping[str, Any]) -> None:
        """RejectedError for resources above the stack's limits."""
        for name, value in (overrides.get("resources") or {}).items():
            most = self.most.get(name)
            if most is not None and value > most:
                raise RejectedError(
                    Cause(
                        "bad_overrides",
                        f"resources.{name}: {value} is more than this stack's limit of {most}",
                        "Set a lower value, or ask the stack's owner to raise the limit.",
                    )
                )
