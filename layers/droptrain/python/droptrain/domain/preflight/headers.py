"""Whether a CSV has a header, and which column is which. Files without one are as good as others."""

from droptrain.domain.preflight.dataset import Dataset
from droptrain.domain.preflight.facts import Facts, is_number


def has_header(facts: Facts, dataset: Dataset) -> bool | None:
    """Whether the first row is a header; None where nobody can tell."""
    says = dataset.says
    if not facts.first:
        return None
    if isinstance(says.get("header"), bool):
        return bool(says["header"])
    if any(name in names(facts) for name in [says.get("label"), *says.get("columns", [])]):
        return True
    if any(is_number(name) for name in facts.first):
        return False
    below = [column.numbers > column.texts for column in facts.columns]
    return True if any(below) else None


def is_certain(facts: Facts, dataset: Dataset) -> bool:
    """Whether the first row, if it is the only one, can be nothing but a header.

    The recipe says so, other files begin with it, or it is words alone: no code trains on one row of them.
    """
    pinned = dataset.says.get("header")
    if isinstance(pinned, bool):
        return pinned
    if dataset.says.get("label") in names(facts):
        return True
    words = [name for name in facts.first if not is_number(name)]
    if dataset.trains_on(facts) and len(words) == len(facts.first) > 1:
        return True
    return any(
        file is not facts and file.rows > 1 and file.first == facts.first and has_header(file, dataset)
        for file in dataset.files
    )


def may_have_names(facts: Facts, dataset: Dataset) -> bool:
    """Whether a column that the recipe calls by name should be in the first row."""
    return dataset.says.get("header") is not False and has_header(facts, dataset) is not False


def names(facts: Facts) -> list[str]:
    """The fields of the first row, without space around them."""
    return [name.strip() for name in facts.first]


def label_place(facts: Facts, dataset: Dataset) -> int | None:
    """Which column is the label, from 0; None if the recipe doesn't say or it isn't there."""
    label, columns = dataset.says.get("label"), dataset.says.get("columns", [])
    if isinstance(label, int):
        return label
    if label in names(facts):
        return names(facts).index(label)
    return columns.index(label) if label in columns else None


def name_of(facts: Facts, dataset: Dataset, place: int) -> str:
    """What people call the column: its name, or its number from 1."""
    columns = dataset.says.get("columns", [])
    if has_header(facts, dataset) and place < len(facts.first) and facts.first[place].strip():
        return facts.first[place].strip()[:60]
    return str(columns[place]) if place < len(columns) else str(place + 1)
