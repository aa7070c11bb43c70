"""The recipe, `train.yaml`: its fields, their defaults, and errors that name file, field and fix."""

import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Literal, TypeGuard, TypeVar

from droptrain.domain.dataset import MARKER, Trigger, is_pattern
from droptrain.domain.errors import Cause, RejectedError
from droptrain.domain.regex import count_groups
from droptrain.domain.rule_names import RULE_NAMES

FILE = "train.yaml"
DEFAULT_SCRIPT = "run.sh"
MAX_BYTES = 64 * 1024
_PROBLEMS_NAMED = 10
# All of them, as the JSON text that is one variable of the script: Linux takes 128 KiB for one (execve(2)).
_MAX_HYPERPARAMETER_BYTES = 64 * 1024

Scalar = str | int | float | bool
Spot = Literal["auto", "only", "never"]
EVENTS = ("failed", "succeeded", "rejected", "cancelled", "attention")

_CHANNEL = re.compile(r"[a-z][a-z0-9_]{0,29}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_DURATION = re.compile(r"([0-9]{1,6})([smhd])")
_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+")
_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_RESERVED = ("AWS_BATCH", "AWS_LAMBDA", "DROPTRAIN_")  # in any case
_NO_NULL = r"^[^\x00]*$"  # a variable can't hold one
# As AWS Batch's valueFrom has it: a secret's ARN, and if need be a JSON key, a version stage, a version id.
_SECRET_ARN = re.compile(
    r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]{1,30}:[0-9]{12}:secret:"
    r"droptrain/[A-Za-z0-9/_+=.@-]{1,510}(:[!-9;-~]{0,256}){0,3}"
)
_OTHER_SECRET = re.compile(r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]+:secret:(?!droptrain/)[^:]+")


@dataclass(frozen=True)
class Secret:
    """A secret of AWS Secrets Manager by its `arn`; its value is read by the container alone."""

    arn: str


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
    environment: Mapping[str, str | Secret] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(
        default_factory=lambda: {"training": "train.csv", "testing": "test.csv"}
    )
    trigger: Trigger = "files"
    quiet_seconds: int | None = None
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


@dataclass(frozen=True)
class Wrong:
    """What is wrong with a field (by its first name; empty: with the file), in a sentence with the fix."""

    field: str
    problem: str


def parse(document: object) -> Recipe:
    """The recipe that a parsed YAML document describes; RejectedError names the wrong fields at once."""
    recipe, problems = check(document)
    if problems:
        named = "; ".join(wrong.problem for wrong in problems[:_PROBLEMS_NAMED])
        more = len(problems) - _PROBLEMS_NAMED
        raise RejectedError(bad_recipe(f"{named}; and {more} more" if more > 0 else named))
    return recipe


def check(document: object) -> tuple[Recipe, list[Wrong]]:
    """The recipe, wrong fields by default, and everything that is wrong with the document."""
    problems: list[Wrong] = []
    return _parse(document, problems), problems


