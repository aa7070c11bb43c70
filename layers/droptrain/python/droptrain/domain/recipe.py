"""The recipe, `train.yaml`: its fields, their defaults, and errors that name file, field and fix."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from droptrain.domain.dataset import Trigger
from droptrain.domain.errors import Cause, RejectedError

FILE = "train.yaml"
MAX_BYTES = 64 * 1024
_PROBLEMS_NAMED = 10

Scalar = str | int | float | bool
Spot = Literal["auto", "only", "never"]
EVENTS = ("failed", "succeeded", "rejected", "cancelled", "attention")

_CHANNEL = re.compile(r"[a-z][a-z0-9_]{0,29}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_DURATION = re.compile(r"(\d{1,6})([smhd])")
_MODULE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", re.ASCII)
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_RESERVED = re.compile(r"(AWS_BATCH|AWS_LAMBDA|DROPTRAIN_).*", re.IGNORECASE)


@dataclass(frozen=True)
class Resources:
    """What one Batch job asks for; memory in GiB."""

    gpus: int = 1
    vcpus: int = 4
    memory_gib: int = 14
    nodes: int = 1


@dataclass(frozen=True)
class Metric:
    """The headline metric and which way is better."""

    name: str
    goal: Literal["maximize", "minimize"] = "maximize"


@dataclass(frozen=True)
class MetricDefinition:
    """A metric's name and the regex whose first group is its value in a line of the log."""

    name: str
    regex: str


@dataclass(frozen=True)
class Checkpoints:
    """How often checkpoints are saved, in seconds, and how many generations stay."""

    interval_seconds: int = 30
    keep: int = 3


@dataclass(frozen=True)
class Recipe:
    """How a project is trained. The defaults are those of an absent recipe."""

    entrypoint: str | None = None
    hyperparameters: Mapping[str, Scalar] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(
        default_factory=lambda: {"training": "train.csv", "testing": "test.csv"}
    )
    trigger: Trigger = "files"
    resources: Resources = field(default_factory=Resources)
    spot: Spot = "auto"
    attempts: int = 3
    timeout_seconds: int = 86400
    max_cost_usd: float | None = None
    metric: Metric | None = None
    metric_definitions: tuple[MetricDefinition, ...] = ()
    csv: Mapping[str, Any] = field(default_factory=dict)
    notify: tuple[str, ...] = EVENTS
    checkpoints: Checkpoints = field(default_factory=Checkpoints)


def file_of(entrypoint: str) -> str:
    """The code file that an entrypoint names: a path, or a module such as trainer.task."""
    return entrypoint if entrypoint.endswith((".sh", ".py")) else entrypoint.replace(".", "/") + ".py"


def parse(document: object) -> Recipe:
    """The recipe that a parsed YAML document describes; RejectedError names the wrong fields at once."""
    problems: list[str] = []
    recipe = _parse(document, problems)
    if problems:
        named = "; ".join(problems[:_PROBLEMS_NAMED])
        more = len(problems) - _PROBLEMS_NAMED
        raise RejectedError(bad_recipe(f"{named}; and {more} more" if more > 0 else named))
    return recipe


def inputs_of(document: object) -> Recipe | None:
    """The recipe's inputs and trigger alone, other fields by default, where these two can be read."""
    if not isinstance(document, Mapping | None):
        return None
    problems: list[str] = []
    recipe = _parse(
        {name: document[name] for name in ("inputs", "trigger") if name in document} if document else None,
        problems,
    )
    return None if problems else recipe


