"""A small summary of a dataset's training data. A launch keeps it and compares it with the next dataset."""

import json
from collections.abc import Collection, Iterator
from dataclasses import asdict
from typing import Any

from droptrain_core.domain.datasets.dataset import Input
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.preflight import headers
from droptrain_core.domain.preflight.dataset import Dataset, Spot
from droptrain_core.domain.preflight.facts import Column, FileFacts
from droptrain_core.domain.text import plain

MAX_BYTES = 16 * 1024
_SCHEMA = 1
_MAX_COLUMNS = 100
_NAME_CHARACTERS = 60
_NAMED = 5
_MANY_TIMES = 10


@frozen
class ColumnSummary:
    """A column: "numbers", "text" or None for both; the share of empty values; the range of its numbers."""

    name: str
    kind: str | None
    empty: float
    least: float | None
    most: float | None


@frozen
class Summary:
    """A dataset's training data, by the rows that were read of its first file.

    `rows` are estimated from the bytes of all training files. `columns` counts all; `first` are the first.
    """

    dataset: str
    rows: int
    delimiter: str
    header: bool | None
    columns: int
    first: tuple[ColumnSummary, ...]


def summarize(dataset_name: str, dataset: Dataset, inputs: Collection[Input]) -> Summary | None:
    """The summary of the training data; None if no row of it was read."""
    first = dataset.first_trained_on
    if first is None or not first.width:
        return None
    return Summary(
        dataset=dataset_name,
        rows=_rows(dataset, first.channel, inputs),
        delimiter=first.delimiter,
        header=dataset.has_header(first),
        columns=first.width,
        first=tuple(
            _column(headers.name_of(first, dataset, place), column)
            for place, column in enumerate(first.columns[:_MAX_COLUMNS])
        ),
    )


def differences(now: Summary, last: Summary) -> Iterator[Spot]:
    """How a dataset's format differs from that of the project's last successful one."""
    had = "the last good dataset had"
    if now.columns > 1 and last.columns > 1 and now.delimiter != last.delimiter:
        yield Spot(f"its delimiter is {now.delimiter!r}, and {had} {last.delimiter!r}")
    by_name = bool(now.header and last.header) and max(now.columns, last.columns) <= _MAX_COLUMNS
    if by_name:
        yield from _other_names(now, last)
    elif now.columns != last.columns:
        yield Spot(f"it has {now.columns:,} columns, and {had} {last.columns:,}")
    if by_name or now.columns == last.columns:
        before = {column.name if by_name else place: column for place, column in enumerate(last.first)}
        for place, column in enumerate(now.first):
            old = before.get(column.name if by_name else place)
            if old and old.kind and column.kind and old.kind != column.kind:
                yield Spot(f"the column has {column.kind}, and {had} {old.kind} there", column=column.name)
    if max(now.rows, last.rows) > _MANY_TIMES * min(now.rows, last.rows):
        yield Spot(f"it has about {now.rows:,} rows, and {had} {last.rows:,}")


def to_text(summary: Summary) -> str:
    """The summary as JSON of at most MAX_BYTES; later columns are left out if all are too many."""
    document = {"schema": _SCHEMA, **asdict(summary)}
    text = json.dumps(document)
    while len(text) > MAX_BYTES:
        document["first"] = document["first"][: len(document["first"]) // 2]
        text = json.dumps(document)
    return text


def from_text(text: str | None) -> Summary | None:
    """The summary in a record's JSON; None if there is none, or one of a later release."""
    document: dict[str, Any] = json.loads(text) if text else {}
    if document.pop("schema", None) != _SCHEMA:
        return None
    return Summary(**{**document, "first": tuple(ColumnSummary(**each) for each in document["first"])})


def _other_names(now: Summary, last: Summary) -> Iterator[Spot]:
    names, before = ({column.name: None for column in each.first} for each in (now, last))
    for said, gone in (("it lacks", before.keys() - names), ("it has", names.keys() - before)):
        if gone:
            ordered = [name for name in (*before, *names) if name in gone]
            listed = ", ".join(repr(name) for name in ordered[:_NAMED])
            rest = f" and {len(ordered) - _NAMED} more" if len(ordered) > _NAMED else ""
            other = "the last good dataset had" if said == "it lacks" else "the last good dataset didn't have"
            yield Spot(f"{said} the columns {listed}{rest}, which {other}", row=1)


def _rows(dataset: Dataset, channel: str, inputs: Collection[Input]) -> int:
    files = [file for file in dataset.files if file.channel == channel and file.is_text and file.characters]
    rows = sum(_rows_of(file, bool(dataset.has_header(file))) for file in files)
    size = sum(item.object.size for item in inputs if item.channel == channel)
    read = sum(file.size for file in files)
    return round(rows * max(size, read) / read) if read else 0


def _rows_of(facts: FileFacts, has_header: bool) -> float:
    rows = max(facts.rows - has_header, 0)
    return rows if facts.whole else rows * max(facts.size / facts.characters, 1)


def _column(name: str, column: Column) -> ColumnSummary:
    values = column.numbers + column.texts + column.empty
    return ColumnSummary(
        plain(name, _NAME_CHARACTERS),
        column.kind,
        round(column.empty / values, 4) if values else 0.0,
        column.least,
        column.most,
    )
