"""Reconcile: finish everything that lost events left undone, in passes that reach every item."""

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from droptrain_core.aws.dataset_table import DatasetTable
from droptrain_core.aws.pass_position import PassPosition
from droptrain_core.domain.datasets.dataset_record import DatasetRecord
from droptrain_core.domain.errors import BusyError, UnsureError
from droptrain_core.launch.answers import Incomplete, Launched
from droptrain_core.notifications import Notifications
from droptrain_core.publish_model import PublishModel
from droptrain_core.settle_runs import QUIET, Seen, SettleRuns, Work
from droptrain_core.settle_sweeps import SettleSweeps
from droptrain_core.spending import NotifySpending
from droptrain_core.telemetry import logger

if TYPE_CHECKING:
    from droptrain_core.launch.uploads import LaunchUploads
    from droptrain_core.notify import Notify

# The minutes of an hour: passes are five minutes apart, so one of them each hour checks this.
COUNTS_SUBSCRIBERS_UNTIL = 5
INCOMPLETE = timedelta(hours=1)
# Sorts behind every key of an item.
_END = "~"
# The time for copies of one model in a pass; the next pass goes on.
_COPY_SECONDS = 60
_QUEUES = "queues"
_LACKING = "incomplete datasets"
# So many incomplete datasets of a pass have a message each, at once: a pass that dies has sent these. Further
# ones have one message together at its end, or every hundred.
_NOTIFIED_SINGLY = 3
_NOTIFIED_TOGETHER = 100

Section = Callable[[str, str], Iterator[tuple[str, Work | None]]]


@dataclass
class _Lacking:
    """Datasets that a pass found incomplete: the number with a message of their own, and the others."""

    singly: int = 0
    together: list[Incomplete] = field(default_factory=list)


