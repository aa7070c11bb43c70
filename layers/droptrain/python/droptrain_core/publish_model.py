"""Publish model: copy the export of a project's current model, move `current.json`, and notify; in steps.

A reader never sees half a model: `current.json` moves when the copy is complete. Whatever a process leaves
undone is done by the next one. A model whose export is deleted before it is copied ends with a notice.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

from droptrain_core.aws.model_files import ModelFiles
from droptrain_core.aws.model_table import ModelTable
from droptrain_core.domain import times
from droptrain_core.domain.notices import of_model
from droptrain_core.domain.notices.notice import Places
from droptrain_core.domain.runs.promotion import Promotion, kept_after
from droptrain_core.notifications import Notifications
from droptrain_core.served_model import named_in_bucket

Published = Literal["published", "unfinished", "missing", "nothing"]


class PublishModel:
    """Makes the bucket follow the table."""

    def __init__(
        self,
        models: ModelTable,
        files: ModelFiles,
        notifications: Notifications,
        places: Places,
        clock: Callable[[], datetime],
    ) -> None:
        self._models = models
        self._files = files
        self._notifications = notifications
        self._places = places
        self._clock = clock

    def unpublished(self, before: datetime) -> list[str]:
        """The projects, by name, whose current model was promoted before that time and isn't published."""
        return sorted(self._models.unpublished(before))

    def go_on(self, project: str, seconds: float) -> Published:
        """Publish the project's current model; no copy of a file or a part is begun after so many seconds."""
        now = self._models.current(project)
        promotion = now.promotion
        if promotion is None or now.is_published or now.is_missing:
            return "nothing"
        if promotion.run_id not in now.kept:
            until = self._clock() + timedelta(seconds=seconds)
            copied = self._files.copy_export(project, promotion.run_id, lambda: self._clock() < until)
            if copied == "unfinished":
                return "unfinished"
            if copied == "missing":
                named = named_in_bucket(project, self._models, self._files)
                # The export was copied completely if `current.json` names this promotion or a later one.
                if named is None or named.number < promotion.number:
                    return self._end_as_missing(promotion, named)
        if not self._files.point(promotion, lambda: self._models.current(project).number == promotion.number):
            return "nothing"
        notice = of_model.of_promotion(promotion, self._places)
        # Of a promotion by the gate, people get the notice of the run's end, which says it.
        self._notifications.publish(notice, to_people=not promotion.is_by_gate)
        kept = kept_after(promotion, now.kept)
        # Listed before the mark: the copy of a model that is promoted after it isn't among them.
        copies = self._files.copies(project)
        if self._models.mark_published(promotion, kept):
            self._files.delete_copies(project, copies.difference(kept))
        return "published"

    def _end_as_missing(self, promotion: Promotion, named: Promotion | None) -> Published:
        """Notify people that the promotion has no files, and end its publication."""
        self._notifications.publish(of_model.of_missing(promotion, named, self._places))
        self._models.mark_missing(promotion, times.to_text(self._clock()))
        return "missing"
