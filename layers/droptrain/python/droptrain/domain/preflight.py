"""What is certain not to train, seen before a GPU is asked for."""

from collections.abc import Collection

from droptrain.domain.dataset import Input
from droptrain.domain.errors import Cause

# A record names every input, and DynamoDB holds 400 KB an item; what else is in it stays far below 100 KB.
_RECORD_BYTES = 300_000
_BYTES_BESIDE_THE_KEY = 200


def check(inputs: Collection[Input]) -> Cause | None:
    """The reason to reject these inputs, if any: empty files, or more files than a record can name."""
    empty = [item.object.key for item in inputs if item.object.size == 0]
    if empty:
        return Cause(
            "empty_input",
            f"{', '.join(empty[:5])} {'is' if len(empty) == 1 else 'are'} empty (0 bytes)",
            "Upload the file again; the new version launches a run by itself.",
        )
    if sum(len(item.object.key.encode()) + _BYTES_BESIDE_THE_KEY for item in inputs) > _RECORD_BYTES:
        return Cause(
            "too_many_inputs",
            f"The dataset has {len(inputs)} input files; a run can name about a thousand",
            "Join them into fewer, larger files, drop those, and delete the small ones.",
        )
    return None
