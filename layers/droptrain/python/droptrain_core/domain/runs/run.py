"""A run: one training of one dataset, its identity, its life and its order of changes."""

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from typing import Literal

from droptrain_core.domain.costs.estimate import Estimate
from droptrain_core.domain.datasets.dataset import Input, ObjectVersion, digest
from droptrain_core.domain.datasets.finding import Finding
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.recipes.values import Gate, Scalar
from droptrain_core.domain.runs.container_times import ContainerTimes
from droptrain_core.domain.runs.preparation import JobRequest, JobStep, Preparation, Prepared
from droptrain_core.domain.runs.stopped_early import StoppedEarly
from droptrain_core.domain.runs.warm_start import WarmStart

Status = Literal[
    "CLAIMED", "SUBMITTED", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "REJECTED"
]
Goal = Literal["maximize", "minimize"]
TERMINAL: tuple[Status, ...] = ("SUCCEEDED", "FAILED", "CANCELLED", "REJECTED")
STATUSES: tuple[Status, ...] = ("CLAIMED", "SUBMITTED", "RUNNABLE", "STARTING", "RUNNING", *TERMINAL)

PINNED = "pinned/"  # below a run's folder

# A record is read and written with every change, so it names the first inputs only; `run.json` names all.
INPUTS_RECORDED = 100


@frozen
class Code:
    """The project's code at the launch: the number of files, and one digest over all their versions."""

    files: int
    digest: str


@frozen
class Attempt:
    """One try of a Batch job by AWS Batch."""

    started_at: str | None
    stopped_at: str | None
    exit_code: int | None
    reason: str | None
    log_stream: str | None


@frozen
class AttemptCost:
    """The estimated cost of one attempt; `batch_job` and `attempt` count from 1.

    `step` is the run's step that the Batch job is for. `lifecycle` is "spot", "on-demand" or similar, None if
    the container died before its report; `priced_as` is the price that was used, "spot" or "on-demand".
    """

    batch_job: int
    attempt: int
    instance_type: str
    zone: str | None
    lifecycle: str | None
    seconds: int
    usd_per_hour: float
    priced_as: str
    usd: float
    reclaimed: bool
    step: JobStep = "train"


@frozen
class Cost:
    """The estimated cost of all attempts with prices of `priced_at`; reclaimed attempts also separately.

    `instance_type` and `usd_per_hour` are the last attempt's; `seconds` and the sums are of all attempts.
    """

    estimate_usd: float
    instance_type: str
    usd_per_hour: float
    seconds: int
    basis: str
    priced_at: str
    reclaimed_usd: float = 0.0
    attempts: tuple[AttemptCost, ...] = ()


@frozen
class GpuUse:
    """How busy `count` GPUs were while the script ran for `seconds`; unknown figures are None.

    `waiting_seconds` passed before the first work.
    """

    count: int
    busy_percent: float | None
    peak_memory_gib: float | None
    waiting_seconds: float | None
    seconds: float | None


@frozen
class Reservation:
    """A run's part of the cap `limit` from its launch to its end: micro-USD, or 1 of the concurrent runs."""

    account: str
    amount: int
    limit: int


@frozen
class EarlierJob:
    """A Batch job of a run that a later one follows. One that has not ended is to be terminated."""

    job_id: str
    on_spot: bool
    has_ended: bool
    attempts: tuple[Attempt, ...] = ()
    step: JobStep = "train"


@frozen
class NextJob:
    """A run's Batch job after the first one, why there is one, and the jobs before it.

    `timeout_seconds` is the time of its step that they leave. `is_retry`: it, or one before it in its step,
    is another try after a failure.
    """

    timeout_seconds: int
    why: str
    on_spot: bool
    is_retry: bool
    earlier: tuple[EarlierJob, ...]
    step: JobStep = "train"

    @property
    def number(self) -> int:
        """The number of this Batch job of the run; the first one has 1."""
        return len(self.earlier) + 1

    @property
    def previous(self) -> EarlierJob:
        """The Batch job before this one."""
        return self.earlier[-1]

    @property
    def earlier_attempts(self) -> tuple[Attempt, ...]:
        """The attempts of all Batch jobs before this one."""
        return tuple(attempt for job in self.earlier for attempt in job.attempts)

    def before(self) -> "NextJob | None":
        """The Batch job before this one, as the run's job again; None if that is the first."""
        if len(self.earlier) == 1:
            return None
        previous = self.previous
        return replace(self, why="", on_spot=previous.on_spot, step=previous.step, earlier=self.earlier[:-1])