class Reconcile:
    """Passes over the active runs and the datasets that wait.

    An item that takes all of a pass's time doesn't block the others: its place is recorded before it is
    handled, and the next pass begins behind it and handles it last.
    """

    def __init__(  # noqa: PLR0913  one parameter for each part of a pass
        self,
        runs: SettleRuns,
        sweeps: SettleSweeps,
        datasets: DatasetTable,
        launch: "Callable[[], LaunchUploads]",
        notify: "Callable[[], Notify]",
        publish: PublishModel,
        spending: NotifySpending,
        notifications: Notifications,
        position: PassPosition,
        clock: Callable[[], datetime],
    ) -> None:
        self._runs = runs
        self._sweeps = sweeps
        self._datasets = datasets
        self._launch = launch
        self._notify = notify
        self._publish = publish
        self._spending = spending
        self._notifications = notifications
        self._position = position
        self._clock = clock

    def all(self, seconds: float = math.inf) -> Counter[str]:
        """One pass: how many runs are active, and how many actions of each name were done.

        "failed" counts items with an error; the others are handled, and the next pass tries again.
        Nothing is begun after `seconds`: then "unfinished" is set, and the next pass continues from there.
        """
        began, seen, done = self._clock(), Seen(), Counter(active=0)
        lacking = _Lacking()
        self._look_at_spending(done)
        if began.minute < COUNTS_SUBSCRIBERS_UNTIL:
            self._count_subscribers(done)
        stopped_at = self._position.read()
        is_noted = bool(stopped_at)
        for place, work in self._items(stopped_at, seen, lacking):
            if work:
                if place == stopped_at:
                    self._do(_QUEUES, partial(self._runs.judge_queues, seen), done)
                    self._notify_of(lacking, done)
                self._position.write(place)
                is_noted = True
                self._do(place, work, done)
            if len(lacking.together) == _NOTIFIED_TOGETHER:
                self._notify_of(lacking, done)
            if (self._clock() - began).total_seconds() >= seconds:
                self._position.write(place)
                done["unfinished"] += 1
                break
        else:
            self._do(_QUEUES, partial(self._runs.judge_queues, seen), done)
            if is_noted:
                self._position.clear()
        self._notify_of(lacking, done)
        done["active"] = seen.active.total()
        if seen.failed:
            done["failed"] += seen.failed
        return done

    def _notify_of(self, lacking: _Lacking, done: Counter[str]) -> None:
        """Notify of the datasets that this pass has found incomplete so far."""
        if lacking.together:
            found, lacking.together = lacking.together, []
            self._do(_LACKING, lambda: ["notified"] * self._notify().incomplete(found), done)

    def _items(self, stopped_at: str, seen: Seen, lacking: _Lacking) -> Iterator[tuple[str, Work | None]]:
        """Every item once, by place, beginning after the one at which the last pass stopped."""
        sections: dict[str, Section] = {
            "runs": partial(self._runs.items, seen),
            "sweeps": self._sweeps.items,
            "datasets": partial(self._incomplete_datasets, lacking),
            "models": self._unpublished_models,
        }
        names = list(sections)
        first, _, key = stopped_at.partition(" ")
        if first not in sections:
            first, key = names[0], ""
        start = names.index(first)
        parts = [(name, "", _END) for name in names[start:] + names[:start]]
        if key:
            parts = [(first, key, _END), *parts[1:], (first, "", key)]
        for name, after, until in parts:
            for item, work in sections[name](after, until):
                yield f"{name} {item}", work

    def _do(self, place: str, work: Work, done: Counter[str]) -> None:
        try:
            done.update(work())
        except (BusyError, UnsureError) as error:
            logger.info("The next pass tries again: %s", error, item=place)
        except Exception:
            logger.exception("An item could not be reconciled", item=place)
            done["failed"] += 1

    def _incomplete_datasets(self, lacking: _Lacking, after: str, until: str) -> Iterator[tuple[str, Work]]:
        """Datasets that have waited for a file for an hour, between two places, each with its action.

        A dataset whose notice is out is checked again every hour, because its last event may be lost as well.
        """
        before = self._clock() - INCOMPLETE
        found = {
            f"{each.project}/{each.dataset}": partial(self._settle_dataset, each, lacking, notified=notified)
            for notified in (False, True)
            for each in self._datasets.waiting(before, notified=notified)
        }
        for place in sorted(found):
            if after < place <= until:
                yield place, found[place]

    def _unpublished_models(self, after: str, until: str) -> Iterator[tuple[str, Work]]:
        """Projects between two places whose current model isn't published yet, each with its action."""
        for project in self._publish.unpublished(self._clock() - QUIET):
            if after < project <= until:
                yield project, partial(self._publish_model, project)

    def _publish_model(self, project: str) -> Iterator[str]:
        names = {"published": "models_published", "missing": "notified"}
        if name := names.get(self._publish.go_on(project, _COPY_SECONDS)):
            yield name

    def _look_at_spending(self, done: Counter[str]) -> None:
        try:
            if published := self._spending.look():
                done["notified"] += published
        except Exception:
            logger.exception("The notice of the budget could not be sent")
            done["failed"] += 1

    def _count_subscribers(self, done: Counter[str]) -> None:
        """Record the number of subscribers, including zero."""
        try:
            done["subscribers"] = self._notifications.subscribers()
        except Exception:
            logger.exception("The subscribers of notices could not be counted")
            done["failed"] += 1

    def _settle_dataset(self, waiting: DatasetRecord, lacking: _Lacking, *, notified: bool) -> Iterator[str]:
        found = self._launch().revisit(waiting)
        if isinstance(found, Launched):
            if found.answer in ("launched", "rejected"):
                yield "finished"
        elif not found.record.present:
            self._datasets.forget(found.record)
        elif notified:
            self._datasets.mark_notified(found.record, self._clock())
        elif lacking.singly < _NOTIFIED_SINGLY:
            lacking.singly += 1
            yield from ["notified"] * self._notify().incomplete([found])
        else:
            lacking.together.append(found)