def inputs_of(document: object) -> Recipe | None:
    """The recipe's inputs and trigger alone, other fields by default, where these two can be read."""
    if not isinstance(document, Mapping | None):
        return None
    recipe, problems = check(
        {name: document[name] for name in ("inputs", "trigger", "quiet_for") if name in document}
        if document
        else None
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


def _parse(document: object, problems: list[Wrong]) -> Recipe:
    if document is None:
        return Recipe()
    if not isinstance(document, Mapping):
        problems.append(Wrong("", "the file has to be a mapping of fields, such as `entrypoint: run.sh`"))
        return Recipe()
    values: dict[str, Any] = {}
    for name, value in document.items():
        if name not in FIELDS:
            known = ", ".join(FIELDS)
            wrong = f"there is no field {str(name)[:60]!r}; the fields are {known}"
            problems.append(Wrong(str(name), wrong))
            continue
        known_field = FIELDS[name]
        try:
            values[known_field.attribute] = known_field.read(value)
        except _WrongError as error:
            problems.append(Wrong(name, f"{name}{error.path}: {error}"))
    recipe = replace(Recipe(), **values)
    has_patterns = any(map(is_pattern, recipe.inputs.values()))
    if "trigger" not in values and has_patterns:
        return replace(recipe, trigger="quiet")
    if recipe.trigger == "files" and has_patterns:
        said = "files needs an input for each file, and here is a pattern, which more files can match later"
        problems.append(Wrong("trigger", f"trigger: {said}. Leave it out, for quiet; or use marker"))
    return recipe


class _WrongError(Exception):
    """A value that a field can't have; `path` leads from the field to it."""

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.path = path


Value = TypeVar("Value")


@dataclass(frozen=True)
class Reader(Generic[Value]):
    """Reads a value, or raises _WrongError; `schema` says what it takes, as far as JSON Schema can."""

    read: Callable[[object], Value]
    schema: Mapping[str, Any]

    def __call__(self, value: object) -> Value:
        """The value as the recipe has it."""
        return self.read(value)


@dataclass(frozen=True)
class Field:
    """A field of train.yaml: its attribute in Recipe, how it is read, its meaning, and its default."""

    attribute: str
    read: Reader[Any]
    about: str
    default: object = None


def _takes(**schema: Any) -> Callable[[Callable[[object], Value]], Reader[Value]]:
    return lambda read: Reader(read, schema)


def _fields(known: Mapping[str, Reader[Any]], **more: Any) -> dict[str, Any]:
    """JSON Schema of a mapping that has these fields and no other."""
    properties = {name: read.schema for name, read in known.items()}
    return {"type": "object", "properties": properties, "additionalProperties": False, **more}


def _whole(pattern: re.Pattern[str]) -> str:
    return f"^(?:{pattern.pattern})$"


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


@_takes(type="string", minLength=1)
def _text(value: object) -> str:
    if not isinstance(value, str) or not value:
        raise _WrongError(f"has to be a text, not {_kind(value)}")
    return value


def _integer(low: int, high: int) -> Reader[int]:
    @_takes(type="integer", minimum=low, maximum=high)
    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise _WrongError(f"has to be a whole number from {low} to {high}, not {_short(value)}")
        return value

    return read


def _one_of(*choices: str) -> Reader[Any]:
    @_takes(enum=[*choices])
    def read(value: object) -> str:
        if value not in choices:
            raise _WrongError(f"has to be {', '.join(choices[:-1])} or {choices[-1]}, not {_short(value)}")
        return str(value)

    return read


def _duration(low: int, high: int) -> Reader[int]:
    @_takes(type="string", pattern=_whole(_DURATION))
    def read(value: object) -> int:
        match = _DURATION.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise _WrongError(f"has to be a duration such as 30s, 90m, 4h or 2d, not {_short(value)}")
        seconds = int(match[1]) * _UNIT_SECONDS[match[2]]
        if not low <= seconds <= high:
            raise _WrongError(f"has to be from {low}s to {high}s, not {value}")
        return seconds

    return read


def _mapping(value: object, known: Mapping[str, Reader[Any]]) -> dict[str, Any]:
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


@_takes(
    type="string",
    minLength=1,
    maxLength=200,
    allOf=[
        {"not": {"pattern": r"^/|(?:^|/)\.\.(?:/|$)"}},
        {"anyOf": [{"pattern": r"\.(?:sh|py)$"}, {"pattern": _whole(_MODULE)}]},
    ],
)
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


@_takes(
    type="object",
    propertyNames={"pattern": _whole(_NAME)},
    additionalProperties={"type": ["string", "number", "boolean"], "maxLength": 1000, "pattern": _NO_NULL},
)
def _hyperparameters(value: object) -> dict[str, Scalar]:
    if not isinstance(value, Mapping):
        raise _WrongError(f"has to be a mapping such as {{epochs: 10}}, not {_kind(value)}")
    for name, item in value.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise _WrongError(
                f"{_short(name)} can't be a hyperparameter's name (letters, digits, _, - and .)"
            )
        if not _is_scalar(item) or len(str(item)) > 1000:
            raise _WrongError(
                "has to be a number, a text of at most 1000 characters or true/false", f".{name}"
            )
    if (size := len(json.dumps(dict(value)))) > _MAX_HYPERPARAMETER_BYTES:
        raise _WrongError(
            f"take {size} bytes as JSON, where a letter beyond ASCII takes 6 or 12; all of them together "
            f"can have {_MAX_HYPERPARAMETER_BYTES}. Put long texts into a file of the code, and name it here"
        )
    return dict(value)


def _is_scalar(value: object) -> TypeGuard[Scalar]:
    """Whether a variable can hold the value."""
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) or (isinstance(value, str) and "\0" not in value)


