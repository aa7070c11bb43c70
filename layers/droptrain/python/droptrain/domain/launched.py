"""What a look at a dataset led to."""

from dataclasses import dataclass
from typing import Literal

Upload = Literal["ignored", "waiting", "repeated", "launched", "rejected"]


@dataclass(frozen=True)
class Launched:
    """What an upload led to, and the run that it is about, if any."""

    answer: Upload
    run_id: str | None = None


@dataclass(frozen=True)
class Incomplete:
    """A dataset that still waits: whether anything is there, what is missing, and who wants to hear of it."""

    has_files: bool
    missing: tuple[str, ...]
    notify: tuple[str, ...]
