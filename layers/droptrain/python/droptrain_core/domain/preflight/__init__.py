"""Preflight: finds data that certainly can't train, before a GPU is requested."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from droptrain_core.domain.datasets.data_file import is_data_file
from droptrain_core.domain.datasets.dataset import Input, ObjectVersion, too_many_inputs
from droptrain_core.domain.datasets.finding import Finding, describe
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.preflight import formats
from droptrain_core.domain.preflight import summary as summaries
from droptrain_core.domain.preflight.facts import FileFacts, Piece
from droptrain_core.domain.preflight.facts import ranges as csv_ranges
from droptrain_core.domain.preflight.reader import of_pieces
from droptrain_core.domain.preflight.rules import RULES, Dataset, Rule, Spot
from droptrain_core.domain.preflight.summary import Summary
from droptrain_core.domain.text import plain

# A launch samples this many files of a dataset, with three reads each, well within its function's timeout.
FILES_SAMPLED = 20
# The work of a launch's preflight, over all files. rows.py has the steps of each kind of work.
STEPS = 2_000_000
_DRIFT = "drift"
_SPOTS_NAMED = 10  # by one rule in one file
_TEXT_CHARACTERS = 300
_NAMED = 5
_WARNINGS_KEPT = 20


def check(inputs: Collection[Input], says: Mapping[str, Any]) -> Cause | None:
    """The reason to reject these inputs, if any: a channel with only empty files, or too many files.

    `says` is the recipe's `csv`, which may ignore `empty`.
    """
    filled = {item.channel for item in inputs if item.object.size}
    empty = [item.object.key for item in inputs if item.channel not in filled]
    if empty and "empty" not in says.get("ignore", ()):
        return Cause(
            "empty_input",
            f"{', '.join(empty[:5])} {'is' if len(empty) == 1 else 'are'} empty (0 bytes)",
            "Upload the file again with content; the new version launches a run. If it is empty on purpose: "
            "set csv: {ignore: [empty]} in train.yaml.",
        )
    return too_many_inputs(len(inputs))


def is_looked_into(name: str) -> bool:
    """Whether preflight checks the content of a file, by its name."""
    return is_data_file(name) or formats.is_other_format(name)


def ranges(name: str, size: int) -> list[tuple[int, int]]:
    """(first byte, number of bytes) that a launch reads of a file."""
    return formats.ranges(name, size) if formats.is_other_format(name) else csv_ranges(size)


def to_sample(inputs: Iterable[Input]) -> list[Input]:
    """The inputs that a launch samples: the first by key, in turn from each channel, and empty files last."""
    channels: dict[str, list[Input]] = {}
    for item in sorted(inputs, key=lambda item: (item.channel, not item.object.size, item.object.key)):
        if is_looked_into(item.object.key):
            channels.setdefault(item.channel, []).append(item)
    chosen: list[Input] = []
    while channels and len(chosen) < FILES_SAMPLED:
        for channel in list(channels):
            chosen.append(channels[channel].pop(0))
            if not channels[channel]:
                del channels[channel]
    return chosen[:FILES_SAMPLED]


def read(
    inputs: Iterable[Input], sample: Callable[[ObjectVersion], Iterable[Piece]], says: Mapping[str, Any]
) -> list[FileFacts]:
    """The facts of those of the inputs that a launch looks into; `sample` reads ranges of an object.

    Each file gets an equal share of the remaining steps.
    """
    chosen = to_sample(inputs)
    files: list[FileFacts] = []
    left = STEPS
    for number, item in enumerate(chosen):
        file, share = item.object, max(left, 0) // (len(chosen) - number)
        if formats.is_other_format(file.key):
            files.append(formats.of_pieces(file.key, item.channel, file.size, sample(file)))
            continue
        files.append(of_pieces(file.key, item.channel, file.size, sample(file), says, share))
        left -= files[-1].steps
    return files


def judge(
    files: Iterable[FileFacts],
    says: Mapping[str, Any],
    inputs: Collection[Input] = (),
    last: Summary | None = None,
) -> tuple[Finding, ...]:
    """What the rules find in a dataset's files, errors first; `says` is the recipe's `csv`.

    `inputs` are all files of the dataset, if only some were read. `last` summarizes the dataset of the
    project's last successful run.
    """
    dataset = _dataset(files, says, inputs)
    if last and (now := summaries.summarize("", dataset, inputs)):
        unlike, drifted = summaries.differences(now, last), summaries.drifted(now, last)
        dataset = replace(dataset, unlike_last=tuple(unlike), drifted=tuple(drifted))
    rules = [*_rules(says)]
    found = [each for facts in dataset.files for rule in rules for each in _find(rule, facts, dataset)]
    return tuple(sorted(found, key=lambda finding: finding.level))


def summarize(
    name: str,
    files: Iterable[FileFacts],
    says: Mapping[str, Any],
    inputs: Collection[Input],
    last: Summary | None = None,
) -> Summary | None:
    """The summary of the training data; None if no row of it was read.

    `last` is that of the project's last successful run.
    """
    return summaries.summarize(name, _dataset(files, says, inputs), inputs, last)


def _rules(says: Mapping[str, Any]) -> Iterator[Rule]:
    """The rules that the recipe's `csv` doesn't turn off, with the level that it gives to drift."""
    drift = says.get("drift")
    ignored = {*says.get("ignore", ()), *([_DRIFT] if drift == "ignore" else ())}
    for rule in RULES:
        if rule.name not in ignored:
            is_error = rule.name == _DRIFT and drift == "reject"
            yield replace(rule, level="error") if is_error else rule


def _dataset(files: Iterable[FileFacts], says: Mapping[str, Any], inputs: Collection[Input]) -> Dataset:
    read = tuple(files)
    looked_into = {(facts.channel, facts.name) for facts in read}
    unread = (item for item in inputs if (item.channel, item.object.key) not in looked_into)
    return Dataset(read, says, frozenset(item.channel for item in unread if item.object.size))


def _find(rule: Rule, facts: FileFacts, dataset: Dataset) -> Iterator[Finding]:
    """What a rule finds in a file: the first places, and whether there are more."""
    spots = rule.check(facts, dataset)
    shown = [*islice(spots, _SPOTS_NAMED)]
    if next(spots, None):
        shown.append(Spot("and more of the same"))
    for spot in shown:
        column = None if spot.column is None else plain(spot.column, _TEXT_CHARACTERS)
        message = plain(spot.message, _TEXT_CHARACTERS)
        yield Finding(rule.name, rule.level, plain(facts.name), spot.row, column, message, rule.fix)


def rejection(findings: Iterable[Finding]) -> Cause | None:
    """The cause of a rejection that names the errors among the findings, if there are any."""
    errors = [finding for finding in findings if finding.level == "error"]
    if not errors:
        return None
    named = "; ".join(describe(each) for each in errors[:_NAMED])
    more = len(errors) - _NAMED
    fixes = dict.fromkeys(finding.fix for finding in errors[:_NAMED])
    rules = dict.fromkeys(finding.rule for finding in errors[:_NAMED])
    others = ", ".join(rule for rule in rules if rule != _DRIFT)
    settings = [*([f"ignore: [{others}]"] if others else ()), *(["drift: warn"] if _DRIFT in rules else ())]
    return Cause(
        "bad_csv",
        f"{named}; and {more} more" if more > 0 else named,
        f"{' '.join(fixes)} If the data is right: set csv: {{{', '.join(settings)}}} in train.yaml.",
    )


def warnings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The warnings for the run's record."""
    return tuple(finding for finding in findings if finding.level == "warning")[:_WARNINGS_KEPT]
