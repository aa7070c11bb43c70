"""Notify: each end, and each problem that needs people, gives one notice; after a crash it may repeat."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal

from droptrain_core.aws.dataset_table import DatasetTable
from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain import times
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.notices import notice
from droptrain_core.domain.notices.notice import ModelChanges, Places
from droptrain_core.domain.runs import canary
from droptrain_core.launch.answers import Incomplete
from droptrain_core.move_pointers import MovePointers
from droptrain_core.notifications import Notifications, Published
from droptrain_core.promote import Promote

Answer = Published | Literal["nothing"]
ATTENTION = "attention"


@frozen
class EndNotified:
    """What was done about a run's end, and whether it is the success that the canary's alarm waits for."""

    answer: Answer
    canary_succeeded: bool = False


class Notify:
    """Sends notices of ended runs, and of datasets that have waited too long."""

    def __init__(
        self,
        table: RunTable,
        datasets: DatasetTable,
        pointers: MovePointers,
        promote: Promote,
        notifications: Notifications,
        places: Places,
        clock: Callable[[], datetime],
    ) -> None:
        self._table = table
        self._datasets = datasets
        self._pointers = pointers
        self._promote = promote
        self._notifications = notifications
        self._places = places
        self._clock = clock

    def ended(self, run_id: str, project: str) -> EndNotified:
        """Notify of a run that has ended, unless that was done before; "muted" if its recipe wants no notice.

        The project's models change first, so that the notice can report it. The record is read, so that
        an event that is delivered again finds the notice sent.
        """
        run, remembered, current = self._table.to_notify(run_id, project)
        if run is None or not run.ended:
            return EndNotified("nothing")
        if run.notified_at:
            return EndNotified("nothing", canary.succeeded(run))
        if run.sweep:
            # Its sweep has one notice, and promotes the best trial.
            self._table.mark_notified(run, times.to_text(self._clock()))
            return EndNotified("nothing")
        standings, news = self._pointers.run(run, remembered)
        changes = ModelChanges(standings)
        if run.status == "SUCCEEDED":
            judged = self._promote.by_gate(run, current)
            run, changes = judged.run, ModelChanges(standings, judged.before, judged.now)
        is_wanted = run.status.lower() in run.notify
        answer = self._notifications.publish(notice.of_end(run, self._places, changes), to_people=is_wanted)
        self._table.mark_notified(run, times.to_text(self._clock()), news)
        return EndNotified(answer, canary.succeeded(run))

    def incomplete(self, found: Sequence[Incomplete]) -> int:
        """Notify of datasets that lack files: how many messages people get.

        Programs get one event for each dataset. People get one message for all of them.
        """
        wanted = [each for each in found if ATTENTION in each.notify]
        in_one = len(wanted) > 1
        for each in found:
            alone = notice.of_incomplete(each.record, self._places)
            self._notifications.publish(alone, to_people=each in wanted and not in_one)
        if in_one:
            records = [each.record for each in wanted]
            self._notifications.publish(notice.of_many_incomplete(records, self._places))
        for each in found:
            self._datasets.mark_notified(each.record, self._clock())
        return 1 if in_one else len(wanted)
