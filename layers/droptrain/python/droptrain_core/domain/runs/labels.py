"""The labelled fields of a run, each with its value as text."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from textwrap import shorten
from typing import Any

from droptrain_core.domain.runs.run import Run

_LABELS = {each.name: each.metadata["label"] for each in fields(Run) if "label" in each.metadata}

_LONGEST = 400  # characters; a recipe may have 30 KB of hyperparameters, and a note 2,000 characters


def labelled_texts(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Label and text of each labelled field that has a value; `values` are a run's, by field."""
    for name, label in _LABELS.items():
        if value := values.get(name):
            yield label, _text(vars(value) if is_dataclass(value) else value)


def _text(value: Any) -> str:
    match value:
        case Mapping():
            text = ", ".join(f"{name}={each}" for name, each in value.items())
        case tuple() | list():
            text = ", ".join(value)
        case _:
            text = str(value)
    return shorten(text, _LONGEST, placeholder=" …")
