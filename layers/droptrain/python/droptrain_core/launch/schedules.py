"""Schedules: a project gets the one that its recipe names, and trains its newest data when its time comes."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from droptrain_core.aws.retrain_table import RetrainTable
from droptrain_core.aws.run_table import RunTable
from droptrain_core.aws.schedules import Schedules
from droptrain_core.aws.sweep_table import SweepTable
from droptrain_core.domain import times
from droptrain_core.domain.errors import BusyError, Cause, CrowdedError
from droptrain_core.domain.recipes import cron
from droptrain_core.domain.recipes.values import Retrain
from droptrain_core.domain.runs import identity
from droptrain_core.domain.runs import run as runs
from droptrain_core.domain.runs.claims import Claimed
from droptrain_core.domain.runs.launch_policy import LaunchPolicy
from droptrain_core.domain.runs.retraining import Outcome, Retraining, ScheduleClaim, schedule_message
from droptrain_core.domain.runs.run import Run
from droptrain_core.launch.answers import Launched
from droptrain_core.launch.begin import Begin
from droptrain_core.launch.commit import Commit
from droptrain_core.launch.decide import decide
from droptrain_core.launch.draft import Asked, Draft, Where, new_run
from droptrain_core.launch.gather import Gather
from droptrain_core.launch.snapshot import Found, HowToTrain, Snapshot

BY_SCHEDULE = "schedule"
# A push that comes while a schedule is being changed means: change it again.
_FOLLOW_TRIES = 3
# A one-time schedule has to be in the future.
_SOON = timedelta(minutes=1)
# How far back the newest data are looked for.
_PAGE_RUNS, _PAGES, _DATASETS = 20, 25, 5


class LaunchSchedules:
    """Follows recipes' schedules. BusyError and UnsureError mean: deliver the message again later."""

    def __init__(  # noqa: PLR0913  one parameter for each part that it calls
        self,
        gather: Gather,
        commit: Commit,
        table: RunTable,
        retrainings: RetrainTable,
        schedules: Schedules,
        where: Where,
        policy: LaunchPolicy,
        begin: Begin,
        sweeps: SweepTable,
        clock: Callable[[], datetime],
    ) -> None:
        self._gather = gather
        self._commit = commit
        self._table = table
        self._retrainings = retrainings
        self._schedules = schedules
        self._where = where
        self._policy = policy
        self._begin = begin
        self._sweeps = sweeps
        self._clock = clock

    def follow(self, project: str) -> None:
        """Give the project the schedule that its current recipe names, or none.

        The recipe is read again afterwards: of several processes, the last one to change the schedule sees
        the last recipe. A recipe that can't be read changes nothing.
        """
        self._policy.check_running()
        for _ in range(_FOLLOW_TRIES):
            wanted = self._wanted(project)
            if wanted is None or not self._change(project, wanted):
                return
            if self._wanted(project) == wanted:
                return
        raise BusyError(f"{project} is being pushed")

    def due(self, project: str, due_at: str) -> Launched:
        """Train the project's newest data, once for all times of its schedule that have come by now."""
        self._policy.check_running()
        known = self._retrainings.read(project)
        if known.covers(due_at):
            return self._repeat(known)
        how = self._gather.how(project)
        if how.recipe and not how.problem and how.recipe.retrain.schedule is None:
            self.follow(project)
            return Launched("ignored")
        now = self._clock()
        claim = ScheduleClaim(project, due_at, max(due_at, times.to_text(now)))
        return self._launch(how, Asked(BY_SCHEDULE, now, scheduled_at=due_at), claim)

    def _wanted(self, project: str) -> Retrain | None:
        how = self._gather.how(project)
        return how.recipe.retrain if how.recipe and not how.problem else None

    def _change(self, project: str, wanted: Retrain) -> bool:
        """Change the project's schedule and its cooldown; False if there was and is none.

        The table's item exists for as long as the schedule does, so no call is made for other projects.
        """
        known = self._retrainings.read(project)
        if wanted.schedule:
            self._retrainings.keep_schedule(project, wanted.schedule, wanted.timezone)
            expression = cron.parse(wanted.schedule).expression
            self._schedules.put(project, expression, wanted.timezone, schedule_message(project))
        elif known.schedule:
            self._schedules.remove(project)
            self._retrainings.forget_schedule(project)
        moved = self._move_cooldown(known, wanted)
        return moved or bool(wanted.schedule or known.schedule)

    def _move_cooldown(self, known: Retraining, wanted: Retrain) -> bool:
        """Let the present cooldown last as long as the recipe says; False if it does already."""
        if known.launched_at is None or known.cooldown_until is None:
            return False
        until = times.from_text(known.launched_at) + timedelta(seconds=wanted.cooldown_seconds or 0)
        if times.to_text(until) == known.cooldown_until:
            return False
        soonest = self._clock() + _SOON
        self._schedules.put_cooldown(known.project, times.to_text(max(until, soonest)))
        self._retrainings.move_cooldown(known, times.to_text(until))
        return True

    def _repeat(self, known: Retraining) -> Launched:
        """The time has its answer. If that is a claim, this message makes sure that its job is submitted."""
        launched = known.outcome == "launched" and known.run_id and self._commit.finish(known.run_id)
        return Launched("launched" if launched else "repeated", known.run_id)

    def _launch(self, how: HowToTrain, asked: Asked, claim: ScheduleClaim) -> Launched:
        newest: Run | None = None
        try:
            for newest in self._newest_of_datasets(claim.project):
                if how.recipe is None:
                    break
                found = self._gather.dataset(newest.project, newest.dataset, how, how.recipe)
                if found.readiness.ready:
                    return self._train(found, self._gather.snapshot(found), newest, asked, claim)
        except CrowdedError as error:
            if newest:
                return self._reject(newest, error.cause, asked, claim)
            raise
        if newest and how.problem and how.recipe is None:
            return self._reject(newest, how.problem.cause, asked, claim)
        return self._answer(claim, "nothing_to_train", None)

    def _newest_of_datasets(self, project: str) -> Iterator[Run]:
        """The newest run of each of the datasets that arrived last, newest first.

        Runs on request don't count: a person can train old data at any time.
        """
        seen: set[str] = set()
        position = None
        for _ in range(_PAGES):
            page = self._table.page(project=project, where={}, limit=_PAGE_RUNS, position=position)
            for run in page.runs:
                is_by_itself = run.launched_by in ("upload", BY_SCHEDULE)
                if not is_by_itself or run.status == "REJECTED" or run.dataset in seen:
                    continue
                seen.add(run.dataset)
                yield run
                if len(seen) == _DATASETS:
                    return
            position = page.position
            if position is None:
                return

    def _train(
        self, found: Found, snapshot: Snapshot, newest: Run, asked: Asked, claim: ScheduleClaim
    ) -> Launched:
        draft = decide(snapshot, asked, self._where)
        if found.recipe.retrain.only_if_new and self._is_known(draft.run, newest):
            return self._answer(claim, "unchanged", newest.run_id)
        return self._claimed(*self._begin.training(draft, found.recipe, None, claim))

    def _is_known(self, run: Run, newest: Run) -> bool:
        """Whether the newest run, or the sweep that it is a trial of, makes another one needless."""
        if _trained_with(run) != _trained_with(newest):
            return False
        sweep = self._sweeps.get(newest.sweep) if newest.sweep else None
        return (sweep or newest).status not in ("FAILED", "CANCELLED")

    def _reject(self, newest: Run, cause: Cause, asked: Asked, claim: ScheduleClaim) -> Launched:
        """Reject this time of the schedule: the newest data can't be listed, or the recipe can't be read."""
        run_id = identity.identify(
            newest.project, newest.dataset, (), {"rejected": cause.code}, 0, asked.scheduled_at
        )
        run = replace(new_run(run_id, newest.project, newest.dataset, asked), notify=newest.notify)
        draft = Draft(runs.rejected(run, cause), None)
        return self._claimed(*self._commit.claim(draft, None, retraining=claim))

    def _claimed(self, claimed: Claimed, run: Run) -> Launched:
        if claimed != "claimed":
            return Launched("repeated", run.run_id)
        return Launched("rejected" if run.ended else "launched", run.run_id)

    def _answer(self, claim: ScheduleClaim, outcome: Outcome, run_id: str | None) -> Launched:
        answered = self._retrainings.answer(claim, outcome, run_id)
        return Launched("ignored" if answered else "repeated", run_id)


def _trained_with(run: Run) -> object:
    return run.inputs_digest, run.recipe, run.code
