"""The recipe's fields for AWS Batch's jobs: the resources of the training, and the preparation step."""

from collections.abc import Mapping
from typing import Any

from droptrain_core.domain.datasets.dataset import matches
from droptrain_core.domain.recipes.code import read_args, read_entrypoint
from droptrain_core.domain.recipes.readers import (
    Reader,
    WrongValueError,
    boolean,
    duration,
    integer,
    kind_of,
    mapping,
    mapping_schema,
    short,
    takes,
)
from droptrain_core.domain.recipes.values import Prepare, Resources, file_of

# The input channel in which a training finds what the preparation step left.
PREPARED = "prepared"
# The channel in which it finds the model that it continues from.
WARM_START = "warm_start"
_MAX_PATTERNS = 100
_VCPUS, _MEMORY_GIB = integer(1, 192), integer(1, 2048)


@takes(type="integer", minimum=1, maximum=1)
def _nodes(value: object) -> int:
    number = integer(1, 1000)(value)
    if number > 1:
        raise WrongValueError(
            "a run trains on one instance; leave it out, and request several GPUs with resources.gpus"
        )
    return number


_RESOURCES = {
    "gpus": integer(0, 16),
    "vcpus": _VCPUS,
    "memory_gib": _MEMORY_GIB,
    "nodes": _nodes,
}


@takes(**mapping_schema(_RESOURCES))
def read_resources(value: object) -> Resources:
    return Resources(**mapping(value, _RESOURCES))


_RESOURCES_OF_PREPARE = {"vcpus": _VCPUS, "memory_gib": _MEMORY_GIB}


@takes(**mapping_schema(_RESOURCES_OF_PREPARE))
def _resources_of_prepare(value: object) -> Resources:
    if isinstance(value, Mapping) and "gpus" in value:
        raise WrongValueError("the preparation step runs on CPU instances; leave it out", ".gpus")
    return Resources(gpus=0, **mapping(value, _RESOURCES_OF_PREPARE))


@takes(
    type="array",
    minItems=1,
    maxItems=_MAX_PATTERNS,
    items={"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[^/]"},
)
def _code(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= _MAX_PATTERNS:
        raise WrongValueError(
            f"has to be a list of 1 to {_MAX_PATTERNS} files or globs in the code folder, such as "
            f"[prepare.py, features/*], not {kind_of(value)}"
        )
    for number, item in enumerate(value):
        if not isinstance(item, str) or not item or item.startswith("/") or len(item) > 200:
            raise WrongValueError(
                f"has to be a file or glob in the code folder, not {short(item)}", f"[{number}]"
            )
    return tuple(value)


_PREPARE: Mapping[str, Reader[Any]] = {
    "entrypoint": read_entrypoint,
    "args": read_args,
    "code": _code,
    "resources": _resources_of_prepare,
    "timeout": duration(60, 14 * 86400),
    "inputs_in_training": boolean,
}


@takes(**mapping_schema(_PREPARE, required=["entrypoint"]))
def read_prepare(value: object) -> Prepare:
    read = mapping(value, _PREPARE)
    if "entrypoint" not in read:
        raise WrongValueError("needs an entrypoint, such as {entrypoint: prepare.py}")
    if "timeout" in read:
        read["timeout_seconds"] = read.pop("timeout")
    prepare = Prepare(**read)
    if not gets_code(prepare, file_of(prepare.entrypoint)):
        raise WrongValueError(f"has to name the entrypoint too, {short(prepare.entrypoint)}", ".code")
    return prepare


def gets_code(prepare: Prepare, file: str) -> bool:
    """Whether the step gets that file of the code."""
    return not prepare.code or any(matches(file, pattern) for pattern in prepare.code)
