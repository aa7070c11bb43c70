"""Spans: a run's inputs of a project's earlier datasets, beside those of its own."""

from collections.abc import Collection, Iterable, Mapping

from droptrain_core.domain.datasets.dataset import (
    Input,
    ObjectVersion,
    data_prefix,
    datasets_prefix,
    match_inputs,
)


def newest_first(project: str, files: Iterable[ObjectVersion]) -> dict[str, list[ObjectVersion]]:
    """The files of each dataset of the project, the dataset with the newest file first.

    `files` are ordered by the time of their upload, the oldest first.
    """
    found: dict[str, list[ObjectVersion]] = {}
    for item in files:
        dataset, slash, _ = item.key.removeprefix(datasets_prefix(project)).partition("/")
        if slash:
            found[dataset] = [*found.pop(dataset, ()), item]
    return dict(reversed(found.items()))


def inputs_of_others(
    project: str,
    datasets: Mapping[str, Iterable[ObjectVersion]],
    chosen: Collection[str],
    patterns: Mapping[str, str],
) -> tuple[Input, ...]:
    """The inputs of the `chosen` datasets by `patterns` (channel: file or glob in a dataset's folder)."""
    inputs: list[Input] = []
    for dataset in chosen:
        found = match_inputs(patterns, "files", datasets[dataset], data_prefix(project, dataset))
        inputs.extend(found.inputs)
    return tuple(inputs)
