"""What a look at a dataset led to."""

from dataclasses import dataclass
from typing import Literal

from droptrain_core.domain.datasets.dataset_record import DatasetRecord

Upload = Literal["ignored", "postponed", "waiting", "repeated", "launched", "rejected"]


@dataclass(frozen=True)
class Launched:
    """What an upload led to, and the run that it is about, if any."""

    answer: Upload
    run_id: str | None = None


@dataclass(frozen=True)
class Incomplete:
    """A dataset that still waits, as its record now says, and which notices its recipe wants."""

    record: DatasetRecord
    notify: tuple[str, ...]
