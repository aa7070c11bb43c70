"""The events for other programs, on EventBridge; docs/events/ has a JSON Schema of each detail.

`schema` grows when a field is removed or changes its meaning, but not for new fields.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, ClassVar, Literal

from droptrain_core.domain.frozen import frozen

SOURCE = "droptrain"
QueueKind = Literal["Spot", "on-demand", "CPU Spot", "CPU on-demand"]


@frozen
class EventCause:
    """The cause of an outcome or of a problem."""

    code: Annotated[str, "Stable; branch on this."]
    message: Annotated[str, "What happened, in plain words."]
    fix: Annotated[str, "What to do about it."]
    evidence: Annotated[list[str], "Lines that show it."]
    retry_helps: Annotated[bool | None, "Whether retrying unchanged can help; null if unknown."]


@frozen
class EventMetric:
    """The recipe's metric."""

    name: str
    goal: Literal["maximize", "minimize"] | None
    value: Annotated[float | None, "The run's value; null if its code wrote none."]


@frozen
class EventModel:
    """The change of one of the project's model pointers."""

    moved: Annotated[bool, "Whether the pointer names this run now."]
    other_run_id: Annotated[str | None, "The run that it named before, or still names."]
    other_value: Annotated[float | None, "That run's value of its metric."]


@frozen
class EventPromotion:
    """Whether the run's model became the project's current one."""

    promoted: Annotated[bool, "Whether it passed the gate. Model Promoted follows."]
    reasons: Annotated[list[str], "The conditions that it doesn't meet, in words."]
    current_run_id: Annotated[str | None, "The run of the current model; null if there is none."]


@frozen
class EventCost:
    """An estimate."""

    estimate_usd: float
    instance_type: str
    seconds: Annotated[int, "The duration of all attempts together."]
    basis: Annotated[str, "The prices that it is based on."]
    reclaimed_usd: Annotated[float, "The part of it for attempts that Spot reclaimed."]


@frozen
class EventEstimate:
    """The estimate of the run's cost at its launch."""

    expected_usd: Annotated[float | None, "null for a project's first run."]
    worst_usd: float


@frozen
class EventPlaces:
    """Where the run's results are, as S3 URIs."""

    run: str
    export: str
    model: str
    log: str


@frozen(kw_only=True)
class RunFinished:
    """A run has SUCCEEDED, FAILED or been CANCELLED."""

    detail_type: ClassVar[str] = "Run Finished"

    schema: Literal[1] = 1
    run_id: Annotated[str, "With `outcome`, it identifies the event, which can repeat."]
    project: str
    dataset: str
    outcome: Literal["SUCCEEDED", "FAILED", "CANCELLED"]
    cause: Annotated[EventCause | None, "null if it SUCCEEDED."]
    metric: Annotated[EventMetric | None, "null if the recipe names none."]
    metrics: Annotated[dict[str, float], "All metrics that the code wrote, the last value of each name."]
    latest: Annotated[EventModel | None, "models/PROJECT/latest.json; null if the run didn't succeed."]
    best: Annotated[EventModel | None, "models/PROJECT/best.json; null without the recipe's metric."]
    promotion: Annotated[EventPromotion | None, "null if the run didn't succeed."]
    created_at: Annotated[str, "UTC, like all times."]
    started_at: str | None
    stopped_at: str | None
    launched_by: str
    rerun_of: str | None
    batch_job_id: str | None
    attempts: int
    reclaims: Annotated[int, "Attempts that Spot reclaimed."]
    cost: EventCost | None
    estimate: EventEstimate | None
    warnings: list[str]
    inputs_digest: Annotated[str | None, "Over the keys and versions of all inputs."]
    places: EventPlaces


@frozen(kw_only=True)
class RunRejected:
    """A drop or a request that can't train, and for which no instance was started."""

    detail_type: ClassVar[str] = "Run Rejected"

    schema: Literal[1] = 1
    run_id: Annotated[str, "It identifies the event, which can repeat."]
    project: str
    dataset: str
    cause: EventCause
    created_at: str
    launched_by: str


@frozen
class EventTrials:
    """A sweep's trials by their outcome."""

    wanted: int
    succeeded: int
    failed: int
    cancelled: int
    stopped_early: Annotated[int, "Counted among the succeeded ones."]


