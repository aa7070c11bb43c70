"""What is certain not to train, seen before a GPU is asked for."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from droptrain.domain.dataset import Input, too_many_inputs
from droptrain.domain.errors import Cause
from droptrain.domain.finding import Finding, describe
from droptrain.domain.preflight.facts import Facts
from droptrain.domain.preflight.names import is_csv
from droptrain.domain.preflight.rules import RULES, Dataset

# As many files of a dataset are looked into by a launch: three reads each, well within its function's time.
FILES_SAMPLED = 20
_NAMED = 5
_WARNINGS_KEPT = 20


def check(inputs: Collection[Input]) -> Cause | None:
    """The reason to reject these inputs, if any: empty files, or too many of them."""
    empty = [item.object.key for item in inputs if item.object.size == 0]
    if empty:
        return Cause(
            "empty_input",
            f"{', '.join(empty[:5])} {'is' if len(empty) == 1 else 'are'} empty (0 bytes)",
            "Upload the file again; the new version launches a run by itself.",
        )
    return too_many_inputs(len(inputs))


def to_sample(inputs: Iterable[Input]) -> list[Input]:
    """Those of the inputs that a launch looks into: the first CSVs by key, one channel's after another's."""
    channels: dict[str, list[Input]] = {}
    for item in sorted(inputs, key=lambda item: (item.channel, item.object.key)):
        if is_csv(item.object.key):
            channels.setdefault(item.channel, []).append(item)
    chosen: list[Input] = []
    while channels and len(chosen) < FILES_SAMPLED:
        for channel in list(channels):
            chosen.append(channels[channel].pop(0))
            if not channels[channel]:
                del channels[channel]
    return chosen[:FILES_SAMPLED]


def judge(files: Iterable[Facts], says: Mapping[str, Any]) -> tuple[Finding, ...]:
    """What the rules find in a dataset's files, errors first; `says` is the recipe's `csv`."""
    dataset = Dataset(tuple(files), says)
    found = [
        Finding(rule.name, rule.level, facts.name, spot.row, spot.column, spot.message, rule.fix)
        for facts in dataset.files
        for rule in RULES
        if rule.name not in says.get("ignore", ())
        for spot in rule.check(facts, dataset)
    ]
    return tuple(sorted(found, key=lambda finding: finding.level))


def rejection(findings: Iterable[Finding]) -> Cause | None:
    """The cause of a rejection that names the errors among the findings, if there are any."""
    errors = [finding for finding in findings if finding.level == "error"]
    if not errors:
        return None
    named = "; ".join(describe(each) for each in errors[:_NAMED])
    more = len(errors) - _NAMED
    fixes = dict.fromkeys(finding.fix for finding in errors[:_NAMED])
    rules = ", ".join(dict.fromkeys(finding.rule for finding in errors[:_NAMED]))
    return Cause(
        "bad_csv",
        f"{named}; and {more} more" if more > 0 else named,
        f"{' '.join(fixes)} If the data is meant to be so: csv: {{ignore: [{rules}]}} in train.yaml.",
    )


def warnings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The warnings that a record keeps."""
    return tuple(finding for finding in findings if finding.level == "warning")[:_WARNINGS_KEPT]