@frozen
class Step:
    """One entry of a run's history."""

    at: str
    status: str
    note: str = ""


# Only the core reads such a field of a run; all other fields are part of the API's answers.
INTERNAL = {"internal": True}


# What a run trains with: a repeat of the run keeps it.
KEPT_BY_A_REPEAT = (
    "inputs", "input_count", "inputs_digest", "warm_start", "recipe", "code", "job", "hyperparameters",
    "metric", "metric_goal", "gate", "notify",
)  # fmt: skip


@frozen(kw_only=True)
class Run:
    """A run from launch to outcome: the one list of its fields. Times are the contract's UTC texts.

    Storage, the API's answers, notices and the command use this list. Notices and the command show each field
    that has a `label`. `hyperparameters` are those of the training, including overrides.
    `inputs` are the first INPUTS_RECORDED of `input_count`. A run with a `preparation` trains on the data in
    `prepared`: its own result or an earlier run's. A claim that `waits_for` another run's result has no Batch
    job; that run is `awaited_by` it. A run that succeeded has its `headline`, which is the value of its
    metric, in the `ranking` of the project's runs with that metric. `name`, `note` and `tags` are what people
    wrote about it. A run of a `sweep` is its `trial` with this number, from 1.
    """

    run_id: str
    project: str
    dataset: str
    status: Status
    created_at: str
    updated_at: str
    claimed_at: str = field(metadata=INTERNAL)
    launched_by: str
    created_order: str = field(metadata=INTERNAL)
    job: JobRequest | None = field(default=None, metadata=INTERNAL)
    inputs: tuple[Input, ...] = ()
    input_count: int = 0
    recipe: ObjectVersion | None = None
    code: Code | None = None
    cause: Cause | None = None
    metric: str | None = None
    metric_goal: Goal | None = field(default=None, metadata=INTERNAL)
    gate: Gate | None = field(default=None, metadata=INTERNAL)
    inputs_digest: str | None = None
    notify: tuple[str, ...] = field(default=(), metadata=INTERNAL)
    batch_job_id: str | None = None
    cancelled_by: str | None = field(default=None, metadata={"label": "Cancelled by"})
    log_stream: str | None = None
    started_at: str | None = None
    stopped_at: str | None = None
    attempts: tuple[Attempt, ...] = ()
    hyperparameters: Mapping[str, Scalar] = field(default_factory=dict, metadata={"label": "Trained with"})
    metrics: Mapping[str, float] = field(default_factory=dict)
    estimate: Estimate | None = None
    cost: Cost | None = None
    gpu: GpuUse | None = None
    stopped_early: StoppedEarly | None = field(default=None, metadata={"label": "Stopped early"})
    warnings: tuple[Finding, ...] = ()
    advice: tuple[str, ...] = ()
    timing: ContainerTimes | None = field(default=None, metadata=INTERNAL)
    history: tuple[Step, ...] = ()
    progress: str = field(default="", metadata=INTERNAL)
    notified_at: str | None = field(default=None, metadata=INTERNAL)
    promoted_at: str | None = field(default=None, metadata={"label": "Promoted at"})
    not_promoted: tuple[str, ...] = field(default=(), metadata={"label": "Not promoted"})
    ranking: str | None = field(default=None, metadata=INTERNAL)
    headline: float | None = field(default=None, metadata=INTERNAL)
    reruns: int = field(default=0, metadata=INTERNAL)
    rerun_of: str | None = field(default=None, metadata={"label": "Trains again"})
    name: str | None = field(default=None, metadata={"label": "Name"})
    note: str | None = field(default=None, metadata={"label": "Note"})
    tags: tuple[str, ...] = field(default=(), metadata={"label": "Tags"})
    reservations: tuple[Reservation, ...] = field(default=(), metadata=INTERNAL)
    next_job: NextJob | None = field(default=None, metadata=INTERNAL)
    plan_sha256: str | None = field(default=None, metadata=INTERNAL)
    preparation: Preparation | None = field(default=None, metadata=INTERNAL)
    prepared: Prepared | None = None
    warm_start: WarmStart | None = None
    waits_for: str | None = field(default=None, metadata={"label": "Waits for the data of"})
    awaited_by: tuple[str, ...] = field(default=(), metadata=INTERNAL)
    sweep: str | None = field(default=None, metadata={"label": "Trial of"})
    trial: int | None = None

    @property
    def ended(self) -> bool:
        """Whether the run has its outcome."""
        return self.status in TERMINAL

    @property
    def job_number(self) -> int:
        """The number of the run's current or next Batch job."""
        return self.next_job.number if self.next_job else 1

    @property
    def job_name(self) -> str:
        """The name of that Batch job, which no other job has."""
        return f"{self.run_id}-{self.job_number}" if self.next_job else self.run_id

    @property
    def job_now(self) -> JobRequest | None:
        """That Batch job's request; a fallback's job isn't tried again."""
        job = self.request_of(self.step)
        if job is None or self.next_job is None:
            return job
        attempts = 1 if self.has_fallen_back else job.attempts
        return replace(job, attempts=attempts, timeout_seconds=self.next_job.timeout_seconds)

    @property
    def step(self) -> JobStep:
        """The step of the run's current or next Batch job."""
        return self.step_of(self.job_number)

    @property
    def is_preparing(self) -> bool:
        """Whether the run's data are still to be prepared, by itself or by another run."""
        return self.step == "prepare"

    @property
    def has_fallen_back(self) -> bool:
        """Whether the current step has left Spot for an on-demand instance."""
        earlier = self.next_job.earlier if self.next_job else ()
        was_on_spot = any(each.on_spot for each in earlier if each.step == self.step)
        return was_on_spot and not self.is_on_spot(self.job_number)

    def request_of(self, step: JobStep) -> JobRequest | None:
        """The request of a step's Batch jobs."""
        return self.preparation.job if self.preparation and step == "prepare" else self.job

    def step_of(self, job_number: int) -> JobStep:
        """The step of that Batch job of the run."""
        if self.next_job:
            steps = [*(each.step for each in self.next_job.earlier), self.next_job.step]
            return steps[min(job_number, len(steps)) - 1]
        prepares = self.preparation and (self.prepared is None or self.prepared.run_id == self.run_id)
        return "prepare" if prepares else "train"

    def is_on_spot(self, job_number: int) -> bool:
        """Whether that Batch job of the run is in the Spot queue."""
        if self.next_job is None:
            return self.job is not None and self.job.spot != "never"
        kinds = [*(each.on_spot for each in self.next_job.earlier), self.next_job.on_spot]
        return kinds[min(job_number, len(kinds)) - 1]

    @property
    def is_claim(self) -> bool:
        """Whether no Batch job has been recorded for it yet."""
        return self.status == "CLAIMED" and self.batch_job_id is None


