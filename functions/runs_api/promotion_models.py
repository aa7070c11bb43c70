"""What the API takes and gives of a project's models, in the contract's words."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal, Self

from droptrain_core.domain.runs.model_pointer import Metric, Replaced
from droptrain_core.domain.runs.promotion import Promotion, copy_prefix
from models import RUN_ID_PATTERN, Given, View
from pydantic import StringConstraints

if TYPE_CHECKING:
    from droptrain_core.domain.runs.model_pointer import Pointer
    from droptrain_core.domain.runs.promotion import CurrentModel
    from droptrain_core.read_models import Models


class RollbackRequest(Given):
    """POST /projects/{project}/rollback: with `run_id`, only if that run's model is the current one."""

    run_id: Annotated[str, StringConstraints(pattern=RUN_ID_PATTERN)] | None = None


class ModelView(View):
    """The run that a pointer names, its value of the recipe's metric, and which run was named before.

    `export` and `model` are the folders of its model in S3.
    """

    run_id: str
    dataset: str
    finished_at: str
    metric: Metric | None
    replaced: Replaced | None
    export: str
    model: str

    @classmethod
    def of(cls, pointer: "Pointer | None") -> Self | None:
        """The view of a pointer."""
        return cls.model_validate(asdict(pointer), extra="ignore") if pointer else None


class PromotedView(View):
    """A model that became the current one at `promoted_at`, until `until`; null while it is current.

    `kind` says whether it was promoted or a rollback went to it. `promoted_by` is "gate" or the ARN of the
    caller. `inputs_digest` and `code_digest` identify what the run trained with. `back_to` is the number of
    the promotion that a rollback goes to while this one is current; null if there is none. `missing_at` is
    when its export was found deleted before it was copied, so that it was never published; else null.
    """

    number: int
    kind: Literal["promoted", "rolled_back"]
    run_id: str
    dataset: str
    metric: Metric | None
    metrics: Mapping[str, float]
    inputs_digest: str | None
    code_digest: str | None
    promoted_at: str
    promoted_by: str
    back_to: int | None
    missing_at: str | None
    until: str | None

    @classmethod
    def of(cls, promotion: Promotion, until: str | None) -> Self:
        """The view of a promotion."""
        named = {"promoted_at": promotion.at, "promoted_by": promotion.by, "until": until}
        return cls.model_validate({**asdict(promotion), **named}, extra="ignore")


class CurrentModelView(PromotedView):
    """The current model. `export` is its folder in S3, complete once `is_copied`.

    `is_published` is true when `current.json` names it too.
    """

    export: str
    is_copied: bool
    is_published: bool

    @classmethod
    def of_model(cls, model: "CurrentModel", bucket: str) -> Self | None:
        """The view of a project's current model; None if it has none."""
        promotion = model.promotion
        if promotion is None:
            return None
        values = PromotedView.of(promotion, None).model_dump()
        folder = copy_prefix(promotion.project, promotion.run_id)
        export = f"s3://{bucket}/{folder}"
        return cls(**values, export=export, is_copied=model.is_copied, is_published=model.is_published)


class ProjectModels(View):
    """A project's current, latest and best model, null where there is none; promotions, newest first.

    `served_run_id` is the run whose model programs can load: that of the current model or, while its
    `missing_at` isn't null, the one that `current.json` still names. It is null if there is none.
    """

    current: CurrentModelView | None
    latest: ModelView | None
    best: ModelView | None
    served_run_id: str | None
    promoted: list[PromotedView]
    cursor: str | None

    @classmethod
    def of(cls, models: "Models", bucket: str) -> Self:
        """The view of a project's models."""
        return cls(
            current=CurrentModelView.of_model(models.current, bucket),
            latest=ModelView.of(models.latest),
            best=ModelView.of(models.best),
            served_run_id=models.served.run_id if models.served else None,
            promoted=[PromotedView.of(each.promotion, each.until) for each in models.promoted],
            cursor=models.cursor,
        )
