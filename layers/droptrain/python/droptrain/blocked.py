"""Blocked: a Batch job at the head of its queue that gets no instance is told of, once for each cause."""

from collections.abc import Mapping
from typing import Any, Literal

from droptrain.announce import Announce, Answer
from droptrain.domain import batch_job, diagnosis


class Blocked:
    """Judges AWS Batch's events of blocked queues."""

    def __init__(self, announce: Announce) -> None:
        self._announce = announce

    def event(self, detail: Mapping[str, Any]) -> Answer | Literal["foreign"]:
        """Tell of a job that waits for capacity.

        What Batch calls a misconfiguration passes by itself while an environment scales up from nothing: that
        is left to the reconciler, which tells of it when it stays. "foreign" if it is of no run's job.
        """
        job = batch_job.read(detail)
        if job is None:
            return "foreign"
        cause = diagnosis.no_instance(job.status_reason)
        return self._announce.stuck(job.run_id, cause) if cause.code == "no_capacity" else "nothing"
