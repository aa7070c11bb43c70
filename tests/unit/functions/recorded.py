"""Events that note which of their fields are read: by what path, as `detail.object.version-id`."""

from collections.abc import Iterator
from typing import Any


class Recorded(dict[str, Any]):
    """An object of an event. Reading a field, or asking whether it is there, notes its path."""

    def __init__(self, values: dict[str, Any], noted: set[str], path: str = "") -> None:
        self._noted = noted
        self._path = path
        super().__init__({name: recorded(value, noted, self._at(name)) for name, value in values.items()})

    def __getitem__(self, name: str) -> Any:
        self._note(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self._note(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self._note(str(name))
        return super().__contains__(name)

    def __iter__(self) -> Iterator[str]:
        self._note("*")
        return super().__iter__()

    def items(self) -> Any:
        self._note("*")
        return super().items()

    def keys(self) -> Any:
        self._note("*")
        return super().keys()

    def _note(self, name: str) -> None:
        self._noted.add(self._at(name))

    def _at(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name


def recorded(value: Any, noted: set[str], path: str = "") -> Any:
    """The value, with every object in it noting into `noted`; the items of lists share a path."""
    if isinstance(value, dict):
        return Recorded(value, noted, path)
    if isinstance(value, list):
        return [recorded(each, noted, f"{path}[]") for each in value]
    return value
