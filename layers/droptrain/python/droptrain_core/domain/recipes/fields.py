"""The fields of train.yaml, in one table: each field's reader, meaning and default."""

import re
from collections.abc import Mapping

from droptrain_core.domain.datasets.dataset import MARKER, MAX_INPUTS
from droptrain_core.domain.recipes.code import (
    read_args,
    read_entrypoint,
    read_environment,
    read_hyperparameters,
)
from droptrain_core.domain.recipes.csv_format import csv_of
from droptrain_core.domain.recipes.gate import read_gate
from droptrain_core.domain.recipes.jobs import read_prepare, read_resources
from droptrain_core.domain.recipes.readers import (
    Field,
    WrongValueError,
    cost,
    duration,
    integer,
    mapping,
    mapping_schema,
    metric_name,
    one_of,
    short,
    takes,
    text_of,
    whole,
)
from droptrain_core.domain.recipes.regex import count_groups
from droptrain_core.domain.recipes.retrain import read_retrain
from droptrain_core.domain.recipes.sweep_field import read_sweep
from droptrain_core.domain.recipes.values import (
    EVENTS,
    Checkpoints,
    Metric,
    MetricDefinition,
)

# What runs without an entrypoint: the first that the code has.
DEFAULT_SCRIPTS = ("run.sh", "train.py")
_WARM_START = re.compile(r"current|[a-z0-9][a-z0-9_-]{0,86}-[0-9a-f]{12}")
_CHANNEL = re.compile(r"[a-z][a-z0-9_]{0,29}")


@takes(
    type="object",
    minProperties=1,
    maxProperties=20,
    propertyNames={"pattern": whole(_CHANNEL)},
    additionalProperties={
        "type": "string",
        "maxLength": 200,
        "pattern": "^[^/]+(?:/[^/]+)*$",
        "not": {"pattern": r"(?:^|/)(?:\.\.|\*\*)(?:/|$)"},
    },
)
def _inputs(value: object) -> dict[str, str]:
    if not isinstance(value, Mapping) or not 1 <= len(value) <= 20:
        raise WrongValueError("has to be a mapping of 1 to 20 channels such as {training: train.csv}")
    for channel, pattern in value.items():
        if not isinstance(channel, str) or not _CHANNEL.fullmatch(channel):
            raise WrongValueError(f"{short(channel)} can't be a channel's name (a-z, 0-9 and _)")
        parts = _levels(pattern) if isinstance(pattern, str) else [""]
        if "**" in parts:
            raise WrongValueError("** isn't supported: write * for each folder, as in */*.csv", f".{channel}")
        if not all(parts) or ".." in parts or len(str(pattern)) > 200:
            raise WrongValueError(
                "has to be a file or glob in the dataset's folder, such as train/part-*.csv", f".{channel}"
            )
        if parts[-1] == MARKER:
            raise WrongValueError(f"{MARKER} is the marker, which is never an input", f".{channel}")
    return {channel: "/".join(_levels(pattern)) for channel, pattern in value.items()}


def _levels(pattern: str) -> list[str]:
    return pattern.removeprefix("./").split("/")


@takes(type="string", pattern=whole(_WARM_START))
def _warm_start(value: object) -> str:
    if not isinstance(value, str) or not _WARM_START.fullmatch(value):
        raise WrongValueError(
            f"has to be current, or a run's id such as penguins-first-9a8869ef2b6a, not {short(value)}"
        )
    return value


_METRIC = {"name": metric_name, "goal": one_of("maximize", "minimize")}


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


_DEFINITION = {"name": metric_name, "regex": _regex}


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
                f"{short(definition.name)} is defined twice; define it once", f"[{number}].name"
            )
        definitions[definition.name] = definition
    return tuple(definitions.values())


