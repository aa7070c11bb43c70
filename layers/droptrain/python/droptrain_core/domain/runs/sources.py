"""What a run was trained by: the recipe and the code files, in the versions that its plan pins."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from droptrain_core.domain.frozen import frozen

MAX_SHOWN_BYTES = 256 * 1024
Unshown = Literal["binary", "large", "gone"]


@frozen
class Source:
    """A file; `path` is relative to the project's folder, such as code/train.py, and `size` in bytes."""

    path: str
    key: str
    version_id: str
    size: int

    @property
    def is_large(self) -> bool:
        """Whether it has too many bytes to be shown."""
        return self.size > MAX_SHOWN_BYTES


def sources_of(plan: Mapping[str, Any]) -> tuple[Source, ...]:
    """The recipe, if there was one, and the code of a plan, by path."""
    return tuple(sorted(_sources(plan), key=lambda source: source.path))


def shown(body: bytes) -> str | None:
    """The text of a file; None if it is none."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _sources(plan: Mapping[str, Any]) -> Iterator[Source]:
    folder = f"projects/{plan['project']}/"
    for file in (*([plan["recipe"]] if plan["recipe"] else []), *plan["code"]):
        if not file["key"].endswith("/"):
            path = file["key"].removeprefix(folder)
            yield Source(path, file["key"], file["version_id"], file["size"])
