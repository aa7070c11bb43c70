"""A recipe's values; the defaults are those of an absent recipe."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Literal

from droptrain_core.domain.datasets.dataset import Trigger, is_pattern
from droptrain_core.domain.frozen import frozen

Scalar = str | int | float | bool
Spot = Literal["auto", "only", "never"]
Comparison = Literal[">=", ">", "<=", "<"]
When = Literal["better", "always", "manual"]
Method = Literal["grid", "random", "bayesian"]
EarlyStop = Literal["asha", "median", "none"]
METHODS: tuple[Method, ...] = ("grid", "random", "bayesian")
EARLY_STOPS: tuple[EarlyStop, ...] = ("asha", "median", "none")
EVENTS = ("failed", "succeeded", "rejected", "cancelled", "attention")


@frozen
class Secret:
    """A secret of AWS Secrets Manager by its `arn`; only the container reads its value."""

    arn: str


@frozen
class Resources:
    """The resources of one Batch job; memory in GiB."""

    gpus: int = 1
    vcpus: int = 4
    memory_gib: int = 14
    nodes: int = 1


@frozen
class Prepare:
    """The step that prepares the data on a CPU instance before the training.

    `code` names the code files that it gets, as globs; all of them if it is empty. `inputs_in_training` is
    whether the training gets the original inputs beside the prepared data.
    """

    entrypoint: str
    args: tuple[str, ...] = ()
    code: tuple[str, ...] = ()
    resources: Resources = field(default_factory=lambda: Resources(gpus=0))
    timeout_seconds: int = 3600
    inputs_in_training: bool = False


@frozen
class Metric:
    """The headline metric and its goal."""

    name: str
    goal: Literal["maximize", "minimize"] = "maximize"


@frozen
class MetricDefinition:
    """A metric's name and the regex whose first group is its value in a line of the log."""

    name: str
    regex: str


@frozen
class Requirement:
    """A comparison that a run's metric has to meet."""

    metric: str
    comparison: Comparison
    value: float


@frozen
class Gate:
    """When a run's model becomes the project's current one.

    Without `when`, a run with a headline metric has to be better than the current model, and any other run
    passes. With `better`, a run may be worse by less than `tolerance`.
    """

    when: When | None = None
    require: tuple[Requirement, ...] = ()
    tolerance: float = 0.0


@frozen
class Checkpoints:
    """The interval of saving checkpoints, in seconds, and the number of generations to keep."""

    interval_seconds: int = 30
    keep: int = 3


@frozen
class SweepSettings:
    """How a sweep searches; `space` has each hyperparameter's values as a text (space.py).

    Without `trials` a grid has all its combinations, and another method 20. `max_cost_usd` is for all trials.
    """

    space: Mapping[str, str]
    method: Method = "bayesian"
    trials: int | None = None
    parallel: int = 4
    early_stop: EarlyStop = "none"
    max_cost_usd: float | None = None


@frozen
class Retrain:
    """When a project trains: drops launch at most one run in the cooldown, times of `schedule` one each.

    `schedule` is a cron expression in `timezone`; with `only_if_new`, not on data, recipe and code that the
    project has trained with already.
    """

    cooldown_seconds: int | None = None
    schedule: str | None = None
    timezone: str = "UTC"
    only_if_new: bool = False


@frozen
class Recipe:
    """The settings of a project's training. The defaults are those of an absent recipe.

    `inputs` are files and patterns in a dataset's folder. Of the channels that `spans` names, a run has those
    of the newest `span` datasets, None for all.
    """

    entrypoint: str | None = None
    args: tuple[str, ...] = ()
    hyperparameters: Mapping[str, Scalar] = field(default_factory=dict)
    environment: Mapping[str, str | Secret | None] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(
        default_factory=lambda: {"training": "train.csv", "testing": "test.csv"}
    )
    trigger: Trigger = "files"
    quiet_seconds: int | None = None
    warm_start: str | None = None
    span: int | None = 1
    spans: tuple[str, ...] = ()
    retrain: Retrain = field(default_factory=Retrain)
    resources: Resources = field(default_factory=Resources)
    prepare: Prepare | None = None
    spot: Spot = "auto"
    attempts: int = 3
    timeout_seconds: int = 4 * 3600
    max_cost_usd: float | None = None
    metric: Metric | None = None
    metric_definitions: tuple[MetricDefinition, ...] = ()
    csv: Mapping[str, Any] = field(default_factory=dict)
    promote: Gate | None = None
    notify: tuple[str, ...] = EVENTS
    checkpoints: Checkpoints = field(default_factory=Checkpoints)
    sweep: SweepSettings | None = None

    @property
    def has_patterns(self) -> bool:
        """Whether an input is a pattern, which any number of files can match."""
        return any(map(is_pattern, self.inputs.values()))


def file_of(entrypoint: str) -> str:
    """The code file that an entrypoint names: a path, or a module such as trainer.task."""
    return entrypoint if entrypoint.endswith((".sh", ".py")) else entrypoint.replace(".", "/") + ".py"
