"""What the API takes and gives, in the contract's words."""

from dataclasses import asdict, fields
from functools import reduce
from operator import or_
from types import UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, get_args, get_origin, get_type_hints

from droptrain_core.domain.costs.budget import to_usd
from droptrain_core.domain.datasets.dataset import Input, ObjectVersion
from droptrain_core.domain.runs.batch_job import count_preparing
from droptrain_core.domain.runs.preparation import JobStep
from droptrain_core.domain.runs.run import Attempt, Run, run_prefix, step_prefix
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    StringConstraints,
    create_model,
    model_validator,
)
from pydantic.config import JsonDict

if TYPE_CHECKING:
    from droptrain_core.domain.costs.budget import Capped, Month
    from droptrain_core.domain.datasets.dataset_record import DatasetRecord
    from droptrain_core.query import Project
    from droptrain_core.read_costs import CostListing

PROJECT_PATTERN = r"^[a-z0-9][a-z0-9-]{0,39}$"
DATASET_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,39}$"
ProjectName = Annotated[str, StringConstraints(pattern=PROJECT_PATTERN)]
DatasetName = Annotated[str, StringConstraints(pattern=DATASET_PATTERN)]
# 2.0 is a whole number too, as JSON Schema sees it.
WHOLE = BeforeValidator(
    lambda value: int(value) if isinstance(value, float) and value.is_integer() else value
)
HyperparameterName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,99}$")]
HyperparameterText = Annotated[str, StringConstraints(max_length=1000)]
Tag = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:=/-]{0,39}$")]
ONE_LINE = r"^[^\x00-\x1f\x7f]*$"
RUN_ID_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,99}$"


class Given(BaseModel):
    """What a caller sends: unknown fields are errors, and nothing is converted."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)


class View(BaseModel):
    """What the API gives; validators are built when the first answer needs them."""

    model_config = ConfigDict(defer_build=True, json_schema_serialization_defaults_required=True)


class Resources(Given):
    """What a Batch job gets."""

    gpus: Annotated[int, Field(ge=0, le=16), WHOLE] | None = None
    vcpus: Annotated[int, Field(ge=1, le=192), WHOLE] | None = None
    memory_gib: Annotated[int, Field(ge=1, le=2048), WHOLE] | None = None


class Overrides(Given):
    """Fields of the recipe for this run alone, laid over the recipe's own."""

    hyperparameters: dict[HyperparameterName, HyperparameterText | int | FiniteFloat | bool] = Field(
        default_factory=dict, max_length=200, json_schema_extra={"additionalProperties": False}
    )
    resources: Resources = Field(default_factory=Resources)


# What `_names_one_thing` checks, in JSON Schema's words.
_NOT_AGAIN: JsonDict = {"from_run": {"type": "null"}, "settings": False, "versions": False}
_A_DATASET: JsonDict = {
    "required": ["project", "dataset"],
    "properties": {"project": {"type": "string"}, "dataset": {"type": "string"}, **_NOT_AGAIN},
}
_A_PROJECT: JsonDict = {
    "required": ["project", "dry_run"],
    "properties": {
        "project": {"type": "string"},
        "dataset": {"type": "null"},
        "dry_run": {"const": True},
        **_NOT_AGAIN,
    },
}
_A_RUN: JsonDict = {
    "required": ["from_run"],
    "properties": {"from_run": {"type": "string"}, "versions": {"const": "newest"}},
    "propertyNames": {
        "enum": ["from_run", "settings", "versions", "overrides", "force", "dry_run", "prepare_again"]
    },
}
_A_PINNED_RUN: JsonDict = {
    "required": ["from_run", "versions"],
    "properties": {
        "from_run": {"type": "string"},
        "settings": {"const": "run"},
        "versions": {"const": "pinned"},
    },
    "propertyNames": {"enum": ["from_run", "settings", "versions", "dry_run", "prepare_again"]},
}
_AGAIN = {"from_run", "settings", "versions", "dry_run", "prepare_again"}


