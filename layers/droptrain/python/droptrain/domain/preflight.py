"""What is certain not to train, seen before a GPU is asked for."""

from collections.abc import Collection

from droptrain.domain.dataset import Input
from droptrain.domain.errors import Cause

# What a launch can list, and write into run.json, well within its function's time.
MAX_INPUTS = 10_000


def check(inputs: Collection[Input]) -> Cause | None:
    """The reason to reject these inputs, if any: empty files, or too many of them."""
    empty = [item.object.key for item in inputs if item.object.size == 0]
    if empty:
        return Cause(
            "empty_input",
            f"{', '.join(empty[:5])} {'is' if len(empty) == 1 else 'are'} empty (0 bytes)",
            "Upload the file again; the new version launches a run by itself.",
        )
    if len(inputs) > MAX_INPUTS:
        return Cause(
            "too_many_inputs",
            f"The dataset has {len(inputs)} input files; a run can have {MAX_INPUTS}",
            "Join them into fewer, larger files, drop those, and delete the small ones.",
        )
    return None
