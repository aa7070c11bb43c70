"""What the API takes and gives of sweeps, in the contract's words."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from droptrain_core.domain.costs.budget import RUNNING, to_usd
from models import (
    WHOLE,
    DatasetName,
    Given,
    HyperparameterName,
    HyperparameterText,
    Overrides,
    ProjectName,
    View,
)
from pydantic import Field, FiniteFloat, StringConstraints

if TYPE_CHECKING:
    from droptrain_core.domain.sweeps.sweep import Standing, Sweep
    from droptrain_core.domain.sweeps.trial import Trial
    from droptrain_core.query_sweeps import SweepDetails

Value = HyperparameterText | int | FiniteFloat | bool
SweepStatusName = Literal["RUNNING", "SUCCEEDED", "FAILED", "CANCELLED"]
TrialStatusName = Literal[
    "CLAIMED", "SUBMITTED", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "REJECTED"
]


class SweepRequest(Given):
    """POST /sweeps: a search over hyperparameters. What is left out comes from the recipe's `sweep`.

    Without a dataset, that of the project's newest run. A parameter's values are a list, or a text:
    `32,64,128`, or `low..high` with `:log`, `:int` or `:step=x` at its end.
    """

    project: ProjectName
    dataset: DatasetName | None = None
    space: (
        dict[HyperparameterName, Annotated[str, StringConstraints(max_length=2000)] | list[Value]] | None
    ) = Field(
        default=None,
        description="Each hyperparameter with its values or its range",
        json_schema_extra={"additionalProperties": False},
    )
    method: Literal["grid", "random", "bayesian"] | None = None
    trials: Annotated[int, Field(ge=1, le=500), WHOLE] | None = Field(
        default=None, description="The number of trials; default: 20, or all combinations of a grid"
    )
    parallel: Annotated[int, Field(ge=1, le=50), WHOLE] | None = Field(
        default=None, description="The most trials at the same time; default: 4"
    )
    early_stop: Literal["asha", "median", "none"] | None = Field(
        default=None, description="How to stop trials that are behind the others; default: none"
    )
    max_cost_usd: Annotated[float, Field(gt=0, le=1_000_000)] | None = Field(
        default=None, description="The most that all trials together may cost"
    )
    overrides: Overrides = Field(default_factory=Overrides)
    seed: Annotated[int, Field(ge=0, le=2**31 - 1), WHOLE] = Field(
        default=0, description="The same seed draws the same parameters; another seed makes another sweep"
    )
    force: bool = Field(
        default=False, description="Accept parameters and overrides that don't fit the recipe"
    )
    dry_run: bool = Field(
        default=False, description="Start nothing; answer with the sweep as it would be, and its estimate"
    )

    @property
    def given(self) -> dict[str, Any]:
        """The fields of the recipe's `sweep` that the request sets."""
        names = {"space", "method", "trials", "parallel", "early_stop", "max_cost_usd"}
        return self.model_dump(include=names, exclude_none=True)


class SweepMetricView(View):
    """The recipe's metric, by which trials are compared."""

    name: str
    goal: Literal["maximize", "minimize"]


class SweepEstimateView(View):
    """The estimated cost of all trials; null where a price or the project's history is unknown."""

    expected_usd: float | None
    max_usd: float | None


class SweepCountsView(View):
    """Trials by state; `stopped_early` are among the succeeded ones, and `left` haven't started."""

    running: int
    succeeded: int
    failed: int
    cancelled: int
    stopped_early: int
    left: int


class SweepBestView(View):
    """The trial with the best value of the metric so far."""

    trial: int
    run_id: str
    value: float
    hyperparameters: dict[str, Value]


class TrialView(View):
    """A trial: an ordinary run, GET /runs/{run_id}; `hyperparameters` are those that were drawn.

    `status` is null for a moment before the run is recorded, and after the run was deleted.
    """

    trial: int
    run_id: str
    status: TrialStatusName | None
    value: float | None
    hyperparameters: dict[str, Value]
    cost_usd: float | None
    stopped_early: bool
    started_at: str | None
    ended_at: str | None


class SweepSummaryView(View):
    """A sweep, without its trials."""

    sweep_id: str
    project: str
    dataset: str
    status: SweepStatusName
    reason: str | None = Field(description="Why it failed, or ended before its last trial")
    created_at: str
    ended_at: str | None
    created_by: str
    cancelled_by: str | None
    method: Literal["grid", "random", "bayesian"]
    trials: int
    parallel: int
    early_stop: Literal["asha", "median", "none"]
    space: dict[str, str]
    seed: int
    metric: SweepMetricView
    max_cost_usd: float | None
    estimate: SweepEstimateView
    reserved_usd: float = Field(description="What it holds of the month's budget; 0 after its end")
    cost_usd: float
    saved_usd: float | None = Field(description="What stopping early saved, an estimate")
    counts: SweepCountsView
    best: SweepBestView | None
    importance: dict[str, float] = Field(
        description="Each parameter's share of the differences between trials, 0 to 1; empty if few ended"
    )

    @classmethod
    def of(cls, sweep: "Sweep", standing: "Standing | None" = None) -> Self:
        """The view of a sweep; `standing` is what its trials have reached."""
        return cls.model_validate(_summary(sweep, standing))


class SweepView(SweepSummaryView):
    """A sweep and its trials, as GET /sweeps/{sweep_id} gives it."""

    runs: list[TrialView]

    @classmethod
    def of_details(cls, details: "SweepDetails") -> Self:
        """The view of a sweep with its trials."""
        runs = [_trial(each) for each in details.trials]
        return cls.model_validate({**_summary(details.sweep, details.standing), "runs": runs})


class SweepList(View):
    """A page of sweeps, newest first, and the cursor of the next page."""

    sweeps: list[SweepSummaryView]
    cursor: str | None


def _summary(sweep: "Sweep", standing: "Standing | None") -> dict[str, Any]:
    reached = asdict(standing or sweep.known_standing)
    money = [each.amount for each in sweep.reservations if each.account != RUNNING]
    names = set(SweepSummaryView.model_fields)
    return {
        **{name: getattr(sweep, name) for name in names & set(vars(sweep))},
        **{name: value for name, value in reached.items() if name in names},
        "reason": f"{sweep.stop.message} {sweep.stop.fix}" if sweep.stop else None,
        "metric": {"name": sweep.metric, "goal": sweep.goal},
        "estimate": {"expected_usd": sweep.expected_usd, "max_usd": sweep.limit_usd},
        "reserved_usd": 0.0 if sweep.notified_at else to_usd(max(money, default=0)),
    }


def _trial(trial: "Trial") -> dict[str, Any]:
    return {
        **{name: getattr(trial, name) for name in TrialView.model_fields if name != "trial"},
        "trial": trial.number,
    }
