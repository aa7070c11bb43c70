"""Announce: every end, and all that needs people, is told at least once, and once in normal operation."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal

from droptrain.aws.run_table import RunTable
from droptrain.aws.waiting_list import WaitingList
from droptrain.domain import notice, times
from droptrain.domain.dataset import Waiting
from droptrain.domain.errors import Cause
from droptrain.domain.notice import Notice, Places
from droptrain.promote import Promote
from droptrain.tell import Tell

Answer = Literal["published", "muted", "nothing"]
ATTENTION = "attention"


class Announce:
    """Tells of runs that ended, and of runs and datasets that wait for too long."""

    def __init__(
        self,
        table: RunTable,
        waiting: WaitingList,
        promote: Promote,
        tell: Tell,
        places: Places,
        clock: Callable[[], datetime],
    ) -> None:
        self._table = table
        self._waiting = waiting
        self._promote = promote
        self._tell = tell
        self._places = places
        self._clock = clock

    def ended(self, run_id: str, project: str) -> Answer:
        """Tell of a run that has ended and isn't announced; "muted" if its recipe wants no notice.

        The record is read afresh, so that an event that is delivered again finds the notice out already. The
        project's model pointers move before, so that the notice can say so.
        """
        run, remembered = self._table.to_announce(run_id, project)
        if run is None or not run.ended or run.announced_at:
            return "nothing"
        standings, held = self._promote.run(run, remembered)
        wanted = run.status.lower() in run.notify
        answer = self._publish(notice.of_end(run, self._places, standings), wanted=wanted)
        news = {name: each for name, each in held.items() if remembered.get(name) != each}
        self._table.mark_announced(run, times.to_text(self._clock()), news)
        return answer

    def stuck(self, run_id: str, cause: Cause) -> Answer:
        """Tell, once for each cause, why a run that waits for an instance gets none."""
        run = self._table.get(run_id)
        if run is None or run.ended or cause.code in run.told:
            return "nothing"
        answer = self._publish(notice.of_stuck(run, cause, self._places), wanted=ATTENTION in run.notify)
        self._table.mark_told(run_id, cause.code)
        return answer

    def incomplete(self, waiting: Waiting, notify: tuple[str, ...]) -> Answer:
        """Tell what a dataset has been waiting for; `notify` is what its recipe wants to hear of."""
        answer = self._publish(notice.of_incomplete(waiting, self._places), wanted=ATTENTION in notify)
        self._waiting.mark_told(waiting)
        return answer

    def _publish(self, told: Notice, *, wanted: bool) -> Answer:
        if wanted:
            self._tell.everybody(told)
            return "published"
        self._tell.programs(told)
        return "muted"
