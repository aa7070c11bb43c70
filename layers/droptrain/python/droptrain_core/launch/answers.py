"""The results of checking a dataset."""

from dataclasses import dataclass
from typing import Literal

from droptrain_core.domain.datasets.dataset_record import DatasetRecord

Upload = Literal["ignored", "postponed", "waiting", "repeated", "launched", "rejected"]


@dataclass(frozen=True)
class Launched:
    """The answer to an upload, and its run, if any."""

    answer: Upload
    run_id: str | None = None


@dataclass(frozen=True)
class Incomplete:
    """A dataset that still waits: its current record, and the notices that its recipe wants."""

    record: DatasetRecord
    notify: tuple[str, ...]
