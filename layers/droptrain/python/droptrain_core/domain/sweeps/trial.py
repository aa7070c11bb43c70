"""A trial as its sweep sees it: a part of its run's record."""

from collections.abc import Iterable, Mapping

from droptrain_core.domain.costs.budget import charged_usd
from droptrain_core.domain.datasets.finding import LOSS_NOT_FINITE
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.recipes.values import Scalar
from droptrain_core.domain.runs.run import TERMINAL, Run, Status
from droptrain_core.domain.sweeps.sweep import Best, Counts, Standing, Sweep


@frozen
class Trial:
    """A trial; `hyperparameters` are those that were drawn, `value` is that of the metric.

    `status` is None for a trial that has its parameters but no run yet, or whose run was deleted; `is_gone`
    tells the two apart. `charged_usd` is what counts for the sweep's limit, and `cost_usd` is known. A trial
    `has_diverged` if its loss ended as NaN or infinity.
    """

    number: int
    run_id: str
    status: Status | None
    hyperparameters: Mapping[str, Scalar]
    value: float | None = None
    cost_usd: float | None = None
    charged_usd: float = 0.0
    cause: Cause | None = None
    stopped_early: bool = False
    has_diverged: bool = False
    is_cancelled: bool = False
    is_gone: bool = False
    started_at: str | None = None
    ended_at: str | None = None

    @property
    def ended(self) -> bool:
        """Whether the trial has its outcome."""
        return self.is_gone or self.status in TERMINAL


def trials_of(sweep: Sweep, runs: Iterable[Run]) -> tuple[Trial, ...]:
    """The sweep's trials by number, each with its run if it is among `runs`."""
    found = {run.run_id: run for run in runs}
    return tuple(
        trial_of(sweep, found[run_id]) if run_id in found else _without_run(sweep, number, run_id)
        for number, run_id in enumerate(sweep.run_ids, 1)
    )


def trial_of(sweep: Sweep, run: Run) -> Trial:
    """The trial that a run is."""
    assert run.trial is not None
    return Trial(
        number=run.trial,
        run_id=run.run_id,
        status=run.status,
        hyperparameters={name: run.hyperparameters[name] for name in sorted(sweep.space)},
        value=run.metrics.get(sweep.metric) if run.status == "SUCCEEDED" else None,
        cost_usd=run.cost.estimate_usd if run.cost else None,
        charged_usd=charged_usd(run, sweep.trial_usd or 0.0) if run.ended else sweep.trial_usd or 0.0,
        cause=run.cause,
        stopped_early=run.stopped_early is not None,
        has_diverged=any(each.rule == LOSS_NOT_FINITE for each in run.warnings),
        is_cancelled=run.cancelled_by is not None,
        started_at=run.started_at,
        ended_at=(run.stopped_at or run.updated_at) if run.ended else None,
    )


def standing_of(sweep: Sweep, trials: Iterable[Trial]) -> Standing:
    """What the trials have reached, without the parameters' importance."""
    known = tuple(trials)
    ended = [each for each in known if each.ended]
    by_status = [each.status for each in ended]
    counts = Counts(
        running=len(known) - len(ended),
        succeeded=by_status.count("SUCCEEDED"),
        failed=sum(status not in ("SUCCEEDED", "CANCELLED") for status in by_status),
        cancelled=by_status.count("CANCELLED"),
        stopped_early=sum(each.stopped_early for each in ended),
        left=sweep.trials - len(known),
    )
    return Standing(
        counts=counts,
        cost_usd=round(sum(each.cost_usd or 0.0 for each in known), 6),
        charged_usd=round(sum(each.charged_usd for each in known), 6),
        saved_usd=_saved_usd(ended),
        best=best_of(sweep, known),
    )


def best_of(sweep: Sweep, trials: Iterable[Trial]) -> Best | None:
    """The trial with the best value, the first of several; None if none has a value.

    A trial that was stopped early may have no model: it is the best only if no other trial has a value.
    """
    with_value = [each for each in trials if each.value is not None]
    with_value = [each for each in with_value if not each.stopped_early] or with_value
    sign = 1 if sweep.goal == "minimize" else -1
    found = min(with_value, key=lambda each: (sign * (each.value or 0.0), each.number), default=None)
    if found is None or found.value is None:
        return None
    return Best(found.number, found.run_id, found.value, found.hyperparameters)


def _saved_usd(ended: Iterable[Trial]) -> float | None:
    """What the trials that were stopped early would have cost more, had they cost as much as the others."""
    succeeded = [each for each in ended if each.status == "SUCCEEDED" and each.cost_usd is not None]
    whole = [each.cost_usd or 0.0 for each in succeeded if not each.stopped_early]
    stopped = [each.cost_usd or 0.0 for each in succeeded if each.stopped_early]
    if not whole or not stopped:
        return None
    return round(sum(max(sum(whole) / len(whole) - usd, 0.0) for usd in stopped), 6)


def last_drawn(sweep: Sweep) -> Trial:
    """The trial whose run isn't recorded yet."""
    return _without_run(sweep, sweep.launched, sweep.run_id(sweep.launched))


def _without_run(sweep: Sweep, number: int, run_id: str) -> Trial:
    """A trial whose run isn't recorded yet, or was deleted."""
    is_pending = number > sweep.recorded
    return Trial(
        number=number,
        run_id=run_id,
        status=None,
        hyperparameters=sweep.draw if is_pending else {},
        charged_usd=sweep.trial_usd or 0.0,
        is_gone=not is_pending,
    )
