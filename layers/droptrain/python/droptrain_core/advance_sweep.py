"""Advance a sweep: launch trials while it has room, and end it when all have ended.

Everything here may happen twice or stop anywhere: each step is one conditional write, and the next call
continues.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Literal

from droptrain_core.aws.bucket import Bucket
from droptrain_core.aws.run_table import RunTable
from droptrain_core.aws.sweep_table import SweepTable
from droptrain_core.cancel import Cancel
from droptrain_core.domain import times
from droptrain_core.domain.errors import AlreadyFinishedError, BusyError, Cause, NotFoundError
from droptrain_core.domain.runs.launch_policy import LaunchPolicy
from droptrain_core.domain.sweeps import transitions
from droptrain_core.domain.sweeps.decide import Next, next_action
from droptrain_core.domain.sweeps.search import Search, parameters
from droptrain_core.domain.sweeps.sweep import Standing, Sweep
from droptrain_core.domain.sweeps.trial import Trial, last_drawn, standing_of, trial_of
from droptrain_core.launch.commit import Commit
from droptrain_core.launch.trial import trial_draft

# `nothing`: it has ended before. `waits`: for a trial's end. `needs_search`: for a caller with a search.
Advanced = Literal["nothing", "waits", "needs_search", "paused", "ended"]
# More than any sweep takes in one call: two for each trial that starts, and those that end it.
_MOST_ACTIONS = 200


class AdvanceSweep:
    """Takes a sweep's next steps, until it waits for a trial or has ended."""

    def __init__(
        self,
        sweeps: SweepTable,
        table: RunTable,
        bucket: Bucket,
        commit: Commit,
        cancel: Cancel,
        policy: LaunchPolicy,
        clock: Callable[[], datetime],
    ) -> None:
        self._sweeps = sweeps
        self._table = table
        self._bucket = bucket
        self._commit = commit
        self._cancel = cancel
        self._policy = policy
        self._clock = clock

    def sweep(self, sweep_id: str, search: Search | None = None) -> Advanced:
        """Advance the sweep. Without a `search` nothing is drawn, except for a grid.

        BusyError, UnsureError and DeniedError mean: call it again later.
        """
        for _ in range(_MOST_ACTIONS):
            sweep = self._sweeps.get(sweep_id)
            if sweep is None or sweep.ended:
                return "nothing"
            advanced = self._advance(sweep, self._sweeps.trials(sweep), search)
            if advanced:
                return advanced
        raise BusyError(f"{sweep_id} is being advanced by other processes")

    def _advance(self, sweep: Sweep, trials: tuple[Trial, ...], search: Search | None) -> Advanced | None:
        """Take steps while nobody else takes any; None if somebody did, or a stop has to be read again."""
        while True:
            step = next_action(sweep, trials)
            match step.action:
                case "wait":
                    self._note(sweep, trials, search)
                    return "waits"
                case "end":
                    return self._end(sweep, trials, search, step)
                case "draw" | "launch" if self._policy.paused:
                    return "paused"
                case "draw":
                    if search is None and sweep.method != "grid":
                        return "needs_search"
                    drawn = self._draw(sweep, trials, search)
                    if drawn is None:
                        return None
                    sweep, trials = drawn
                case "launch":
                    launched = self._launch(sweep)
                    if launched is None:
                        return None
                    sweep, trial = launched
                    trials = (*trials[: trial.number - 1], trial)
                case _:
                    self._stop(sweep, step)
                    return None

    def _draw(
        self, sweep: Sweep, trials: Sequence[Trial], search: Search | None
    ) -> tuple[Sweep, tuple[Trial, ...]] | None:
        """Give the next trial its parameters."""
        drawn = parameters(sweep, trials, search)
        written = self._sweeps.write(transitions.drawn(sweep, drawn, self._text()))
        if written is None:
            return None
        return written, (*trials, last_drawn(written))

    def _launch(self, sweep: Sweep) -> tuple[Sweep, Trial] | None:
        """Claim and submit the run of the trial that was drawn last; None if another process did."""
        plan = self._bucket.plan(sweep.project, sweep.sweep_id)
        if plan is None or plan.sha256 != sweep.template.plan_sha256:
            self._sweeps.write(transitions.stopped(sweep, _changed_plan(sweep), self._text()))
            return None
        summary = self._table.summary(sweep.sweep_id)
        draft = trial_draft(sweep, plan.document, summary, self._clock())
        holder_id = self._commit.holder_of(draft.run)
        claimed, run = self._commit.claim(replace(draft, holder_id=holder_id), None)
        if claimed != "claimed":
            return None
        run = self._commit.submit.or_leave(run)
        return replace(sweep, recorded=sweep.launched), trial_of(sweep, run)

    def _stop(self, sweep: Sweep, step: Next) -> None:
        """Start no more trials, and end those that run."""
        at = self._text()
        match step.action:
            case "stop":
                assert step.cause is not None
                self._sweeps.write(transitions.stopped(sweep, step.cause, at))
            case "withdraw":
                self._sweeps.write(transitions.withdrawn(sweep, at))
            case "cancel":
                for trial in step.trials:
                    self._end_trial(trial, sweep.cancelled_by or f"its sweep {sweep.sweep_id}")

    def _end_trial(self, trial: Trial, by: str) -> None:
        try:
            self._cancel.run(trial.run_id, by)
        except (AlreadyFinishedError, NotFoundError):
            return

    def _end(
        self, sweep: Sweep, trials: Sequence[Trial], search: Search | None, step: Next
    ) -> Advanced | None:
        assert step.status is not None
        standing = self._standing(sweep, trials, search)
        ended = transitions.ended(sweep, step.status, standing, step.cause, self._text())
        return "ended" if self._sweeps.write(ended) else None

    def _note(self, sweep: Sweep, trials: Sequence[Trial], search: Search | None) -> None:
        """Record what the trials have reached, for lists of sweeps."""
        standing = self._standing(sweep, trials, search)
        if standing != sweep.standing or sweep.woken_at:
            self._sweeps.write(transitions.seen(sweep, standing, self._text()))

    def _standing(self, sweep: Sweep, trials: Sequence[Trial], search: Search | None) -> Standing:
        before = sweep.standing.importance if sweep.standing else {}
        importance = search.importance(sweep, trials) if search else before
        return replace(standing_of(sweep, trials), importance=importance)

    def _text(self) -> str:
        return times.to_text(self._clock())


def _changed_plan(sweep: Sweep) -> Cause:
    return Cause(
        "changed_plan",
        f"The plan of {sweep.sweep_id} in the bucket has been changed or deleted since the sweep's start.",
        "Start the sweep again.",
    )