def summarize_code(files: Iterable[ObjectVersion]) -> Code:
    """One digest over the versions of all code files."""
    parts = sorted(item.identity for item in files)
    return Code(len(parts), digest(*parts)[:16])


def to_record(run: Run) -> Run:
    """The run for its record: the first INPUTS_RECORDED inputs, one digest over all versions."""
    return replace(
        run,
        inputs=run.inputs[:INPUTS_RECORDED],
        input_count=len(run.inputs),
        inputs_digest=inputs_digest(run.inputs),
    )


def inputs_digest(inputs: Iterable[Input]) -> str | None:
    """One digest over keys and versions of all inputs; None without inputs."""
    parts = sorted(item.object.identity for item in inputs)
    return digest(*parts)[:16] if parts else None


def rejected(run: Run, cause: Cause) -> Run:
    """A run that is created with that outcome."""
    return replace(
        run, status="REJECTED", cause=cause, history=(Step(run.created_at, "REJECTED", cause.message),)
    )


def ranking_of(project: str, metric: str) -> str:
    """The ranking of a project's runs with this headline metric."""
    return f"{project}#{metric}"


def run_prefix(project: str, run_id: str) -> str:
    """The folder of a run's results in the bucket."""
    return f"runs/{project}/{run_id}/"


def step_prefix(project: str, run_id: str, step: JobStep) -> str:
    """The folder of the log, the metrics and the checkpoints of a run's step."""
    return run_prefix(project, run_id) + ("prepare/" if step == "prepare" else "")


def pinned_prefix(project: str, run_id: str) -> str:
    """The folder of the copies of inputs and code that a run pinned."""
    return run_prefix(project, run_id) + PINNED
