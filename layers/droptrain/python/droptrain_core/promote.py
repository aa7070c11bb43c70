"""Promote: a run's model becomes its project's current one, by the gate of its recipe or by request."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from droptrain_core.aws.model_files import ModelFiles
from droptrain_core.aws.model_table import ModelTable
from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain import times
from droptrain_core.domain.errors import (
    BusyError,
    ModelChangedError,
    NoEarlierModelError,
    NoModelError,
    NotFoundError,
    existing,
)
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs import gate, transitions
from droptrain_core.domain.runs.promotion import GATE, CurrentModel, Promotion, promotion_of, rollback_to
from droptrain_core.domain.runs.run import Run
from droptrain_core.served_model import served_model

_TRIES = 20


@frozen
class Judged:
    """A run with the gate's answer, the model that it was compared with, and the current model after that."""

    run: Run
    before: CurrentModel
    now: CurrentModel


class Promote:
    """Changes the current models in the table, which decides; `publish_model` makes the bucket follow."""

    def __init__(
        self, table: RunTable, models: ModelTable, files: ModelFiles, clock: Callable[[], datetime]
    ) -> None:
        self._table = table
        self._models = models
        self._files = files
        self._clock = clock

    def by_gate(self, run: Run, seen: CurrentModel | None = None) -> Judged:
        """Make the model of a run that succeeded current, if its gate lets it pass; once for each run.

        `seen` is the current model as it was read before. A run is compared with the model that programs can
        load; after a race, with the winner. BusyError if other processes are faster each time.
        """
        now = seen or self._models.current(run.project)
        for _ in range(_TRIES):
            if run.promoted_at:
                return Judged(run, now, now)
            served = served_model(now, self._models, self._files)
            before = CurrentModel(served)
            reasons = gate.judge(run, served).reasons
            if not reasons and not self._files.has_export(run.project, run.run_id):
                reasons = (gate.NO_EXPORT,)
            if reasons:
                return Judged(replace(run, not_promoted=reasons), before, now)
            promotion = promotion_of(run, now.number, served, times.to_text(self._clock()), GATE)
            transition = transitions.promoted(run.run_id, promotion.at, by_gate=True)
            answer = self._models.promote(promotion, now, transition)
            if answer == "promoted":
                return Judged(replace(run, promoted_at=promotion.at), before, CurrentModel(promotion))
            if answer == "run_changed":
                run = self._table.get(run.run_id) or run
            now = self._models.current(run.project)
        raise BusyError(
            f"The current model of {run.project} is being changed by other processes all the time"
        )

    def by_request(self, run_id: str, caller: str) -> CurrentModel:
        """Make the run's model current, whatever its gate says; a repeat changes nothing.

        The current model is promoted again if its export was missing and is there now.
        NotFoundError, NoModelError, ModelChangedError.
        """
        run = existing(self._table.get(run_id), "run", run_id)
        if run.status != "SUCCEEDED":
            raise NoModelError(f"{run_id} is {run.status}; only a run that SUCCEEDED can be promoted")
        now = self._models.current(run.project)
        if now.promotion and now.promotion.run_id == run_id and not now.is_missing:
            return now
        self._check_files(now, run.project, run_id)
        served = served_model(now, self._models, self._files)
        promotion = promotion_of(run, now.number, served, times.to_text(self._clock()), caller)
        return self._write(promotion, now, transitions.promoted(run_id, promotion.at, by_gate=False))

    def rollback(self, project: str, caller: str, leaving: str | None = None) -> CurrentModel:
        """Make the model before the current one current again.

        With `leaving`, only if that run's model is current. NotFoundError if the project never had a model,
        NoEarlierModelError, NoModelError if its files are gone, ModelChangedError.
        """
        now = self._models.current(project)
        if now.promotion is None:
            raise NotFoundError(f"{project} has no current model")
        if leaving and now.promotion.run_id != leaving:
            raise ModelChangedError(_what_is(now.promotion, f"{leaving} isn't the current model"))
        if now.promotion.back_to is None:
            raise NoEarlierModelError(f"{project} has had no model before {now.promotion.run_id}")
        number = now.promotion.back_to
        (earlier,) = self._models.promotions(project, range(number, number + 1))
        self._check_files(now, project, earlier.run_id)
        return self._write(rollback_to(earlier, now, times.to_text(self._clock()), caller), now, None)

    def _check_files(self, now: CurrentModel, project: str, run_id: str) -> None:
        if run_id not in now.kept and not self._files.has_export(project, run_id):
            raise NoModelError(f"{run_id} has no files in export/, so it has no model to promote")

    def _write(
        self, promotion: Promotion, now: CurrentModel, run: transitions.Transition | None
    ) -> CurrentModel:
        if self._models.promote(promotion, now, run) != "promoted":
            winner = self._models.current(promotion.project).promotion
            raise ModelChangedError(_what_is(winner, f"{promotion.run_id} was not promoted"))
        return CurrentModel(promotion, is_published=False, kept=now.kept)


def _what_is(now: Promotion | None, problem: str) -> str:
    is_now = f"the current model is that of {now.run_id}, since {now.at}, by {now.by}" if now else "none is"
    return f"{problem}: {is_now}"
