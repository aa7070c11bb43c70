"""Notify: each end, and each problem that needs people, gives one notice; after a crash it may repeat."""

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
    """Sends notices of ended runs, and of datasets that have waited too long."""

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
        """Notify of an ended run without a notice; "muted" if its recipe wants none.

        The project's model pointers move first, so that the notice can name them. `image` is the record from
        the stream's event. If it is enough to move `latest`, no other process has notified yet. Otherwise the
        record is read again, so that a repeated event finds that the notice was sent.
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
        """Notify of the files that a dataset lacks; `notify` lists the notices that its recipe wants."""
        answer = self._publish(notice.of_incomplete(waiting, self._places), wanted=ATTENTION in notify)
        self._datasets.mark_notified(waiting, self._clock())
        return answer

    def _publish(self, notice: Notice, *, wanted: bool) -> Answer:
        if wanted:
            self._notifications.publish(notice)
            return "published"
        self._notifications.publish_event(notice)
        return "muted"
