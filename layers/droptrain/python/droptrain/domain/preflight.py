"""What is certain not to train, seen before a GPU is asked for."""

from collections.abc import Iterable

from droptrain.domain.dataset import Input
from droptrain.domain.errors import Cause


def check(inputs: Iterable[Input]) -> Cause | None:
    """The reason to reject these inputs, if any: an empty file can't train."""
    empty = [item.object.key for item in inputs if item.object.size == 0]
    if not empty:
        return None
    return Cause(
        "empty_input",
        f"{', '.join(empty[:5])} {'is' if len(empty) == 1 else 'are'} empty (0 bytes)",
        "Upload the file again; the new version launches a run by itself.",
    )
