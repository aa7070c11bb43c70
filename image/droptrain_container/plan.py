"""run.json, the plan of one run, read with suspicion: what isn't as it has to be ends the attempt."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any, Literal, TypeVar, cast, get_args

from droptrain_container.exit_codes import EndError

Method = Literal["asha", "median"]
Goal = Literal["maximize", "minimize"]

SCHEMA = 1
# The channel in which a training finds what the preparation step left.
PREPARED = "prepared"
# The channel in which it finds the model that it continues from.
WARM_START = "warm_start"
_CHANNEL = re.compile(r"[A-Za-z0-9_]{1,40}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]*")
_SWEEP = re.compile(r"[a-z0-9][a-z0-9_-]*")

Kind = TypeVar("Kind")
Scalar = str | int | float | bool


@dataclass(frozen=True)
class Pinned:
    """One version of one S3 object; `size` in bytes and `etag` without quotes if the plan has them."""

    key: str
    version_id: str
    size: int | None = field(default=None, compare=False)
    etag: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class MetricDefinition:
    """A metric's name and the regex whose first group is its value in a line of the log."""

    name: str
    regex: str


@dataclass(frozen=True)
class PrepareStep:
    """The step before the training; `code` are the paths of its code files, None for all."""

    entrypoint: str
    args: tuple[str, ...]
    code: tuple[str, ...] | None
    inputs_in_training: bool


@dataclass(frozen=True)
class StartingModel:
    """The model of an earlier run, from which the training continues: pinned files below `folder`."""

    run_id: str
    folder: str
    files: tuple[Pinned, ...]


@dataclass(frozen=True)
class EarlyStop:
    """How a sweep's trial is stopped early; below `prefix` the trials report their values of the metric."""

    method: Method
    metric: str
    goal: Goal
    prefix: str
    trial: int


@dataclass(frozen=True)
class Plan:
    """What to train, and how; times in seconds. `inputs` are the pinned files of each channel, `channels` the
    names of all that the code has a folder of.

    `secrets` are the ARNs of the variables whose values Secrets Manager keeps, `removed` are the variables
    that the code gets none of, `args` are passed after the hyperparameters.
    """

    code_prefix: str
    entrypoint: str
    code: tuple[Pinned, ...]
    inputs: Mapping[str, tuple[Pinned, ...]]
    hyperparameters: Mapping[str, Scalar]
    environment: Mapping[str, str]
    checkpoint_seconds: float
    checkpoints_kept: int
    gpus: int
    metric_definitions: tuple[MetricDefinition, ...] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()
    args: tuple[str, ...] = ()
    prepare: PrepareStep | None = None
    channels: tuple[str, ...] = ()
    start: StartingModel | None = None
    early_stop: EarlyStop | None = None

    def of_preparation(self) -> "Plan":
        """The plan of the preparation step: its code, without hyperparameters and GPUs; EndError."""
        step = self.prepare
        if step is None:
            raise EndError("bad_recipe", "run.json: it has no preparation step")
        files = None if step.code is None else {self.code_prefix + path for path in step.code}
        code = tuple(item for item in self.code if files is None or item.key in files)
        return replace(
            self,
            entrypoint=step.entrypoint,
            args=step.args,
            code=code,
            hyperparameters={},
            gpus=0,
            start=None,
            channels=tuple(sorted(self.inputs)),
            early_stop=None,
        )

    def of_training(self) -> "Plan":
        """The plan of the training after the step: with the channel `prepared`, and the inputs if they are
        wanted beside it.
        """
        if self.prepare is None:
            return self
        inputs = self.inputs if self.prepare.inputs_in_training else {}
        of_start = (WARM_START,) if self.start else ()
        return replace(self, inputs=inputs, channels=(*sorted(inputs), PREPARED, *of_start))


class _WrongError(Exception):
    """A field isn't as it has to be."""


def read(content: bytes, bucket: str) -> Plan:
    """The plan in `content` of a run in `bucket`; EndError (bad_recipe) naming the field that is wrong."""
    try:
        document = json.loads(content)
        if not isinstance(document, dict):
            raise _WrongError("has to be a JSON object")
        return _plan(document, bucket)
    except (ValueError, RecursionError) as error:
        raise EndError("bad_recipe", f"run.json can't be read as JSON: {error}") from error
    except _WrongError as error:
        raise EndError("bad_recipe", f"run.json: {error}") from None


