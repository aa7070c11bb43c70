"""Notify: every end, and all that needs people, is told at least once, and once in normal operation."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal

from droptrain_core.aws import remembered_models
from droptrain_core.aws.dataset_table import DatasetTable
from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain import times
from droptrain_core.domain.datasets.dataset_record import DatasetRecord
from droptrain_core.domain.notices import notice
from droptrain_core.domain.notices.notice import Notice, Places
from droptrain_core.notifications import Notifications
from droptrain_core.promote import Promote

Answer = Literal["published", "muted", "nothing"]
ATTENTION = "attention"


class Notify:
    """Tells of runs that ended, and of datasets that wait for too long."""

    def __init__(
        self,
        table: RunTable,
        datasets: DatasetTable,
        promote: Promote,
        notifications: Notifications,
        places: Places,
        clock: Callable[[], datetime],
    ) -> None:
        self._table = table
        self._datasets = datasets
        self._promote = promote
        self._notifications = notifications
        self._places = places
        self._clock = clock

    def ended(self, run_id: str, project: str, image: Mapping[str, Any] | None = None) -> Answer:
        """Notifications of a run that has ended and isn't announced; "muted" if its recipe wants no notice.

        The project's model pointers move before, so that the notice can say so. `image` is the record as the
        stream tells of its end. Whoever can move latest by it is the first to do so, and needs no other look.
        Else the record is read afresh, so that an event that is delivered again finds the notice out already.
        """
        seen = remembered_models.at_end(image) if image else None
        moved = self._promote.first(*seen) if seen else None
        if seen and moved:
            run, remembered = seen
        else:
            found, remembered = self._table.to_notify(run_id, project)
            if found is None or not found.ended or found.notified_at:
                return "nothing"
            run, moved = found, self._promote.run(found, remembered)
        standings, held = moved
        wanted = run.status.lower() in run.notify
        answer = self._publish(notice.of_end(run, self._places, standings), wanted=wanted)
        news = {name: each for name, each in held.items() if remembered.get(name) != each}
        self._table.mark_notified(run, times.to_text(self._clock()), news)
        return answer

    def incomplete(self, waiting: DatasetRecord, notify: tuple[str, ...]) -> Answer:
        """Notify of what a dataset waits for; `notify` lists the notices that its recipe wants."""
        answer = self._publish(notice.of_incomplete(waiting, self._places), wanted=ATTENTION in notify)
        self._datasets.mark_notified(waiting, self._clock())
        return answer

    def _publish(self, told: Notice, *, wanted: bool) -> Answer:
        if wanted:
            self._notifications.publish(told)
            return "published"
        self._notifications.publish_event(told)
        return "muted"