@frozen
class EventTrial:
    """A trial of a sweep."""

    trial: Annotated[int, "From 1."]
    run_id: str
    value: float
    hyperparameters: dict[str, str | int | float | bool]


@frozen(kw_only=True)
class SweepFinished:
    """A sweep has SUCCEEDED, FAILED or been CANCELLED; its trials have no events of their own."""

    detail_type: ClassVar[str] = "Sweep Finished"

    schema: Literal[1] = 1
    sweep_id: Annotated[str, "With `outcome`, it identifies the event, which can repeat."]
    project: str
    dataset: str
    outcome: Literal["SUCCEEDED", "FAILED", "CANCELLED"]
    cause: Annotated[EventCause | None, "Why it ended before its last trial, or failed; else null."]
    method: Literal["grid", "random", "bayesian"]
    metric: str
    goal: Literal["maximize", "minimize"]
    trials: EventTrials
    best: Annotated[EventTrial | None, "null if no trial reported the metric."]
    latest_model: Annotated[EventModel | None, "models/latest.json; null if the sweep didn't succeed."]
    best_model: Annotated[EventModel | None, "models/best.json; null if the sweep didn't succeed."]
    created_at: Annotated[str, "UTC, like all times."]
    ended_at: str
    created_by: str
    cost_usd: Annotated[float, "The estimated cost of all trials."]
    reserved_usd: Annotated[float | None, "The most that it could cost; null if no price is known."]
    saved_usd: Annotated[float | None, "What stopping early saved, an estimate; null if nothing was stopped."]


@frozen(kw_only=True)
class RunNeedsAttention:
    """A dataset that lacks files, or a promoted run whose model is gone."""

    detail_type: ClassVar[str] = "Run Needs Attention"

    schema: Literal[1] = 1
    project: str
    dataset: str
    run_id: Annotated[str | None, "null for a dataset that has no run yet."]
    cause: EventCause
    since: str


@frozen(kw_only=True)
class QueueNeedsAttention:
    """Runs wait in a job queue of the stack, and no job starts there."""

    detail_type: ClassVar[str] = "Queue Needs Attention"

    schema: Literal[1] = 1
    queue: QueueKind
    cause: EventCause
    waiting_runs: Annotated[int, "Runs of the stack that wait for an instance."]
    run_id: Annotated[str, "The run for which AWS Batch gives the cause, or else the longest waiting run."]
    since: Annotated[str, "The time when the last run started there, or the first one began to wait."]


@frozen(kw_only=True)
class BudgetReached:
    """A part of the stack's monthly budget is spent, or has no room left."""

    detail_type: ClassVar[str] = "Budget"

    schema: Literal[1] = 1
    month: str
    level_percent: int
    cap_usd: float
    spent_usd: float
    reserved_usd: Annotated[float, "Reserved by active runs, at their worst case."]


@frozen(kw_only=True)
class ModelPromoted:
    """A run's model became the project's current one, and its files are in place."""

    detail_type: ClassVar[str] = "Model Promoted"

    schema: Literal[1] = 1
    project: str
    number: Annotated[int, "It counts the project's promotions; with `project`, it identifies the event."]
    run_id: str
    dataset: str
    export: Annotated[str, "The S3 URI of the folder with the model, which no lifecycle rule expires."]
    run: Annotated[str, "The S3 URI of the run's folder."]
    metric: Annotated[EventMetric | None, "null without a value of the recipe's metric."]
    metrics: dict[str, float]
    promoted_at: str
    promoted_by: Annotated[str, "gate, or the ARN of the person or program that requested it."]
    inputs_digest: Annotated[str | None, "Over the keys and versions of all inputs."]


@frozen(kw_only=True)
class ModelRolledBack(ModelPromoted):
    """A project went back to an earlier model, and its files are in place."""

    detail_type: ClassVar[str] = "Model Rolled Back"


Event = (
    RunFinished | RunRejected | SweepFinished | RunNeedsAttention | QueueNeedsAttention | BudgetReached
    | ModelPromoted | ModelRolledBack
)  # fmt: skip
EVENTS: tuple[type[Event], ...] = (
    RunFinished,
    RunRejected,
    SweepFinished,
    RunNeedsAttention,
    QueueNeedsAttention,
    BudgetReached,
    ModelPromoted,
    ModelRolledBack,
)


def to_detail(event: Event) -> Mapping[str, Any]:
    """The event's `detail`."""
    return asdict(event)
