"""Notify of a sweep's end: one notice for all its trials; after a crash it may repeat."""

from collections.abc import Callable, Mapping
from datetime import datetime

from droptrain_core.aws.run_table import RunTable
from droptrain_core.aws.sweep_table import SweepTable
from droptrain_core.domain import times
from droptrain_core.domain.notices import sweep_notice
from droptrain_core.domain.notices.notice import ModelChanges, Places
from droptrain_core.domain.runs.model_pointer import Held, Name
from droptrain_core.domain.runs.run import Run
from droptrain_core.domain.sweeps.sweep import Sweep
from droptrain_core.move_pointers import MovePointers
from droptrain_core.notifications import Notifications
from droptrain_core.notify import Answer
from droptrain_core.promote import Promote


class NotifySweep:
    """Sends notices of ended sweeps, and promotes their best trials."""

    def __init__(
        self,
        sweeps: SweepTable,
        table: RunTable,
        pointers: MovePointers,
        promote: Promote,
        notifications: Notifications,
        places: Places,
        clock: Callable[[], datetime],
    ) -> None:
        self._sweeps = sweeps
        self._table = table
        self._pointers = pointers
        self._promote = promote
        self._notifications = notifications
        self._places = places
        self._clock = clock

    def ended(self, sweep_id: str) -> Answer:
        """Notify of an ended sweep, unless that was done before; "muted" if its recipe wants no notice.

        The project's models change first: its pointers, and the current one by the gate of the best trial.
        """
        sweep = self._sweeps.get(sweep_id)
        if sweep is None or not sweep.ended or sweep.notified_at:
            return "nothing"
        best, models, news = self._promote_best(sweep)
        notice = sweep_notice.of_end(sweep, best, self._places, models)
        is_wanted = sweep.status.lower() in sweep.template.notify
        answer = self._notifications.publish(notice, to_people=is_wanted)
        self._sweeps.mark_notified(sweep, times.to_text(self._clock()), news)
        return answer

    def _promote_best(self, sweep: Sweep) -> tuple[Run | None, ModelChanges, Mapping[Name, Held]]:
        """The run of the best trial, the changes of the project's models, and pointers to remember."""
        best = sweep.standing.best if sweep.standing else None
        if best is None or sweep.status != "SUCCEEDED":
            return None, ModelChanges(), {}
        run, remembered, current = self._table.to_notify(best.run_id, sweep.project)
        if run is None:
            return None, ModelChanges(), {}
        standings, news = self._pointers.run(run, remembered)
        judged = self._promote.by_gate(run, current)
        return judged.run, ModelChanges(standings, judged.before, judged.now), news
