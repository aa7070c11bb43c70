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
    """The promotion that the project's `current.json` names; None if the registry doesn't have it."""
    named = files.named(project)
    if named is None:
        return None
    number, run_id = named
    found = models.promotions(project, range(number, number + 1))
    # After a restore of the table, another promotion can have the number.
    return next((each for each in found if each.run_id == run_id), None)
