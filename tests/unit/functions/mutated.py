"""Events with something wrong in them, anywhere: a field missing, too much, or not as it should be."""

import copy
import json
from collections.abc import Container, Iterable, Iterator
from typing import Any

from hypothesis import strategies as st

Path = tuple[Any, ...]
EXTRA = "some-new-field"


def nested(depth: int) -> Any:
    """Objects and lists in one another."""
    found: Any = "deep"
    for level in range(depth):
        found = {"status": found} if level % 2 else [found]
    return found


JUNK = (
    None, True, False, 0, -1, 1, 1.5, 10**13, 1795399800, -(10**15), 10**40, 10**400,
    float("nan"), float("inf"), float("-inf"), 1e308,
    "", " ", "NaN", "null", "0", "-1", "RUNNING", "FAILED", "../..", "\x00",
    "projects/penguins/data/first/train.csv",
    "\ud800", "🐧", "x" * 100_000, "é" * 600,
    [], {}, [None], [{}], [[]], {"": ""}, {"S": None}, {"S": 1}, {"N": "NaN"}, {"N": "1"}, [0] * 10_000,
    nested(50), nested(300),
)  # fmt: skip
TYPES = (None, True, 7, "text", [1], {"a": 1})
# A message's body that no JSON writer makes.
TEXTS = (
    "", "not JSON", "null", "[]", '"text"', "7", "NaN", "{", '{"detail": ', "[" * 100_000, '{"a":' * 100_000,
    "9" * 5_000, '{"detail": {"jobName": 1e999}}', "\ufeff{}", "x" * 100_000, '{"detail": "{}"}',
)  # fmt: skip


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of each field and item of an event, those of the event itself first."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [(*path, name) for name, _ in parts]
    yield from found
    for each in found:
        yield from places(value[each[-1]], each)


def changed(event: Any, path: Path, how: str, junk: Any) -> Any:
    """The event with one thing wrong at `path`; what isn't there any more stays so."""
    event = copy.deepcopy(event)
    parent = event
    for name in path[:-1]:
        try:
            parent = parent[name]
        except (KeyError, IndexError, TypeError):
            return event
    if not isinstance(parent, dict if isinstance(path[-1], str) else list):
        return event
    try:
        now = parent[path[-1]]
    except (KeyError, IndexError):
        return event
    match how:
        case "missing":
            del parent[path[-1]]
        case "extra":
            target = now if isinstance(now, dict) else parent
            if isinstance(target, dict):
                target[EXTRA] = copy.deepcopy(junk)
        case "wrapped":
            parent[path[-1]] = [now]
        case "as text":
            parent[path[-1]] = json.dumps(now)
        case "junk":
            parent[path[-1]] = copy.deepcopy(junk)
    return event


@st.composite
def mutated(draw: st.DrawFn, event: Any) -> Any:
    """The event with one to three things wrong."""
    for _ in range(draw(st.integers(1, 3))):
        there = list(places(event))
        if not there:
            break
        path = draw(st.sampled_from(there))
        how = draw(st.sampled_from(("missing", "extra", "wrapped", "as text", "junk", "junk", "junk")))
        event = changed(event, path, how, draw(st.sampled_from(JUNK)))
    return event


def everything_wrong(event: Any, fields: Container[str], instead: Iterable[Any] = JUNK) -> Iterator[Any]:
    """The event with each of its `fields`, such as "detail.attempts[].startedAt", missing or changed."""
    for path in places(event):
        named = "".join("[]" if isinstance(each, int) else f".{each}" for each in path).removeprefix(".")
        if named in fields:
            yield changed(event, path, "missing", None)
            for junk in instead:
                yield changed(event, path, "junk", junk)
