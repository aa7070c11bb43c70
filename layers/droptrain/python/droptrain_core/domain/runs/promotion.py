"""Promotions: the runs whose models were a project's current one, in their order."""

from collections.abc import Mapping
from typing import Any, Literal

from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs.model_pointer import Metric, metric_of
from droptrain_core.domain.runs.run import Run, run_prefix

SCHEMA = 1
Kind = Literal["promoted", "rolled_back"]
# `by` of a promotion that no person requested.
GATE = "gate"
# A rollback to one of the newest runs that were promoted needs no copy: theirs are kept.
KEPT_RUNS = 5


@frozen(kw_only=True)
class Promotion:
    """A model that became its project's current one; `number` counts the project's promotions from 1.

    `by` is GATE or the caller. `bar` is the best value that the gate has seen since somebody chose a model:
    a run may be worse than that by its tolerance. A rollback goes to the promotion with the number
    `back_to`; None if there is no earlier model. `missing_at` is when its export was found deleted before it
    was copied, so that it can't be published.
    """

    number: int
    kind: Kind
    run_id: str
    project: str
    dataset: str
    created_order: str
    at: str
    by: str
    inputs_digest: str | None = None
    code_digest: str | None = None
    metrics: Mapping[str, float]
    metric: Metric | None = None
    bar: float | None = None
    back_to: int | None = None
    missing_at: str | None = None

    @property
    def is_by_gate(self) -> bool:
        """Whether no person requested it."""
        return self.by == GATE


@frozen
class CurrentModel:
    """A project's current model; None if it has none.

    `is_published` is whether its copy and `current.json` are complete. `kept` are the runs whose exports were
    copied, newest first.
    """

    promotion: Promotion | None = None
    is_published: bool = True
    kept: tuple[str, ...] = ()

    @property
    def is_copied(self) -> bool:
        """Whether the copy of its export is complete."""
        return self.promotion is not None and self.promotion.run_id in self.kept

    @property
    def is_missing(self) -> bool:
        """Whether its export was deleted before it was copied: then `current.json` names an earlier model."""
        return self.promotion is not None and self.promotion.missing_at is not None

    @property
    def usable_run_id(self) -> str | None:
        """The run of the current model or, while that has no files, of the one that was published last."""
        if self.is_missing:
            return self.kept[0] if self.kept else None
        return self.promotion.run_id if self.promotion else None

    @property
    def number(self) -> int:
        """The number of the last promotion; 0 before the first one."""
        return self.promotion.number if self.promotion else 0


def promotion_of(run: Run, last: int, before: Promotion | None, at: str, by: str) -> Promotion:
    """The promotion of `run` after that with the number `last`; `before` is the model that it replaces."""
    metric = metric_of(run)
    return Promotion(
        number=last + 1,
        kind="promoted",
        run_id=run.run_id,
        project=run.project,
        dataset=run.dataset,
        created_order=run.created_order,
        at=at,
        by=by,
        inputs_digest=run.inputs_digest,
        code_digest=run.code.digest if run.code else None,
        metrics=dict(run.metrics),
        metric=metric,
        bar=_bar(metric, before if by == GATE else None),
        back_to=before.number if before else None,
    )


def rollback_to(earlier: Promotion, now: CurrentModel, at: str, by: str) -> Promotion:
    """The promotion that makes an `earlier` model current again."""
    values: dict[str, Any] = {name: getattr(earlier, name) for name in Promotion.__dataclass_fields__}
    bar = earlier.metric.value if earlier.metric else None
    changes = {"number": now.number + 1, "kind": "rolled_back", "at": at, "by": by, "bar": bar}
    changes |= {"missing_at": None}
    return Promotion(**(values | changes))


def kept_after(promotion: Promotion, kept: tuple[str, ...]) -> tuple[str, ...]:
    """The runs whose copies are kept once this promotion's is complete."""
    return (promotion.run_id, *(each for each in kept if each != promotion.run_id))[:KEPT_RUNS]


def copies_prefix(project: str) -> str:
    """The folder of a project's promoted models, a folder each, which no lifecycle rule expires."""
    return f"models/{project}/current/"


def copy_prefix(project: str, run_id: str) -> str:
    """The folder of the copy of a promoted run's export."""
    return f"{copies_prefix(project)}{run_id}/"


def export_prefix(project: str, run_id: str) -> str:
    """The folder of what a run exported."""
    return run_prefix(project, run_id) + "export/"


def to_document(promotion: Promotion, bucket: str) -> dict[str, Any]:
    """The content of `current.json`."""
    root = f"s3://{bucket}/"
    metric = promotion.metric
    return {
        "schema": SCHEMA,
        "number": promotion.number,
        "kind": promotion.kind,
        "run_id": promotion.run_id,
        "project": promotion.project,
        "dataset": promotion.dataset,
        "export": root + copy_prefix(promotion.project, promotion.run_id),
        "metric": {"name": metric.name, "value": metric.value, "goal": metric.goal} if metric else None,
        "metrics": dict(promotion.metrics),
        "promoted_at": promotion.at,
        "promoted_by": promotion.by,
        "inputs_digest": promotion.inputs_digest,
        "code_digest": promotion.code_digest,
    }


def _bar(metric: Metric | None, now: Promotion | None) -> float | None:
    if metric is None:
        return None
    before = now.metric if now else None
    if now is None or now.bar is None or before is None or not metric.is_like(before):
        return metric.value
    return min(metric.value, now.bar) if metric.goal == "minimize" else max(metric.value, now.bar)
