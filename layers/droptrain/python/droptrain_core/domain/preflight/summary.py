"""A small summary of a dataset's training data. A launch keeps it and compares it with the next dataset."""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, replace
from itertools import zip_longest
from typing import Any

from droptrain_core.domain.datasets.dataset import Input
from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.preflight import drift, headers
from droptrain_core.domain.preflight.column_summary import ColumnSummary, describe
from droptrain_core.domain.preflight.dataset import Dataset, Spot
from droptrain_core.domain.preflight.facts import FileFacts
from droptrain_core.domain.preflight.sample import MAX_COLUMNS, MAX_ROWS

MAX_BYTES = 16 * 1024
_SCHEMA = 1
_NAMED = 5
_MANY_TIMES = 10


@frozen
class Summary:
    """A dataset's training data, by the rows that were read of its first file.

    `rows` are estimated from the bytes of all training files. `columns` counts all; `first` are the first, of
    which `sampled` rows of all files show medians and frequent values.
    """

    dataset: str
    rows: int
    delimiter: str
    header: bool | None
    columns: int
    first: tuple[ColumnSummary, ...]
    sampled: int = 0


def summarize(
    dataset_name: str, dataset: Dataset, inputs: Collection[Input], last: Summary | None = None
) -> Summary | None:
    """The summary of the training data; None if no row of it was read.

    A column that has drifted since `last` is marked.
    """
    first = dataset.first_trained_on
    if first is None or not first.width:
        return None
    files = dataset.training
    rows = [row for file in files for row in file.sample.rows(MAX_ROWS // len(files))]
    is_whole = all(file.whole for file in files) and first.channel not in dataset.unread
    samples = [*zip(*rows, strict=True)] or [()] * len(first.columns)
    summary = Summary(
        dataset=dataset_name,
        rows=_rows(dataset, first.channel, inputs),
        delimiter=first.delimiter,
        header=dataset.has_header(first),
        columns=first.width,
        first=tuple(
            describe(headers.name_of(first, dataset, place), *both, is_whole=is_whole)
            for place, both in enumerate(zip(first.columns[:MAX_COLUMNS], samples, strict=False))
        ),
        sampled=len(rows),
    )
    return _marked(summary, last) if last else summary


def differences(now: Summary, last: Summary) -> Iterator[Spot]:
    """How a dataset's format differs from that of the project's last successful one."""
    had = "the last good dataset had"
    if now.columns > 1 and last.columns > 1 and now.delimiter != last.delimiter:
        yield Spot(f"its delimiter is {now.delimiter!r}, and {had} {last.delimiter!r}")
    others = [*_other_names(now, last)] if now.header and last.header else []
    yield from others
    if now.columns != last.columns and not others:
        yield Spot(f"it has {now.columns:,} columns, and {had} {last.columns:,}")
    for column, old in zip(now.first, _before(now, last), strict=True):
        if old and old.kind and column.kind and old.kind != column.kind:
            yield Spot(f"the column has {column.kind}, and {had} {old.kind} there", column=column.name)
    if max(now.rows, last.rows) > _MANY_TIMES * min(now.rows, last.rows):
        yield Spot(f"it has about {now.rows:,} rows, and {had} {last.rows:,}")


def drifted(now: Summary, last: Summary) -> Iterator[Spot]:
    """Which values are unlike those of the project's last successful run.

    A column that had drifted then too is left out: it changes with each dataset.
    """
    where = f"since {last.dataset}, the last good dataset" if last.dataset else "since the last good dataset"
    for column, old in zip(now.first, _before(now, last), strict=True):
        if old and not old.is_moving:
            for change in drift.changes(column, old, (now.sampled, last.sampled)):
                yield Spot(f"{change} {where}", column=column.name)


def _marked(now: Summary, last: Summary) -> Summary:
    rows = (now.sampled, last.sampled)
    marked = (
        replace(each, is_moving=old is not None and any(drift.changes(each, old, rows)))
        for each, old in zip(now.first, _before(now, last), strict=True)
    )
    return replace(now, first=tuple(marked))


def _before(now: Summary, last: Summary) -> Sequence[ColumnSummary | None]:
    """For each column its earlier one: by name where both have headers, else by place; None if there is none.

    Columns can have the same name, and long names the same beginning: they keep their order.
    """
    if now.header and last.header:
        found = dict(zip(_numbered(last), last.first, strict=True))
        return [found.get(key) for key in _numbered(now)]
    same = last.first if now.columns == last.columns else ()
    return [column for column, _ in zip_longest(same[: len(now.first)], now.first)]


def _numbered(summary: Summary) -> Iterator[tuple[str, int, int]]:
    """Of each column the name, which one it is of those with this name, and how many have it."""
    names = [column.name for column in summary.first]
    counts, seen = Counter(names), Counter[str]()
    for name in names:
        seen[name] += 1
        yield name, seen[name], counts[name]


def to_text(summary: Summary) -> str:
    """The summary as JSON of at most MAX_BYTES.

    If it is longer, the frequent values of later columns are left out, and then later columns.
    """
    document = {"schema": _SCHEMA, **asdict(summary)}
    described = len(summary.first)
    columns = document["first"] = [*document["first"]]
    text = json.dumps(document)
    while len(text) > MAX_BYTES:
        if described:
            described //= 2
            columns[described:] = [{**each, "frequent": None} for each in columns[described:]]
        else:
            del columns[len(columns) // 2 :]
        text = json.dumps(document)
    return text


def from_text(text: str | None) -> Summary | None:
    """The summary in a record's JSON; None if there is none, or one of a later release."""
    document: dict[str, Any] = json.loads(text) if text else {}
    if document.pop("schema", None) != _SCHEMA:
        return None
    return Summary(**{**document, "first": tuple(ColumnSummary(**each) for each in document["first"])})


def _other_names(now: Summary, last: Summary) -> Iterator[Spot]:
    """The columns that one dataset lacks, as far as all of its columns are described."""
    names, before = ({column.name: None for column in each.first} for each in (now, last))
    for verb, gone, lacking in (
        ("lacks", before.keys() - names, now),
        ("has", names.keys() - before, last),
    ):
        if gone and len(lacking.first) == lacking.columns:
            ordered = [name for name in (*before, *names) if name in gone]
            listed = ", ".join(repr(name) for name in ordered[:_NAMED])
            rest = f" and {len(ordered) - _NAMED} more" if len(ordered) > _NAMED else ""
            other = "the last good dataset had" if verb == "lacks" else "the last good dataset didn't have"
            yield Spot(f"it {verb} the columns {listed}{rest}, which {other}", row=1)


def _rows(dataset: Dataset, channel: str, inputs: Collection[Input]) -> int:
    files = [file for file in dataset.files if file.channel == channel and file.is_text and file.characters]
    rows = sum(_rows_of(file, bool(dataset.has_header(file))) for file in files)
    size = sum(item.object.size for item in inputs if item.channel == channel)
    read = sum(file.size for file in files)
    return round(rows * max(size, read) / read) if read else 0


def _rows_of(facts: FileFacts, has_header: bool) -> float:
    rows = max(facts.rows - has_header, 0)
    return rows if facts.whole else rows * max(facts.size / facts.characters, 1)