class LaunchRequest(Given):
    """POST /runs: a dataset of a project, or the run to train again. A dry run needs no dataset."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [_A_DATASET, _A_PROJECT, _A_RUN, _A_PINNED_RUN]})

    project: ProjectName | None = None
    dataset: DatasetName | None = None
    rerun: bool = Field(default=False, description="Train exactly the same again, as a new run")
    overrides: Overrides = Field(
        default_factory=Overrides, description="Hyperparameters and resources in place of the recipe's"
    )
    force: bool = Field(default=False, description="Accept overrides that don't fit the recipe")
    prepare_again: bool = Field(
        default=False, description="Prepare the data again, even if prepared data exist"
    )
    from_run: Annotated[str, StringConstraints(pattern=RUN_ID_PATTERN)] | None = Field(
        default=None, description="Train again what this run trained, in place of project and dataset"
    )
    settings: Literal["run", "recipe"] = Field(
        default="run", description="With from_run: whose settings to use"
    )
    versions: Literal["newest", "pinned"] = Field(
        default="newest",
        description="With from_run: the newest data, code and recipe, or those that the run had",
    )
    dry_run: bool = Field(
        default=False, description="Launch nothing; answer with the run as it would be, and its estimate"
    )

    @model_validator(mode="after")
    def _names_one_thing(self) -> Self:
        given = self.model_fields_set
        if not self.from_run:
            if not (self.project and (self.dataset or self.dry_run)):
                raise ValueError("project and dataset are needed, or from_run; dry_run needs no dataset")
            if given & {"settings", "versions"}:
                raise ValueError("settings and versions go with from_run")
        elif given & {"project", "dataset", "rerun"}:
            raise ValueError("from_run goes without project, dataset and rerun: they are that run's")
        elif self.versions == "pinned" and (given - _AGAIN or self.settings == "recipe"):
            raise ValueError("pinned versions go with that run's own settings, without overrides")
        return self


class RunWords(Given):
    """PATCH /runs/{run_id}: what to write. What is left out stays; null removes a text, [] all tags.

    A tag is 1 to 40 letters, digits and `. _ : = / -`, and begins with a letter or a digit.
    """

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    name: Annotated[str, StringConstraints(max_length=100, pattern=ONE_LINE)] | None = None
    note: Annotated[str, StringConstraints(max_length=2000)] | None = None
    tags: Annotated[list[Tag], Field(max_length=20)] = Field(default_factory=list)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("name, note or tags is needed")
        return self


class AttemptView(View):
    """One try of a Batch job by AWS Batch, for a step of the run."""

    number: int
    step: JobStep
    started_at: str | None
    stopped_at: str | None
    exit_code: int | None
    reason: str | None
    log_stream: str | None


class FileView(View):
    """A file and the version of it that the run is pinned to; size in bytes."""

    key: str
    version_id: str
    size: int


class InputView(FileView):
    """A dropped file and its channel."""

    channel: str


class Links(View):
    """Where everything of the run is: `self` in this API, the others in S3."""

    self: str
    run: str
    model: str
    export: str
    log: str


# A few parts of a run look otherwise in an answer.
_SHAPES: dict[Any, Any] = {Attempt: AttemptView, Input: InputView, ObjectVersion: FileView}


def _shape(hint: Any) -> Any:
    """The type of an answer's field for the type of a record's."""
    if get_origin(hint) is tuple:
        return list[_shape(get_args(hint)[0])]  # type: ignore[misc]
    if isinstance(hint, UnionType):
        return reduce(or_, map(_shape, get_args(hint)))
    return _SHAPES.get(hint, hint)


def _answered() -> dict[str, Any]:
    """The fields of a run that an answer has, with their types."""
    hints = get_type_hints(Run)
    return {
        each.name: (_shape(hints[each.name]), ...) for each in fields(Run) if "internal" not in each.metadata
    }


_RunFields: Any = create_model("RunFields", __base__=View, **_answered())


class RunView(_RunFields):
    """A run, as GET /runs/{run_id} gives it; `step` is that of its current or last Batch job."""

    step: JobStep
    links: Links

    @classmethod
    def of(cls, run: Run, bucket: str) -> Self:
        """The view of a run whose files lie in `bucket`."""
        prepares = count_preparing(run)
        attempts = [
            {"number": number, "step": "prepare" if number <= prepares else "train", **asdict(each)}
            for number, each in enumerate(run.attempts, 1)
        ]
        return cls.model_validate({
            **asdict(run),
            "step": run.step,
            "attempts": attempts,
            "inputs": [{"channel": each.channel, **asdict(each.object)} for each in run.inputs],
            "links": _links(run, bucket),
        })  # fmt: skip


class RunList(View):
    """A page of runs, newest first, and the cursor of the next page."""

    runs: list[RunView]
    cursor: str | None


class SpendingView(View):
    """A cap on a calendar month (UTC), and what runs launched in it have spent and hold; USD, estimates."""

    cap_usd: float | None
    spent_usd: float
    reserved_usd: float


class ProjectSpendingView(SpendingView):
    """The same of a project that has a cap of its own."""

    project: str


class BudgetView(SpendingView):
    """The stack's caps; null where there is none, and then nothing is counted."""

    month: str
    projects: list[ProjectSpendingView]
    running: int
    runs_at_once: int | None

    @classmethod
    def of(cls, month: "Month") -> Self:
        """The view of the caps of a month."""
        projects = [
            ProjectSpendingView(project=name, **_spending(capped)) for name, capped in month.projects.items()
        ]
        return cls(
            month=month.month,
            projects=projects,
            running=month.running.account.committed,
            runs_at_once=month.running.limit,
            **_spending(month.stack),
        )