def _in_any_case(beginnings: tuple[str, ...]) -> str:
    letters = (
        "".join(f"[{letter}{letter.lower()}]" if letter.isalpha() else letter for letter in each)
        for each in beginnings
    )
    return f"^(?:{'|'.join(letters)})"


@_takes(type="string", pattern=_whole(_SECRET_ARN))
def _secret_arn(value: object) -> str:
    """Never repeats what stands there: somebody may have put the secret itself."""
    if isinstance(value, str) and _SECRET_ARN.fullmatch(value):
        return value
    if isinstance(value, str) and _OTHER_SECRET.match(value):
        raise _WrongError(
            "has to name a secret whose name begins with droptrain/, as a training may read no other; "
            "make one with: aws secretsmanager create-secret --name droptrain/NAME --secret-string file://secret"
        )
    raise _WrongError(
        "has to be the ARN of a secret in AWS Secrets Manager, such as "
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:droptrain/NAME-AbCdEf, and :KEY behind it "
        "for one value of a JSON secret"
    )


_SECRET = {"secret": _secret_arn}


@_takes(**_fields(_SECRET, required=[*_SECRET]))
def _secret(value: object) -> Secret:
    read = _mapping(value, _SECRET)
    if not read:
        raise _WrongError("has to be a text, a number, or a secret such as {secret: arn:...}")
    return Secret(read["secret"])


@_takes(
    type="object",
    propertyNames={"pattern": _whole(_VARIABLE), "not": {"pattern": _in_any_case(_RESERVED)}},
    additionalProperties={
        "anyOf": [
            {"type": ["string", "number", "boolean"], "maxLength": 4000, "pattern": _NO_NULL},
            _secret.schema,
        ]
    },
)
def _environment(value: object) -> dict[str, str | Secret]:
    if not isinstance(value, Mapping):
        raise _WrongError(f"has to be a mapping such as {{NAME: value}}, not {_kind(value)}")
    variables: dict[str, str | Secret] = {}
    for name, item in value.items():
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            raise _WrongError(f"{_short(name)} can't be a variable's name (letters, digits and _)")
        if name.upper().startswith(_RESERVED):
            raise _WrongError(
                "names that start with AWS_BATCH, AWS_LAMBDA or DROPTRAIN_ are taken", f".{name}"
            )
        if isinstance(item, Mapping):
            try:
                variables[name] = _secret(item)
            except _WrongError as error:
                raise _WrongError(str(error), f".{name}{error.path}") from None
        elif _is_scalar(item) and len(str(item)) <= 4000:
            variables[name] = _as_text(item)
        else:
            raise _WrongError("has to be a text or a number of at most 4000 characters", f".{name}")
    return variables


