"""Whether the first row of a CSV has names of columns, or values like any other row."""

from itertools import islice

from droptrain_core.domain.preflight.dataset import Dataset
from droptrain_core.domain.preflight.facts import MAX_COLUMNS, FileFacts, is_number


def is_certain(facts: FileFacts, dataset: Dataset) -> bool:
    """Whether the first row, if it is the only one, can be nothing but a header.

    The recipe says so, other files begin with it, or it has only words: no code trains on one such row.
    """
    pinned = dataset.says.get("header")
    if isinstance(pinned, bool):
        return pinned
    if dataset.says.get("label") in facts.name_counts:
        return True
    are_words = len(facts.first) > 1 and not any(map(is_number, islice(facts.names, MAX_COLUMNS)))
    if are_words and dataset.trains_on(facts):
        return True
    return tuple(facts.first) in dataset.headers


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
