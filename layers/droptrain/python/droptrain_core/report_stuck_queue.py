"""Report stuck queue: a job queue without progress gives one notice for the stack and cause."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from droptrain_core.aws.queue_watch import QueueWatch
from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain import times
from droptrain_core.domain.diagnosis.queue_progress import QueueView
from droptrain_core.domain.runs import batch_job
from droptrain_core.domain.runs.run import Status
from droptrain_core.notifications import Notifications

if TYPE_CHECKING:
    from droptrain_core.domain.notices.events import QueueKind

Answer = Literal["published", "nothing"]


class ReportStuckQueue:
    """Checks queues, for AWS Batch's events and for the reconciler's passes.

    `kinds` has the kind of instances of each queue, by the queue's name.
    """

    def __init__(
        self,
        table: RunTable,
        watch: QueueWatch,
        notifications: Notifications,
        kinds: "Mapping[str, QueueKind]",
        clock: Callable[[], datetime],
    ) -> None:
        self._table = table
        self._watch = watch
        self._notifications = notifications
        self._kinds = kinds
        self._clock = clock

    def event(self, detail: Mapping[str, Any]) -> Answer | Literal["foreign"]:
        """Check a queue whose head is blocked, as AWS Batch reports; "foreign" if the head isn't a run's job.

        "nothing" leaves the queue to the reconciler, which sees all of its runs. BusyError means: deliver the
        event again later.
        """
        job = batch_job.read(detail)
        if job is None or job.queue not in self._kinds:
            return "foreign"
        run = self._table.get(job.run_id)
        if run is None or run.status != "RUNNABLE" or run.batch_job_id != job.job_id:
            return "nothing"
        view = QueueView().with_job(job, run.updated_at)
        if view.stuck(None, self._clock()) is None:
            return "nothing"
        active = Counter(each.status for page in self._table.active() for each in page)
        is_busy = bool(active["STARTING"] + active["RUNNING"])
        return self.judge(job.queue, replace(view, is_busy=is_busy), active)

    def judge(self, queue: str, view: QueueView, active: Counter[Status]) -> Answer:
        """Publish why the queue makes no progress, once until it has moved and is stuck again.

        `active` has the number of the stack's active runs by status.
        """
        now = self._clock()
        if queue not in self._kinds or view.stuck(None, now) is None:
            return "nothing"
        stuck = view.stuck(self._watch.last_move(queue), now)
        if stuck is None or not self._watch.claim_notice(stuck.cause.code, stuck.moved_at, now):
            return "nothing"
        from droptrain_core.domain.notices import notice

        waiting = active["SUBMITTED"] + active["RUNNABLE"]
        self._notifications.publish(notice.of_stuck(stuck, self._kinds[queue], waiting))
        self._watch.mark_notified(stuck.cause.code, times.to_text(now))
        return "published"
