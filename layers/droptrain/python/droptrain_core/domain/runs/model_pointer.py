"""A project's latest and best model: the content of the two pointers in the bucket, and when each moves."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, Literal

from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs.run import Goal, Run, run_prefix

SCHEMA = 1
Name = Literal["latest", "best"]


@frozen
class Replaced:
    """The run that a pointer named before, and its value of the metric."""

    run_id: str
    value: float | None


@frozen
class Metric:
    """A run's value of the recipe's metric."""

    name: str
    value: float
    goal: Goal

    def is_like(self, other: "Metric") -> bool:
        """Whether both are values of the same metric with the same goal, so that they can be compared."""
        return (self.name, self.goal) == (other.name, other.goal)


@frozen
class Pointer:
    """The run that a pointer names, and its model's folder; `created_order` orders runs by their launch."""

    run_id: str
    project: str
    dataset: str
    created_order: str
    finished_at: str
    export: str
    model: str
    inputs_digest: str | None = None
    metric: Metric | None = None
    replaced: Replaced | None = None


@frozen
class Held:
    """A pointer in the bucket; `pointer` is None if its content isn't droptrain's."""

    pointer: Pointer | None
    etag: str


@frozen
class Standing:
    """The change of a pointer: whether it names the run now, and which run it named before or still names."""

    moved: bool
    other: Replaced | None


def pointer_key(project: str, name: Name) -> str:
    """The key of a project's pointer in the bucket."""
    return f"models/{project}/{name}.json"


def pointer_of(run: Run, bucket: str) -> Pointer:
    """The content of a pointer that names `run`."""
    folder = f"s3://{bucket}/{run_prefix(run.project, run.run_id)}"
    return Pointer(
        run_id=run.run_id,
        project=run.project,
        dataset=run.dataset,
        created_order=run.created_order,
        finished_at=run.stopped_at or run.updated_at,
        export=folder + "export/",
        model=folder + "model/",
        inputs_digest=run.inputs_digest,
        metric=metric_of(run),
    )


def metric_of(run: Run) -> Metric | None:
    """The run's value of its recipe's metric; None if there is no such metric, value or goal."""
    if run.metric is None or run.metric_goal is None or run.metric not in run.metrics:
        return None
    return Metric(run.metric, float(run.metrics[run.metric]), run.metric_goal)


def moves(name: Name, new: Pointer, now: Pointer | None) -> bool:
    """Whether the pointer with the content `now` has to name `new`.

    latest moves only forward, in the order of launches. best moves only if the metric improved by its goal;
    an equal value isn't enough. Values of another metric, or another goal, can't be compared: then the newer
    launch counts.
    """
    if name == "best" and new.metric is None:
        return False
    if now is None:
        return True
    if name == "latest":
        return new.created_order > now.created_order
    assert new.metric is not None
    if now.metric is None or not new.metric.is_like(now.metric):
        return new.created_order > now.created_order
    if new.metric.goal == "minimize":
        return new.metric.value < now.metric.value
    return new.metric.value > now.metric.value


def replacing(new: Pointer, now: Pointer | None) -> Pointer:
    """`new`, with a note of which run it replaces."""
    return replace(new, replaced=summary(now) if now else None)


def summary(pointer: Pointer) -> Replaced:
    """The run that a pointer names, in short."""
    return Replaced(pointer.run_id, pointer.metric.value if pointer.metric else None)


def to_document(pointer: Pointer) -> dict[str, Any]:
    """The pointer as the bucket's JSON."""
    return {"schema": SCHEMA, **asdict(pointer)}


def read(document: object) -> Pointer | None:
    """The pointer in the bucket's parsed JSON; None if it isn't droptrain's."""
    if not isinstance(document, Mapping) or document.get("schema") != SCHEMA:
        return None
    values = {name: document.get(name) for name in Pointer.__dataclass_fields__}
    metric, replaced = values.pop("metric"), values.pop("replaced")
    texts = {name: value for name, value in values.items() if isinstance(value, str)}
    try:
        return Pointer(
            **texts,
            metric=Metric(metric["name"], float(metric["value"]), metric["goal"]) if metric else None,
            replaced=Replaced(replaced["run_id"], replaced["value"]) if replaced else None,
        )
    except (KeyError, TypeError, ValueError):
        return None