def _as_text(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@_takes(
    type="object",
    minProperties=1,
    maxProperties=20,
    propertyNames={"pattern": _whole(_CHANNEL)},
    additionalProperties={
        "type": "string",
        "maxLength": 200,
        "pattern": "^[^/]+(?:/[^/]+)*$",
        "not": {"pattern": r"(?:^|/)\.\.(?:/|$)"},
    },
)
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
        if parts[-1] == MARKER:
            raise _WrongError(f"{MARKER} is the marker, and a marker is never an input", f".{channel}")
    return dict(value)


@_takes(type="integer", minimum=1, maximum=1)
def _nodes(value: object) -> int:
    number = _integer(1, 1000)(value)
    if number > 1:
        raise _WrongError(
            "a run trains on one instance; leave it out, and ask for several GPUs with resources.gpus"
        )
    return number


_RESOURCES = {
    "gpus": _integer(0, 16),
    "vcpus": _integer(1, 192),
    "memory_gib": _integer(1, 2048),
    "nodes": _nodes,
}


@_takes(**_fields(_RESOURCES))
def _resources(value: object) -> Resources:
    return Resources(**_mapping(value, _RESOURCES))


@_takes(type="number", exclusiveMinimum=0, maximum=1_000_000)
def _cost(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1_000_000:
        raise _WrongError(f"has to be a sum in US dollars above 0, not {_short(value)}")
    return float(value)


@_takes(type="string", minLength=1, maxLength=100)
def _metric_name(value: object) -> str:
    name = _text(value)
    if len(name) > 100 or not name.isprintable():
        raise _WrongError(f"has to be a name of at most 100 characters, not {_short(name)}")
    return name


_METRIC = {"name": _metric_name, "goal": _one_of("maximize", "minimize")}


@_takes(**_fields(_METRIC, required=["name"]))
def _metric(value: object) -> Metric:
    read = _mapping(value, _METRIC)
    if "name" not in read:
        raise _WrongError("needs a name, such as {name: test_accuracy, goal: maximize}")
    return Metric(**read)


@_takes(type="string", maxLength=500, pattern="[(]")
def _regex(value: object) -> str:
    """A regex that Python can read, of at most 500 characters as in SageMaker, with a group for the value."""
    text = _text(value)
    if len(text) > 500:
        raise _WrongError(f"has to be at most 500 characters long, not {len(text)}")
    try:
        groups = count_groups(text)
    except ValueError as error:
        raise _WrongError(f"isn't a regular expression: {error} in {_short(text)}") from None
    if not groups:
        raise _WrongError(
            f"needs a group around the number, such as 'loss: ([0-9.]+)', and {_short(text)} has none"
        )
    return text


_DEFINITION = {"name": _metric_name, "regex": _regex}


@_takes(type="array", maxItems=40, items=_fields(_DEFINITION, required=[*_DEFINITION]))
def _metric_definitions(value: object) -> tuple[MetricDefinition, ...]:
    if not isinstance(value, list) or len(value) > 40:
        raise _WrongError(
            "has to be a list of at most 40 definitions, such as [{name: loss, regex: 'loss: ([0-9.]+)'}]"
        )
    definitions: dict[str, MetricDefinition] = {}
    for number, item in enumerate(value):
        try:
            read = _mapping(item, _DEFINITION)
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


@_takes(type="array", minItems=1, items=_text.schema)
def _columns(value: object) -> list[str]:
    if not isinstance(value, list) or not value or not all(isinstance(item, str) and item for item in value):
        raise _WrongError("has to be a list of column names")
    return list(value)


@_takes(type="string", minLength=1, maxLength=1, pattern=r'^[^\r\n"]$')
def _delimiter(value: object) -> str:
    if not isinstance(value, str) or len(value) != 1 or value in '\r\n"':
        raise _WrongError(f"has to be one character, and no quote or line break, not {_short(value)}")
    return value


@_takes(enum=["auto", True, False])
def _header(value: object) -> Any:
    if value != "auto" and not isinstance(value, bool):
        raise _WrongError(f"has to be auto, true or false, not {_short(value)}")
    return value


@_takes(type=["string", "integer"], minLength=1, minimum=0)
def _label(value: object) -> str | int:
    """A column's name, or its place from 0 in a file without a header."""
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise _WrongError(f"has to be a column's name, or its number from 0, not {_kind(value)}")
    if isinstance(value, int) and value < 0:
        raise _WrongError(f"has to be a column's name, or its number from 0, not {value}")
    return value


@_takes(type="array", items={"enum": [*RULE_NAMES]})
def _ignored(value: object) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise _WrongError(f"has to be a list of rules, such as [short_row], not {_short(value)}")
    for item in value:
        if item not in RULE_NAMES:
            raise _WrongError(f"{_short(item)} isn't a rule; the rules are {', '.join(RULE_NAMES)}")
    return list(value)


_CSV = {"header": _header, "label": _label, "columns": _columns, "delimiter": _delimiter, "ignore": _ignored}


@_takes(**_fields(_CSV))
def _csv(value: object) -> dict[str, Any]:
    return _mapping(value, _CSV)


@_takes(type="array", items={"enum": [*EVENTS]})
def _events(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(item in EVENTS for item in value):
        raise _WrongError(f"has to be a list of {', '.join(EVENTS)}, not {_short(value)}")
    return tuple(value)


_NOTIFY = {"on": _events}


@_takes(**_fields(_NOTIFY))
def _notify(value: object) -> tuple[str, ...]:
    events: tuple[str, ...] = _mapping(value, _NOTIFY).get("on", EVENTS)
    return events


_CHECKPOINTS = {"interval": _duration(1, 86400), "keep": _integer(1, 100)}


@_takes(**_fields(_CHECKPOINTS))
def _checkpoints(value: object) -> Checkpoints:
    read = _mapping(value, _CHECKPOINTS)
    default = Checkpoints()
    return Checkpoints(read.get("interval", default.interval_seconds), read.get("keep", default.keep))


FIELDS: Mapping[str, Field] = {
    "entrypoint": Field(
        "entrypoint",
        _entrypoint,
        "What of code/ is run: a shell script, a Python file (train.py), or a module (trainer.task).",
        DEFAULT_SCRIPT,
    ),
    "hyperparameters": Field(
        "hyperparameters",
        _hyperparameters,
        "Numbers, texts or true/false by name: HP_* for a script, arguments and SM_HP_* for Python.",
        {},
    ),
    "environment": Field(
        "environment",
        _environment,
        "Variables that the code sees. The bucket's readers see them too: give secrets as {secret: ARN}.",
        {},
    ),
    "inputs": Field(
        "inputs",
        _inputs,
        "Channels, each a file or glob in the dataset's folder. All of them are required.",
        {"training": "train.csv", "testing": "test.csv"},
    ),
    "trigger": Field(
        "trigger",
        _one_of("files", "quiet", "marker"),
        "What launches a run: every file is there; every input is there and no file has come for quiet_for; "
        "or the upload of _SUCCESS. With a pattern in inputs, the default is quiet.",
        "files",
    ),
    "quiet_for": Field(
        "quiet_seconds",
        _duration(30, 3600),
        "With the trigger quiet: how long no file may have come, 30s to 1h. Default: the stack's, 5m.",
    ),
    "resources": Field(
        "resources",
        _resources,
        "What one Batch job asks for; memory in GiB. The defaults fit the smallest GPU instances.",
        {"gpus": 1, "vcpus": 4, "memory_gib": 14, "nodes": 1},
    ),
    "spot": Field("spot", _one_of("auto", "only", "never"), "Spot instances, or never.", "auto"),
    "attempts": Field(
        "attempts", _integer(1, 10), "How often one Batch job is tried when its instance is reclaimed.", 3
    ),
    "timeout": Field(
        "timeout_seconds",
        _duration(60, 14 * 86400),
        "The longest that one attempt may take: 60s to 14d.",
        "24h",
    ),
    "max_cost_usd": Field(
        "max_cost_usd", _cost, "The most that a run may cost, kept by a shorter timeout. Default: no limit."
    ),
    "metric": Field("metric", _metric, "The headline metric, first in the notice, and which way is better."),
    "metric_definitions": Field(
        "metric_definitions",
        _metric_definitions,
        "SageMaker's: a name, and a regex whose first group is the value in a line of the log.",
        [],
    ),
    "csv": Field("csv", _csv, "What the CSVs look like. It is written into run.json for the code.", {}),
    "notify": Field("notify", _notify, "What people are told of.", {"on": [*EVENTS]}),
    "checkpoints": Field(
        "checkpoints",
        _checkpoints,
        "How often CHECKPOINT_DIR is saved (1s to 1d), and how many generations are kept.",
        {"interval": "30s", "keep": 3},
    ),
}