class DayCostView(View):
    """The runs of a project that were launched on a day (UTC), and what they cost so far; USD, estimates.

    `active` of them haven't ended; these can cost `worst_usd` at most.
    """

    day: str
    project: str
    runs: int
    cost_usd: float
    active: int
    worst_usd: float


class CostList(View):
    """A part of a month's costs, newest day first, and the cursor of the next part.

    A day and project can be in two parts; the numbers add up.
    """

    month: str
    days: list[DayCostView]
    cursor: str | None

    @classmethod
    def of(cls, listing: "CostListing") -> Self:
        """The view of a listing."""
        days = [DayCostView(**asdict(each)) for each in listing.days]
        return cls(month=listing.month, days=days, cursor=listing.cursor)


class StatusView(View):
    """Whether the stack launches; `paused` is its owner's reason if it doesn't, else null."""

    paused: str | None


class WaitingView(View):
    """A dataset that waits: for the `missing` files, or until `due_at`.

    Then no file has arrived for a while; or, if it has `arrived_at`, the project's cooldown is over.
    `present` names the first files in its folder.
    """

    dataset: str
    since: str
    missing: list[str]
    present: list[str]
    due_at: str | None
    arrived_at: str | None

    @classmethod
    def of(cls, record: "DatasetRecord") -> Self:
        """The view of a dataset's record."""
        return cls.model_validate(asdict(record), extra="ignore")


class ProjectView(View):
    """A project, its newest run, and its datasets that lack files."""

    project: str
    latest_run: RunView | None
    waiting: list[WaitingView]

    @classmethod
    def of(cls, project: "Project", bucket: str) -> Self:
        """The view of a project whose runs' files lie in `bucket`."""
        latest = RunView.of(project.latest_run, bucket) if project.latest_run else None
        waiting = [WaitingView.of(each) for each in project.waiting]
        return cls(project=project.name, latest_run=latest, waiting=waiting)


class ProjectList(View):
    """A page of projects by name, and the cursor of the next page."""

    projects: list[ProjectView]
    cursor: str | None


def _spending(capped: "Capped") -> dict[str, Any]:
    account = capped.account
    return {
        "cap_usd": None if capped.limit is None else to_usd(capped.limit),
        "spent_usd": to_usd(account.spent),
        "reserved_usd": to_usd(account.reserved),
    }


def _links(run: Run, bucket: str) -> dict[str, Any]:
    folder = f"s3://{bucket}/{run_prefix(run.project, run.run_id)}"
    return {
        "self": f"/runs/{run.run_id}",
        "run": folder,
        "model": folder + "model/",
        "export": folder + "export/",
        "log": f"s3://{bucket}/{step_prefix(run.project, run.run_id, run.step)}log.txt",
    }