def _plan(document: Mapping[str, Any], bucket: str) -> Plan:
    schema = document.get("schema")
    if schema != SCHEMA:
        raise _WrongError(
            f"schema {schema!r} is not known to this image, which reads {SCHEMA}; publish the image again"
        )
    if document.get("bucket") != bucket:
        raise _WrongError(f"bucket has to be {bucket!r}, the bucket that run.json lies in")
    project = _field(document, "project", str)
    if not _SLUG.fullmatch(project):
        raise _WrongError(f"project {project[:60]!r} isn't a project's name")
    code_prefix = f"projects/{project}/code/"
    checkpoints = _field(document, "checkpoints", dict)
    resources = _field(document, "resources", dict)
    entrypoint = _field(document, "entrypoint", str)
    if not stays_inside(entrypoint):
        raise _WrongError(f"entrypoint {entrypoint[:100]!r} has to be a path inside the code folder")
    variables = _field(document, "environment", dict)
    inputs = _inputs(_field(document, "inputs", list))
    start = _start(document.get("warm_start"))
    return Plan(
        code_prefix=code_prefix,
        entrypoint=entrypoint,
        code=tuple(_code(item, code_prefix) for item in _field(document, "code", list)),
        inputs=inputs,
        hyperparameters=_hyperparameters(_field(document, "hyperparameters", dict)),
        environment=_environment(variables),
        secrets=_secrets(variables),
        removed=frozenset(name for name, value in variables.items() if value is None),
        checkpoint_seconds=_number(checkpoints, "interval_seconds", "checkpoints", least=1),
        checkpoints_kept=_number(checkpoints, "keep", "checkpoints", least=1),
        gpus=_number(resources, "gpus", "resources", least=0),
        # Plans that were written before there were arguments and definitions are repeated as well.
        args=_args(document.get("args", [])),
        metric_definitions=_metric_definitions(document.get("metric_definitions", [])),
        prepare=_prepare(document.get("prepare")),
        channels=(*sorted(inputs), *((WARM_START,) if start else ())),
        start=start,
        early_stop=_early_stop(document.get("early_stop"), project),
    )


def _prepare(step: object) -> PrepareStep | None:
    if step is None:
        return None
    if not isinstance(step, dict):
        raise _WrongError("prepare has to be a JSON object")
    entrypoint = _field(step, "entrypoint", str)
    if not stays_inside(entrypoint):
        raise _WrongError(f"prepare.entrypoint {entrypoint[:100]!r} has to be a path inside the code folder")
    code = step.get("code")
    paths = None if code is None else tuple(map(str, _field(step, "code", list)))
    inputs_in_training = _field(step, "inputs_in_training", bool)
    return PrepareStep(entrypoint, _args(step.get("args", [])), paths, inputs_in_training)


def _start(model: object) -> StartingModel | None:
    if model is None:
        return None
    if not isinstance(model, dict):
        raise _WrongError("warm_start has to be a JSON object")
    folder = _field(model, "folder", str)
    files = tuple(_pinned(item, "warm_start") for item in _field(model, "files", list))
    for item in files:
        if not item.key.startswith(folder) or not stays_inside(item.key.removeprefix(folder)):
            raise _WrongError(f"warm_start: {item.key[:200]!r} lies outside {folder[:200]}")
    return StartingModel(_field(model, "run_id", str), folder, files)


def _early_stop(settings: object, project: str) -> EarlyStop | None:
    if settings is None:
        return None
    if not isinstance(settings, dict):
        raise _WrongError("early_stop has to be a JSON object")
    method, goal = _field(settings, "method", str), _field(settings, "goal", str)
    if method not in get_args(Method) or goal not in get_args(Goal):
        raise _WrongError(f"early_stop: {method[:20]!r} and {goal[:20]!r} aren't a method and a goal")
    prefix = _field(settings, "prefix", str)
    folder = f"sweeps/{project}/"
    if not prefix.startswith(folder) or not _SWEEP.fullmatch(prefix.removeprefix(folder).removesuffix("/")):
        raise _WrongError(f"early_stop.prefix {prefix[:200]!r} isn't the folder of a sweep below {folder}")
    metric, trial = _field(settings, "metric", str), _number(settings, "trial", "early_stop", least=1)
    folder = prefix.removesuffix("/") + "/"
    return EarlyStop(cast("Method", method), metric, cast("Goal", goal), folder, trial)


def stays_inside(path: str) -> bool:
    """Whether the relative `path` names a file inside the folder that it is put into."""
    parts = PurePosixPath(path)
    return bool(parts.parts) and not parts.is_absolute() and ".." not in parts.parts and "\0" not in path


