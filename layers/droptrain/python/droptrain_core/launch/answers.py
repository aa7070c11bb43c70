"""The results of checking a dataset."""

from typing import Literal

from droptrain_core.domain.datasets.dataset_record import DatasetRecord
from droptrain_core.domain.frozen import frozen

Upload = Literal["ignored", "postponed", "waiting", "repeated", "launched", "rejected"]


@frozen
class Launched:
    """The answer to an upload, and its run, if any."""

    answer: Upload
    run_id: str | None = None


@frozen
class Incomplete:
    """A dataset that still waits: its current record, and the notices that its recipe wants."""

    record: DatasetRecord
    notify: tuple[str, ...]
