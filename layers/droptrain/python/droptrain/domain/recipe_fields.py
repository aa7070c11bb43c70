"""The fields of train.yaml, in one table: how each is read, its meaning, its default."""

import json
import math
import re
from collections.abc import Mapping
from typing import TypeGuard

from droptrain.domain.dataset import MARKER
from droptrain.domain.recipe_csv import csv_of
from droptrain.domain.recipe_readers import (
    Field,
    WrongValueError,
    duration,
    integer,
    kind_of,
    mapping,
    mapping_schema,
    one_of,
    short,
    takes,
    text_of,
    whole,
)
from droptrain.domain.recipe_values import (
    EVENTS,
    Checkpoints,
    Metric,
    MetricDefinition,
    Resources,
    Scalar,
    Secret,
)
from droptrain.domain.regex import count_groups

DEFAULT_SCRIPT = "run.sh"
# All of them, as the JSON text that is one variable of the script: Linux takes 128 KiB for one (execve(2)).
_MAX_HYPERPARAMETER_BYTES = 64 * 1024

_CHANNEL = re.compile(r"[a-z][a-z0-9_]{0,29}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+")
_RESERVED = ("AWS_BATCH", "AWS_LAMBDA", "DROPTRAIN_")  # in any case
_NO_NULL = r"^[^\x00]*$"  # a variable can't hold one
# As AWS Batch's valueFrom has it: a secret's ARN, and if need be a JSON key, a version stage, a version id.
_SECRET_ARN = re.compile(
    r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]{1,30}:[0-9]{12}:secret:"
    r"droptrain/[A-Za-z0-9/_+=.@-]{1,510}(:[!-9;-~]{0,256}){0,3}"
)
_OTHER_SECRET = re.compile(r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]+:secret:(?!droptrain/)[^:]+")


@takes(
    type="string",
    minLength=1,
    maxLength=200,
    allOf=[
        {"not": {"pattern": r"^/|(?:^|/)\.\.(?:/|$)"}},
        {"anyOf": [{"pattern": r"\.(?:sh|py)$"}, {"pattern": whole(_MODULE)}]},
    ],
)
def _entrypoint(value: object) -> str:
    path = text_of(value)
    if path.startswith("/") or ".." in path.split("/") or len(path) > 200:
        raise WrongValueError(f"has to be a path inside the project's code folder, not {short(path)}")
    if not path.endswith((".sh", ".py")) and not _MODULE.fullmatch(path):
        raise WrongValueError(
            f"has to be a shell script such as run.sh, a Python file such as train.py "
            f"or a Python module such as trainer.task, not {short(path)}"
        )
    return path