def _code(item: object, prefix: str) -> Pinned:
    pinned = _pinned(item, "code")
    if not pinned.key.startswith(prefix) or not stays_inside(pinned.key.removeprefix(prefix)):
        raise _WrongError(f"code: {pinned.key[:200]!r} lies outside {prefix}")
    return pinned


def _inputs(items: list[object]) -> dict[str, tuple[Pinned, ...]]:
    channels: dict[str, tuple[Pinned, ...]] = {}
    for item in items:
        pinned = _pinned(item, "inputs")
        if not stays_inside(pinned.key):
            raise _WrongError(f"inputs: {pinned.key[:200]!r} can't be a file")
        channel = item.get("channel") if isinstance(item, dict) else None
        if not isinstance(channel, str) or not _CHANNEL.fullmatch(channel):
            raise _WrongError("inputs: each needs a channel of letters, digits and _")
        channels[channel] = (*channels.get(channel, ()), pinned)
    return channels


def _pinned(item: object, where: str) -> Pinned:
    if isinstance(item, dict):
        key, version_id = item.get("key"), item.get("version_id")
        if isinstance(key, str) and key and isinstance(version_id, str) and can_be_given(key) and version_id:
            return Pinned(key, version_id, *_content(item, where))
    raise _WrongError(f"{where}: each has to name key and version_id")


def _content(item: Mapping[str, Any], where: str) -> tuple[int | None, str | None]:
    size, etag = item.get("size"), item.get("etag")
    if size is not None:
        _number(item, "size", where, least=0)
    if etag is not None and not isinstance(etag, str):
        raise _WrongError(f"{where}.etag has to be a str, not {type(etag).__name__}")
    return size, etag.strip('"') if etag else None


def _metric_definitions(items: object) -> tuple[MetricDefinition, ...]:
    if not isinstance(items, list):
        raise _WrongError("metric_definitions has to be a list")
    return tuple(_metric_definition(item) for item in items)


def _metric_definition(item: object) -> MetricDefinition:
    name, regex = (item.get("name"), item.get("regex")) if isinstance(item, dict) else (None, None)
    if not isinstance(name, str) or not isinstance(regex, str):
        raise _WrongError("metric_definitions: each needs a name and a regex")
    return MetricDefinition(name, regex)


def _args(words: object) -> tuple[str, ...]:
    if not isinstance(words, list) or not all(isinstance(word, str) and can_be_given(word) for word in words):
        raise _WrongError("args has to be a list of texts, of characters that a program can get")
    return tuple(words)


def _hyperparameters(values: Mapping[str, object]) -> dict[str, Scalar]:
    for name in values:
        if not can_be_given(name):
            raise _WrongError(f"hyperparameters: {name[:60]!r} can't be a name")
    return {name: _scalar(value, f"hyperparameters.{name[:60]}") for name, value in values.items()}


def _environment(values: Mapping[str, object]) -> dict[str, str]:
    for name in values:
        if not _VARIABLE.fullmatch(name):
            raise _WrongError(f"environment: {name[:60]!r} can't be a variable's name")
    return {
        name: text(_scalar(value, f"environment.{name[:60]}"))
        for name, value in values.items()
        if value is not None and not isinstance(value, dict)
    }


def _secrets(values: Mapping[str, object]) -> dict[str, str]:
    secrets = {name: value.get("secret") for name, value in values.items() if isinstance(value, dict)}
    for name, arn in secrets.items():
        if not isinstance(arn, str):
            raise _WrongError(
                f"environment.{name[:60]} has to be a text, a number, true/false, null or a secret's ARN"
            )
    return {name: str(arn) for name, arn in secrets.items()}


def text(value: Scalar) -> str:
    """A scalar as a shell's variable has it: booleans as true and false."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _scalar(value: object, where: str) -> Scalar:
    if isinstance(value, str | int | float) and can_be_given(str(value)):
        return value
    raise _WrongError(
        f"{where} has to be a text, a number or true/false, of characters that a program can get"
    )


def can_be_given(text: str) -> bool:
    """Whether a program can get `text` as an argument or in a variable."""
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _field(document: Mapping[str, Any], name: str, kind: type[Kind]) -> Kind:
    value = document.get(name)
    if not isinstance(value, kind):
        raise _WrongError(f"{name} has to be a {kind.__name__}, not {type(value).__name__}")
    return value


def _number(document: Mapping[str, Any], name: str, where: str, *, least: int) -> int:
    value = document.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise _WrongError(f"{where}.{name} has to be a whole number of at least {least}")
    return value
