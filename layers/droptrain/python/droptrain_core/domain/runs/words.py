"""What people write about a run: its name, a note and tags."""

from collections.abc import Mapping
from typing import Any

from droptrain_core.domain.text import plain


def cleaned(words: Mapping[str, Any]) -> dict[str, Any]:
    """Some of `name`, `note` and `tags` as a record has them, without invisible characters.

    A name is one line, each tag is there once, and an empty text is None.
    """
    found = dict(words)
    for name in ("name", "note"):
        if found.get(name) is not None:
            found[name] = "\n".join(map(plain, found[name].splitlines())).strip() or None
    if "tags" in found:
        found["tags"] = tuple(sorted(set(found["tags"])))
    return found
