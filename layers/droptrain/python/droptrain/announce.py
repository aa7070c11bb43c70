"""Announce: every run that ended is told of, at least once, and once in normal operation."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from droptrain.aws.notices import NoticeTopic
from droptrain.aws.run_table import RunTable
from droptrain.domain import notice, times


class Announce:
    """Publishes the notices of ended runs."""

    def __init__(
        self, table: RunTable, topic: NoticeTopic, bucket: str, clock: Callable[[], datetime]
    ) -> None:
        self._table = table
        self._topic = topic
        self._bucket = bucket
        self._clock = clock

    def ended(self, run_id: str) -> Literal["published", "muted", "nothing"]:
        """Publish the notice of a run that has ended and isn't announced; "muted" if its recipe wants none.

        The record is read afresh, so that an event that is delivered again finds the notice out already.
        """
        run = self._table.get(run_id)
        if run is None or not run.ended or run.announced_at:
            return "nothing"
        wanted = notice.wanted(run)
        if wanted:
            self._topic.publish(run, notice.compose(run, self._bucket))
        self._table.mark_announced(run_id, times.to_text(self._clock()))
        return "published" if wanted else "muted"
