"""Whether the first row of a CSV has names of columns, or values like any other row."""

from droptrain_core.domain.preflight.dataset import Dataset
from droptrain_core.domain.preflight.facts import FileFacts


def may_have_names(facts: FileFacts, dataset: Dataset) -> bool:
    """Whether a column that the recipe calls by name should be in the first row."""
    return dataset.says.get("header") is not False and dataset.has_header(facts) is not False


def label_place(facts: FileFacts, dataset: Dataset) -> int | None:
    """Which column is the label, from 0; None if the recipe doesn't say or it isn't there."""
    label, columns = dataset.says.get("label"), dataset.says.get("columns", [])
    if label is None or isinstance(label, int):
        return label
    if label in facts.name_counts:
        return facts.names.index(label)
    return columns.index(label) if label in columns else None


def name_of(facts: FileFacts, dataset: Dataset, place: int) -> str:
    """What people call the column: its name, or its number from 1."""
    columns = dataset.says.get("columns", [])
    if dataset.has_header(facts) and place < len(facts.names) and facts.names[place]:
        return facts.names[place]
    return str(columns[place]) if place < len(columns) else str(place + 1)
