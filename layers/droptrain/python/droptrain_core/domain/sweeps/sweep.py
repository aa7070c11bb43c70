"""A sweep: one search over hyperparameters, its trials, and what is known of them."""

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Literal

from droptrain_core.domain.errors import Cause
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.recipes.values import EarlyStop, Method, Scalar
from droptrain_core.domain.runs.identity import identify_trial
from droptrain_core.domain.runs.run import INTERNAL, Goal, Reservation, Run

SweepStatus = Literal["RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"]


@frozen
class Best:
    """The trial with the best value of the metric so far."""

    trial: int
    run_id: str
    value: float
    hyperparameters: Mapping[str, Scalar]


@frozen
class Counts:
    """Trials by their state; those that were stopped early are among the succeeded ones."""

    running: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
    stopped_early: int = 0
    left: int = 0


@frozen
class Standing:
    """What a sweep's trials have reached: their counts, their cost, the best one.

    `charged_usd` also counts what a trial whose cost is unknown may have cost. `saved_usd` estimates what
    stopping early saved. `importance` has each hyperparameter's share of the differences between the trials.
    """

    counts: Counts
    cost_usd: float = 0.0
    charged_usd: float = 0.0
    saved_usd: float | None = None
    best: Best | None = None
    importance: Mapping[str, float] = field(default_factory=dict)

    @property
    def ended(self) -> int:
        """The number of trials that have ended."""
        return self.counts.succeeded + self.counts.failed + self.counts.cancelled


@frozen(kw_only=True)
class Sweep:
    """A sweep from its start to its end: the one list of its fields. Times are the contract's UTC texts.

    Every trial is a copy of `template`, which has the versions, settings and price of the sweep's start, with
    the parameters that were drawn. `limit_usd` is the most that all trials together may cost, `trial_usd` the
    most that one may; None where no price is known. `launched` trials have their parameters, and `recorded`
    of them their run; the parameters of the last one are in `draw`. A sweep with a `stop` starts no more
    trials. A sweep that was `woken_at` some time is to be looked at.
    """

    sweep_id: str
    project: str
    dataset: str
    status: SweepStatus
    created_at: str
    updated_at: str
    created_order: str = field(metadata=INTERNAL)
    created_by: str
    method: Method
    trials: int
    parallel: int
    early_stop: EarlyStop
    space: Mapping[str, str]
    seed: int
    metric: str
    goal: Goal
    template: Run = field(metadata=INTERNAL)
    max_cost_usd: float | None = None
    expected_usd: float | None = None
    limit_usd: float | None = None
    trial_usd: float | None = None
    reservations: tuple[Reservation, ...] = field(default=(), metadata=INTERNAL)
    launched: int = field(default=0, metadata=INTERNAL)
    recorded: int = field(default=0, metadata=INTERNAL)
    draw: Mapping[str, Scalar] = field(default_factory=dict, metadata=INTERNAL)
    stop: Cause | None = field(default=None, metadata=INTERNAL)
    cancelled_by: str | None = None
    standing: Standing | None = field(default=None, metadata=INTERNAL)
    seen: int = field(default=0, metadata=INTERNAL)
    ended_at: str | None = None
    notified_at: str | None = field(default=None, metadata=INTERNAL)
    woken_at: str | None = field(default=None, metadata=INTERNAL)

    @property
    def ended(self) -> bool:
        """Whether the sweep has its outcome."""
        return self.status != "RUNNING"

    @property
    def is_stopping(self) -> bool:
        """Whether no more trials start."""
        return self.stop is not None or self.cancelled_by is not None

    @property
    def known_standing(self) -> Standing:
        """What its trials had reached when it was looked at last."""
        return self.standing or Standing(Counts(left=self.trials))

    @property
    def is_launching(self) -> bool:
        """Whether the last trial has its parameters, but no recorded run yet."""
        return self.launched > self.recorded

    def run_id(self, number: int) -> str:
        """The id of the trial's run."""
        return identify_trial(self.project, self.dataset, self.sweep_id, number)

    @property
    def first_run(self) -> Run:
        """The run that stands for the sweep's drop: that of the first trial."""
        return replace(self.template, run_id=self.run_id(1))

    @property
    def run_ids(self) -> tuple[str, ...]:
        """The ids of the runs of all trials that have their parameters, in order."""
        return tuple(self.run_id(number) for number in range(1, self.launched + 1))


def sweep_prefix(project: str, sweep_id: str) -> str:
    """The folder of what a sweep's trials tell one another."""
    return f"sweeps/{project}/{sweep_id}/"