@takes(type="array", items={"enum": [*EVENTS]})
def _events(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(item in EVENTS for item in value):
        raise WrongValueError(f"has to be a list of {', '.join(EVENTS)}, not {short(value)}")
    return tuple(value)


@takes(
    anyOf=[
        {"enum": ["one", "all"]},
        {
            "type": "object",
            "properties": {"last": {"type": "integer", "minimum": 2, "maximum": MAX_INPUTS}},
            "required": ["last"],
            "additionalProperties": False,
        },
    ]
)
def _span(value: object) -> int | None:
    if value in ("one", "all"):
        return 1 if value == "one" else None
    last = mapping(value, {"last": integer(2, MAX_INPUTS)}) if isinstance(value, Mapping) else {}
    if "last" not in last:
        raise WrongValueError(f"has to be one, all, or such as {{last: 30}}, not {short(value)}")
    return int(last["last"])


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
        read_entrypoint,
        "The code in code/ to run: a shell script, a Python file (train.py), or a module (trainer.task). "
        "Without run.sh in code/, the default is train.py.",
        DEFAULT_SCRIPTS[0],
    ),
    "args": Field(
        "args",
        read_args,
        "Arguments that are passed unchanged, after the hyperparameters.",
        [],
    ),
    "hyperparameters": Field(
        "hyperparameters",
        read_hyperparameters,
        "Numbers, texts or true/false by name: HP_* for a script, arguments and SM_HP_* for Python.",
        {},
    ),
    "environment": Field(
        "environment",
        read_environment,
        "Variables for the code; null removes one. The bucket's readers see them too: reference secrets by "
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
        "A run launches when every file exists (files), when every input exists and no file has arrived "
        "for quiet_for (quiet), or with the upload of _SUCCESS (marker). With a pattern in inputs, the "
        "default is quiet.",
        "files",
    ),
    "quiet_for": Field(
        "quiet_seconds",
        duration(30, 3600),
        "With the trigger quiet, or a marker that came before a part: the time without a new file, "
        "30s to 1h. Default: the stack's, 5m.",
    ),
    "warm_start": Field(
        "warm_start",
        _warm_start,
        "The model that the training continues from, in the folder WARM_START_DIR: current, or a run's id. "
        "Without that model the training starts from scratch. Default: none.",
    ),
    "span": Field(
        "span",
        _span,
        "The datasets whose files a run trains on: one, all, or the last ones ({last: 30}). An input spans "
        "them if it begins with */, in place of the dataset's folder. docs/retraining.md explains it.",
        "one",
    ),
    "retrain": Field(
        "retrain",
        read_retrain,
        "The time in which drops launch one run at most (cooldown, 1m to 28d). A schedule on which the "
        "newest data train again, as five fields of cron (schedule), in a time zone (timezone, default "
        "UTC); with only_if_new, not if nothing has changed. docs/retraining.md explains it. Default: none.",
        {},
    ),
    "resources": Field(
        "resources",
        read_resources,
        "The resources of one Batch job; memory in GiB. The defaults fit the smallest GPU instances.",
        {"gpus": 1, "vcpus": 4, "memory_gib": 14, "nodes": 1},
    ),
    "prepare": Field(
        "prepare",
        read_prepare,
        "A step on a CPU instance before the training: its entrypoint, args, the code files that it gets "
        "(globs; default: all), resources (vcpus, memory_gib), timeout (1h), and whether the training gets "
        "the inputs too (inputs_in_training). docs/prepare.md explains it. Default: none.",
    ),
    "spot": Field("spot", one_of("auto", "only", "never"), "Spot instances, or never.", "auto"),
    "attempts": Field(
        "attempts", integer(1, 10), "The number of tries of one Batch job when its instance is reclaimed.", 3
    ),
    "timeout": Field(
        "timeout_seconds",
        duration(60, 14 * 86400),
        "The training time of the whole run, over all its attempts: 60s to 14d.",
        "4h",
    ),
    "max_cost_usd": Field(
        "max_cost_usd", cost, "The most that a run may cost, kept by a shorter timeout. Default: none."
    ),
    "metric": Field("metric", _metric, "The headline metric, first in the notice, and its goal."),
    "metric_definitions": Field(
        "metric_definitions",
        _metric_definitions,
        "As in SageMaker: a name, and a regex whose first group is the value in a line of the log.",
        [],
    ),
    "csv": Field("csv", csv_of, "The format of the CSVs. It is written into run.json for the code.", {}),
    "promote": Field(
        "promote",
        read_gate,
        "When a run's model becomes the current one (docs/models.md): `when` it is better than the current "
        "one by the headline metric (default with a metric), always (default without), or only by request "
        "(manual); comparisons that its metrics have to meet (require); and by how much a model may be worse "
        "and still count as better (tolerance).",
    ),
    "notify": Field("notify", _notify, "The notices that people get.", {"on": [*EVENTS]}),
    "checkpoints": Field(
        "checkpoints",
        _checkpoints,
        "The interval of saving CHECKPOINT_DIR (1s to 1d), and the number of generations to keep.",
        {"interval": "30s", "keep": 3},
    ),
    "sweep": Field(
        "sweep",
        read_sweep,
        "Each drop starts a search over hyperparameters instead of one run: space, method, trials, parallel, "
        "early_stop, max_cost_usd. docs/sweeps.md explains it. Default: none.",
    ),
}
