"""Announce: every end, and all that needs people, is told at least once, and once in normal operation."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from droptrain.aws.notices import NoticeTopic
from droptrain.aws.run_table import RunTable
from droptrain.aws.waiting_list import WaitingList
from droptrain.domain import notice, times
from droptrain.domain.dataset import Waiting
from droptrain.domain.errors import Cause

Answer = Literal["published", "muted", "nothing"]
ATTENTION = "attention"


class Announce:
    """Publishes notices: of runs that ended, of runs and datasets that wait for too long."""

    def __init__(
        self,
        table: RunTable,
        waiting: WaitingList,
        topic: NoticeTopic,
        bucket: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._table = table
        self._waiting = waiting
        self._topic = topic
        self._bucket = bucket
        self._clock = clock

    def ended(self, run_id: str) -> Answer:
        """Publish the notice of a run that has ended and isn't announced; "muted" if its recipe wants none.

        The record is read afresh, so that an event that is delivered again finds the notice out already.
        """
        run = self._table.get(run_id)
        if run is None or not run.ended or run.announced_at:
            return "nothing"
        wanted = run.status.lower() in run.notify
        if wanted:
            self._topic.publish(run.project, run.status, notice.of_end(run, self._bucket))
        self._table.mark_announced(run, times.to_text(self._clock()))
        return "published" if wanted else "muted"

    def stuck(self, run_id: str, cause: Cause) -> Answer:
        """Publish, once for each cause, why a run that waits for an instance gets none."""
        run = self._table.get(run_id)
        if run is None or run.ended or cause.code in run.told:
            return "nothing"
        wanted = ATTENTION in run.notify
        if wanted:
            self._topic.publish(run.project, ATTENTION.upper(), notice.of_stuck(run, cause))
        self._table.mark_told(run_id, cause.code)
        return "published" if wanted else "muted"

    def incomplete(self, waiting: Waiting, notify: tuple[str, ...]) -> Answer:
        """Publish what a dataset has been waiting for; `notify` is what its recipe wants to hear of."""
        wanted = ATTENTION in notify
        if wanted:
            self._topic.publish(
                waiting.project, ATTENTION.upper(), notice.of_incomplete(waiting, self._bucket)
            )
        self._waiting.mark_told(waiting)
        return "published" if wanted else "muted"