def override(document: object, overrides: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe's document with `overrides` of hyperparameters and resources laid over it by field."""
    whole = dict(document) if isinstance(document, Mapping) else {}
    for name, changes in overrides.items():
        whole[name] = {**whole.get(name, {}), **changes}
    return whole


def bad_recipe(problem: str) -> Cause:
    """The cause of a rejection for a recipe that can't be used."""
    return Cause(
        code="bad_recipe",
        message=f"{FILE}: {problem}",
        fix=f"Correct {FILE}, upload it, and launch the dataset with POST /runs or by dropping it again.",
    )


def _parse(document: object, problems: list[str]) -> Recipe:
    if document is None:
        return Recipe()
    if not isinstance(document, Mapping):
        problems.append("the file has to be a mapping of fields, such as `entrypoint: run.sh`")
        return Recipe()
    values: dict[str, Any] = {}
    for name, value in document.items():
        if name not in FIELDS:
            known = ", ".join(FIELDS)
            problems.append(f"there is no field {str(name)[:60]!r}; the fields are {known}")
            continue
        attribute, read = FIELDS[name]
        try:
            values[attribute] = read(value)
        except _WrongError as error:
            problems.append(f"{name}{error.path}: {error}")
    return replace(Recipe(), **values)


class _WrongError(Exception):
    """A value that a field can't have; `path` leads from the field to it."""

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.path = path


def _kind(value: object) -> str:
    names = {
        type(None): "nothing",
        bool: "true/false",
        int: "a number",
        float: "a number",
        str: "a text",
        list: "a list",
        dict: "a mapping",
    }
    return names.get(type(value), f"a {type(value).__name__}")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise _WrongError(f"has to be a text, not {_kind(value)}")
    return value


def _integer(low: int, high: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise _WrongError(f"has to be a whole number from {low} to {high}, not {_short(value)}")
        return value

    return read


def _one_of(*choices: str) -> Callable[[object], Any]:
    def read(value: object) -> str:
        if value not in choices:
            raise _WrongError(f"has to be {', '.join(choices[:-1])} or {choices[-1]}, not {_short(value)}")
        return str(value)

    return read


def _duration(low: int, high: int) -> Callable[[object], int]:
    def read(value: object) -> int:
        match = _DURATION.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise _WrongError(f"has to be a duration such as 30s, 90m, 4h or 2d, not {_short(value)}")
        seconds = int(match[1]) * _UNIT_SECONDS[match[2]]
        if not low <= seconds <= high:
            raise _WrongError(f"has to be from {low}s to {high}s, not {value}")
        return seconds

    return read


def _mapping(value: object, known: Mapping[str, Callable[[object], Any]]) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _WrongError(f"has to be a mapping of {', '.join(known)}, not {_kind(value)}")
    read: dict[str, Any] = {}
    for name, item in value.items():
        if name not in known:
            raise _WrongError(f"has no field {str(name)[:60]!r}; its fields are {', '.join(known)}")
        try:
            read[name] = known[name](item)
        except _WrongError as error:
            raise _WrongError(str(error), f".{name}{error.path}") from None
    return read


def _entrypoint(value: object) -> str:
    path = _text(value)
    if path.startswith("/") or ".." in path.split("/") or len(path) > 200:
        raise _WrongError(f"has to be a path inside the project's code folder, not {_short(path)}")
    if not path.endswith((".sh", ".py")) and not _MODULE.fullmatch(path):
        raise _WrongError(
            f"has to be a shell script such as run.sh, a Python file such as train.py "
            f"or a Python module such as trainer.task, not {_short(path)}"
        )
    return path


def _hyperparameters(value: object) -> dict[str, Scalar]:
    if not isinstance(value, Mapping):
        raise _WrongError(f"has to be a mapping such as {{epochs: 10}}, not {_kind(value)}")
    for name, item in value.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise _WrongError(
                f"{_short(name)} can't be a hyperparameter's name (letters, digits, _, - and .)"
            )
        if not isinstance(item, str | int | float | bool) or len(str(item)) > 1000:
            raise _WrongError(
                "has to be a number, a text of at most 1000 characters or true/false", f".{name}"
            )
    return dict(value)


def _environment(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise _WrongError(f"has to be a mapping such as {{NAME: value}}, not {_kind(value)}")
    variables: dict[str, str] = {}
    for name, item in value.items():
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            raise _WrongError(f"{_short(name)} can't be a variable's name (letters, digits and _)")
        if _RESERVED.fullmatch(name):
            raise _WrongError(
                "names that start with AWS_BATCH, AWS_LAMBDA or DROPTRAIN_ are taken", f".{name}"
            )
        if isinstance(item, Mapping):
            raise _WrongError(
                "secrets by ARN aren't supported yet; let the script read the secret itself", f".{name}"
            )
        if isinstance(item, str | int | float) and len(str(item)) <= 4000:
            variables[name] = _as_text(item)
        else:
            raise _WrongError("has to be a text or a number of at most 4000 characters", f".{name}")
    return variables


def _as_text(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _inputs(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping) or not 1 <= len(value) <= 20:
        raise _WrongError("has to be a mapping of 1 to 20 channels such as {training: train.csv}")
    for channel, pattern in value.items():
        if not isinstance(channel, str) or not _CHANNEL.fullmatch(channel):
            raise _WrongError(f"{_short(channel)} can't be a channel's name (a-z, 0-9 and _)")
        parts = pattern.split("/") if isinstance(pattern, str) else [""]
        if not all(parts) or ".." in parts or len(str(pattern)) > 200:
            raise _WrongError(
                "has to be a file or glob in the dataset's folder, such as train/part-*.csv", f".{channel}"
            )
    return dict(value)


def _resources(value: object) -> Resources:
    read = _mapping(
        value,
        {
            "gpus": _integer(0, 16),
            "vcpus": _integer(1, 192),
            "memory_gib": _integer(1, 2048),
            "nodes": _integer(1, 1000),
        },
    )
    if read.get("nodes", 1) > 1:
        raise _WrongError("several nodes aren't supported yet; leave it out or say 1", ".nodes")
    return Resources(**read)


def _cost(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1_000_000:
        raise _WrongError(f"has to be a sum in US dollars above 0, not {_short(value)}")
    return float(value)


def _metric(value: object) -> Metric:
    read = _mapping(value, {"name": _text, "goal": _one_of("maximize", "minimize")})
    if "name" not in read:
        raise _WrongError("needs a name, such as {name: test_accuracy, goal: maximize}")
    return Metric(**read)


def _regex(value: object) -> str:
    """A regex that Python can read, of at most 500 characters as in SageMaker, with a group for the value."""
    text = _text(value)
    if len(text) > 500:
        raise _WrongError(f"has to be at most 500 characters long, not {len(text)}")
    try:
        groups = re.compile(text).groups
    except (re.error, OverflowError, RecursionError) as error:
        raise _WrongError(f"isn't a regular expression: {error} in {_short(text)}") from None
    if not groups:
        raise _WrongError(
            f"needs a group around the number, such as 'loss: ([0-9.]+)', and {_short(text)} has none"
        )
    return text


def _metric_definitions(value: object) -> tuple[MetricDefinition, ...]:
    if not isinstance(value, list) or len(value) > 40:
        raise _WrongError(
            "has to be a list of at most 40 definitions, such as [{name: loss, regex: 'loss: ([0-9.]+)'}]"
        )
    definitions: dict[str, MetricDefinition] = {}
    for number, item in enumerate(value):
        try:
            read = _mapping(item, {"name": _metric_name, "regex": _regex})
        except _WrongError as error:
            raise _WrongError(str(error), f"[{number}]{error.path}") from None
        if len(read) < 2:
            raise _WrongError(
                "needs a name and a regex, such as {name: loss, regex: 'loss: ([0-9.]+)'}", f"[{number}]"
            )
        definition = MetricDefinition(**read)
        if definition.name in definitions:
            raise _WrongError(f"{_short(definition.name)} is defined twice; say it once", f"[{number}].name")
        definitions[definition.name] = definition
    return tuple(definitions.values())


def _metric_name(value: object) -> str:
    name = _text(value)
    if len(name) > 100 or not name.isprintable():
        raise _WrongError(f"has to be a name of at most 100 characters, not {_short(name)}")
    return name


def _columns(value: object) -> list[str]:
    if not isinstance(value, list) or not value or not all(isinstance(item, str) and item for item in value):
        raise _WrongError("has to be a list of column names")
    return list(value)


def _delimiter(value: object) -> str:
    if not isinstance(value, str) or len(value) != 1:
        raise _WrongError(f"has to be one character, not {_short(value)}")
    return value


def _header(value: object) -> Any:
    if value not in ("auto", True, False):
        raise _WrongError(f"has to be auto, true or false, not {_short(value)}")
    return value


def _csv(value: object) -> dict[str, Any]:
    return _mapping(value, {"header": _header, "label": _text, "columns": _columns, "delimiter": _delimiter})


def _events(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(item in EVENTS for item in value):
        raise _WrongError(f"has to be a list of {', '.join(EVENTS)}, not {_short(value)}")
    return tuple(value)


def _notify(value: object) -> tuple[str, ...]:
    events: tuple[str, ...] = _mapping(value, {"on": _events}).get("on", EVENTS)
    return events


def _checkpoints(value: object) -> Checkpoints:
    read = _mapping(value, {"interval": _duration(1, 86400), "keep": _integer(1, 100)})
    default = Checkpoints()
    return Checkpoints(read.get("interval", default.interval_seconds), read.get("keep", default.keep))


# The fields of train.yaml: where each goes in Recipe, and how it is read.
FIELDS: Mapping[str, tuple[str, Callable[[object], Any]]] = {
    "entrypoint": ("entrypoint", _entrypoint),
    "hyperparameters": ("hyperparameters", _hyperparameters),
    "environment": ("environment", _environment),
    "inputs": ("inputs", _inputs),
    "trigger": ("trigger", _one_of("files", "marker")),
    "resources": ("resources", _resources),
    "spot": ("spot", _one_of("auto", "only", "never")),
    "attempts": ("attempts", _integer(1, 10)),
    "timeout": ("timeout_seconds", _duration(60, 14 * 86400)),
    "max_cost_usd": ("max_cost_usd", _cost),
    "metric": ("metric", _metric),
    "metric_definitions": ("metric_definitions", _metric_definitions),
    "csv": ("csv", _csv),
    "notify": ("notify", _notify),
    "checkpoints": ("checkpoints", _checkpoints),
}
