"""Served model: the promotion whose model programs can load."""

from droptrain_core.aws.model_files import ModelFiles
from droptrain_core.aws.model_table import ModelTable
from droptrain_core.domain.runs.promotion import CurrentModel, Promotion


def served_model(now: CurrentModel, models: ModelTable, files: ModelFiles) -> Promotion | None:
    """The current promotion or, while its export is missing, the one that `current.json` still names."""
    if not now.is_missing:
        return now.promotion
    assert now.promotion
    return named_in_bucket(now.promotion.project, models, files)


def named_in_bucket(project: str, models: ModelTable, files: ModelFiles) -> Promotion | None:
    """The promotion that the project's `current.json` names; None if there is no such file."""
    number = files.published_number(project)
    return next(iter(models.promotions(project, range(number, number + 1))), None) if number else None