@takes(
    type="object",
    propertyNames={"pattern": whole(_NAME)},
    additionalProperties={"type": ["string", "number", "boolean"], "maxLength": 1000, "pattern": _NO_NULL},
)
def _hyperparameters(value: object) -> dict[str, Scalar]:
    if not isinstance(value, Mapping):
        raise WrongValueError(f"has to be a mapping such as {{epochs: 10}}, not {kind_of(value)}")
    for name, item in value.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise WrongValueError(
                f"{short(name)} can't be a hyperparameter's name (letters, digits, _, - and .)"
            )
        if not _is_scalar(item) or len(str(item)) > 1000:
            raise WrongValueError(
                "has to be a number, a text of at most 1000 characters or true/false", f".{name}"
            )
    if (size := len(json.dumps(dict(value)))) > _MAX_HYPERPARAMETER_BYTES:
        raise WrongValueError(
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


@takes(type="string", pattern=whole(_SECRET_ARN))
def _secret_arn(value: object) -> str:
    """Never repeats what stands there: somebody may have put the secret itself."""
    if isinstance(value, str) and _SECRET_ARN.fullmatch(value):
        return value
    if isinstance(value, str) and _OTHER_SECRET.match(value):
        raise WrongValueError(
            "has to name a secret whose name begins with droptrain/, as a training may read no other; "
            "make one with: aws secretsmanager create-secret --name droptrain/NAME --secret-string file://secret"
        )
    raise WrongValueError(
        "has to be the ARN of a secret in AWS Secrets Manager, such as "
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:droptrain/NAME-AbCdEf, and :KEY behind it "
        "for one value of a JSON secret"
    )


_SECRET = {"secret": _secret_arn}


@takes(**mapping_schema(_SECRET, required=[*_SECRET]))
def _secret(value: object) -> Secret:
    read = mapping(value, _SECRET)
    if not read:
        raise WrongValueError("has to be a text, a number, or a secret such as {secret: arn:...}")
    return Secret(read["secret"])


@takes(
    type="object",
    propertyNames={"pattern": whole(_VARIABLE), "not": {"pattern": _in_any_case(_RESERVED)}},
    additionalProperties={
        "anyOf": [
            {"type": ["string", "number", "boolean", "null"], "maxLength": 4000, "pattern": _NO_NULL},
            _secret.schema,
        ]
    },
)
def _environment(value: object) -> dict[str, str | Secret | None]:
    if not isinstance(value, Mapping):
        raise WrongValueError(f"has to be a mapping such as {{NAME: value}}, not {kind_of(value)}")
    variables: dict[str, str | Secret | None] = {}
    for name, item in value.items():
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            raise WrongValueError(f"{short(name)} can't be a variable's name (letters, digits and _)")
        if name.upper().startswith(_RESERVED):
            raise WrongValueError(
                "names that start with AWS_BATCH, AWS_LAMBDA or DROPTRAIN_ are taken", f".{name}"
            )
        if isinstance(item, Mapping):
            try:
                variables[name] = _secret(item)
            except WrongValueError as error:
                raise WrongValueError(str(error), f".{name}{error.path}") from None
        elif item is None:
            variables[name] = None
        elif _is_scalar(item) and len(str(item)) <= 4000:
            variables[name] = _as_text(item)
        else:
            raise WrongValueError(
                "has to be a text or a number of at most 4000 characters, or null to remove the variable",
                f".{name}",
            )
    return variables


def _as_text(value: Scalar) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@takes(
    type="object",
    minProperties=1,
    maxProperties=20,
    propertyNames={"pattern": whole(_CHANNEL)},
    additionalProperties={
        "type": "string",
        "maxLength": 200,
        "pattern": "^[^/]+(?:/[^/]+)*$",
        "not": {"pattern": r"(?:^|/)\.\.(?:/|$)"},
    },
)
def _inputs(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping) or not 1 <= len(value) <= 20:
        raise WrongValueError("has to be a mapping of 1 to 20 channels such as {training: train.csv}")
    for channel, pattern in value.items():
        if not isinstance(channel, str) or not _CHANNEL.fullmatch(channel):
            raise WrongValueError(f"{short(channel)} can't be a channel's name (a-z, 0-9 and _)")
        parts = pattern.split("/") if isinstance(pattern, str) else [""]
        if not all(parts) or ".." in parts or len(str(pattern)) > 200:
            raise WrongValueError(
                "has to be a file or glob in the dataset's folder, such as train/part-*.csv", f".{channel}"
            )
        if parts[-1] == MARKER:
            raise WrongValueError(f"{MARKER} is the marker, and a marker is never an input", f".{channel}")
    return dict(value)


@takes(type="integer", minimum=1, maximum=1)
def _nodes(value: object) -> int:
    number = integer(1, 1000)(value)
    if number > 1:
        raise WrongValueError(
            "a run trains on one instance; leave it out, and ask for several GPUs with resources.gpus"
        )
    return number


_RESOURCES = {
    "gpus": integer(0, 16),
    "vcpus": integer(1, 192),
    "memory_gib": integer(1, 2048),
    "nodes": _nodes,
}


@takes(**mapping_schema(_RESOURCES))
def _resources(value: object) -> Resources:
    return Resources(**mapping(value, _RESOURCES))


@takes(type="number", exclusiveMinimum=0, maximum=1_000_000)
def _cost(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1_000_000:
        raise WrongValueError(f"has to be a sum in US dollars above 0, not {short(value)}")
    return float(value)


@takes(type="string", minLength=1, maxLength=100)
def _metric_name(value: object) -> str:
    name = text_of(value)
    if len(name) > 100 or not name.isprintable():
        raise WrongValueError(f"has to be a name of at most 100 characters, not {short(name)}")
    return name


_METRIC = {"name": _metric_name, "goal": one_of("maximize", "minimize")}


@takes(**mapping_schema(_METRIC, required=["name"]))
def _metric(value: object) -> Metric:
    read = mapping(value, _METRIC)
    if "name" not in read:
        raise WrongValueError("needs a name, such as {name: test_accuracy, goal: maximize}")
    return Metric(**read)


@takes(type="string", maxLength=500, pattern="[(]")
def _regex(value: object) -> str:
    """A regex that Python can read, of at most 500 characters as in SageMaker, with a group for the value."""
    text = text_of(value)
    if len(text) > 500:
        raise WrongValueError(f"has to be at most 500 characters long, not {len(text)}")
    try:
        groups = count_groups(text)
    except ValueError as error:
        raise WrongValueError(f"isn't a regular expression: {error} in {short(text)}") from None
    if not groups:
        raise WrongValueError(
            f"needs a group around the number, such as 'loss: ([0-9.]+)', and {short(text)} has none"
        )
    return text


_DEFINITION = {"name": _metric_name, "regex": _regex}


@takes(type="array", maxItems=40, items=mapping_schema(_DEFINITION, required=[*_DEFINITION]))
def _metric_definitions(value: object) -> tuple[MetricDefinition, ...]:
    if not isinstance(value, list) or len(value) > 40:
        raise WrongValueError(
            "has to be a list of at most 40 definitions, such as [{name: loss, regex: 'loss: ([0-9.]+)'}]"
        )
    definitions: dict[str, MetricDefinition] = {}
    for number, item in enumerate(value):
        try:
            read = mapping(item, _DEFINITION)
        except WrongValueError as error:
            raise WrongValueError(str(error), f"[{number}]{error.path}") from None
        if len(read) < 2:
            raise WrongValueError(
                "needs a name and a regex, such as {name: loss, regex: 'loss: ([0-9.]+)'}", f"[{number}]"
            )
        definition = MetricDefinition(**read)
        if definition.name in definitions:
            raise WrongValueError(
                f"{short(definition.name)} is defined twice; say it once", f"[{number}].name"
            )
        definitions[definition.name] = definition
    return tuple(definitions.values())


@takes(type="array", items={"enum": [*EVENTS]})
def _events(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(item in EVENTS for item in value):
        raise WrongValueError(f"has to be a list of {', '.join(EVENTS)}, not {short(value)}")
    return tuple(value)


_NOTIFY = {"on": _events}


@takes(**mapping_schema(_NOTIFY))
def _notify(value: object) -> tuple[str, ...]:
    events: tuple[str, ...] = mapping(value, _NOTIFY).get("on", EVENTS)
    return events


_CHECKPOINTS = {"interval": duration(1, 86400), "keep": integer(1, 100)}


@takes(**mapping_schema(_CHECKPOINTS))
def _checkpoints(value: object) -> Checkpoints:
    read = mapping(value, _CHECKPOINTS)
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
        "Variables that the code sees; null removes one. The bucket's readers see them too: give secrets as "
        "{secret: ARN}.",
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
        one_of("files", "quiet", "marker"),
        "What launches a run: every file is there; every input is there and no file has come for quiet_for; "
        "or the upload of _SUCCESS. With a pattern in inputs, the default is quiet.",
        "files",
    ),
    "quiet_for": Field(
        "quiet_seconds",
        duration(30, 3600),
        "With the trigger quiet: how long no file may have come, 30s to 1h. Default: the stack's, 5m.",
    ),
    "resources": Field(
        "resources",
        _resources,
        "What one Batch job asks for; memory in GiB. The defaults fit the smallest GPU instances.",
        {"gpus": 1, "vcpus": 4, "memory_gib": 14, "nodes": 1},
    ),
    "spot": Field("spot", one_of("auto", "only", "never"), "Spot instances, or never.", "auto"),
    "attempts": Field(
        "attempts", integer(1, 10), "How often one Batch job is tried when its instance is reclaimed.", 3
    ),
    "timeout": Field(
        "timeout_seconds",
        duration(60, 14 * 86400),
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
    "csv": Field("csv", csv_of, "What the CSVs look like. It is written into run.json for the code.", {}),
    "notify": Field("notify", _notify, "What people are told of.", {"on": [*EVENTS]}),
    "checkpoints": Field(
        "checkpoints",
        _checkpoints,
        "How often CHECKPOINT_DIR is saved (1s to 1d), and how many generations are kept.",
        {"interval": "30s", "keep": 3},
    ),
}
