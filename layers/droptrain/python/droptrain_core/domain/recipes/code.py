"""The recipe's fields for the code: entrypoint, arguments, hyperparameters and environment."""

import json
import re
from collections.abc import Mapping
from typing import TypeGuard

from droptrain_core.domain.recipes.readers import (
    WrongValueError,
    is_storable,
    kind_of,
    mapping,
    mapping_schema,
    short,
    takes,
    text_of,
    whole,
)
from droptrain_core.domain.recipes.values import Scalar, Secret

# All of them, as JSON in one variable of the script: Linux allows 128 KiB for one (execve(2)).
_MAX_HYPERPARAMETER_BYTES = 64 * 1024
_MAX_ARGUMENTS_BYTES = 64 * 1024
_MAX_ARGUMENTS = 1000

HYPERPARAMETER_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+")
_RESERVED = ("AWS_BATCH", "AWS_LAMBDA", "DROPTRAIN_")  # in any case
_NO_NULL = r"^[^\x00]*$"  # a variable can't hold one
# As in AWS Batch's valueFrom: a secret's ARN, and optionally a JSON key, a version stage, a version id.
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
def read_entrypoint(value: object) -> str:
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
    type="array",
    maxItems=_MAX_ARGUMENTS,
    items={"type": ["string", "number"], "maxLength": 4000, "pattern": _NO_NULL},
)
def read_args(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > _MAX_ARGUMENTS:
        raise WrongValueError(
            f"has to be a list of at most {_MAX_ARGUMENTS} arguments such as [--verbose, --sizes, 64, 32], "
            f"not {kind_of(value)}"
        )
    for number, item in enumerate(value):
        if isinstance(item, bool) or not _is_scalar(item) or len(str(item)) > 4000:
            raise WrongValueError(
                "has to be a text or a number of at most 4000 characters; put true and false in quotes",
                f"[{number}]",
            )
    if (size := len(json.dumps(value))) > _MAX_ARGUMENTS_BYTES:
        raise WrongValueError(
            f"take {size} bytes as JSON; all of them together can have {_MAX_ARGUMENTS_BYTES}. "
            "Put long texts into a file of the code, and pass its name"
        )
    return tuple(map(str, value))


@takes(
    type="object",
    propertyNames={"pattern": whole(HYPERPARAMETER_NAME)},
    additionalProperties={"type": ["string", "number", "boolean"], "maxLength": 1000, "pattern": _NO_NULL},
)
def read_hyperparameters(value: object) -> dict[str, Scalar]:
    if not isinstance(value, Mapping):
        raise WrongValueError(f"has to be a mapping such as {{epochs: 10}}, not {kind_of(value)}")
    for name, item in value.items():
        if not isinstance(name, str) or not HYPERPARAMETER_NAME.fullmatch(name):
            raise WrongValueError(
                f"{short(name)} can't be a hyperparameter's name (letters, digits, _, - and .)"
            )
        if not _is_scalar(item) or len(str(item)) > 1000:
            raise WrongValueError(
                "has to be a number, neither huge nor too close to 0, a text of at most 1000 characters or "
                "true/false",
                f".{name}",
            )
    if (size := len(json.dumps(dict(value)))) > _MAX_HYPERPARAMETER_BYTES:
        raise WrongValueError(
            f"take {size} bytes as JSON, where a letter beyond ASCII takes 6 or 12; all of them together "
            f"can have {_MAX_HYPERPARAMETER_BYTES}. Put long texts into a file of the code, and name it here"
        )
    return dict(value)


def _is_scalar(value: object) -> TypeGuard[Scalar]:
    """Whether a variable can hold the value."""
    if isinstance(value, int | float):
        return is_storable(value)
    return isinstance(value, str) and "\0" not in value


def _in_any_case(beginnings: tuple[str, ...]) -> str:
    letters = (
        "".join(f"[{letter}{letter.lower()}]" if letter.isalpha() else letter for letter in each)
        for each in beginnings
    )
    return f"^(?:{'|'.join(letters)})"


@takes(type="string", pattern=whole(_SECRET_ARN))
def _secret_arn(value: object) -> str:
    """Never repeats the given value, because it may be the secret itself."""
    if isinstance(value, str) and _SECRET_ARN.fullmatch(value):
        return value
    if isinstance(value, str) and _OTHER_SECRET.match(value):
        raise WrongValueError(
            "has to name a secret whose name begins with droptrain/, because a training may read no other; "
            "create one with: aws secretsmanager create-secret --name droptrain/NAME --secret-string file://secret"
        )
    raise WrongValueError(
        "has to be the ARN of a secret in AWS Secrets Manager, such as "
        "arn:aws:secretsmanager:eu-west-1:123456789012:secret:droptrain/NAME-AbCdEf, with :KEY at its end "
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
def read_environment(value: object) -> dict[str, str | Secret | None]:
    if not isinstance(value, Mapping):
        raise WrongValueError(f"has to be a mapping such as {{NAME: value}}, not {kind_of(value)}")
    variables: dict[str, str | Secret | None] = {}
    for name, item in value.items():
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name):
            raise WrongValueError(f"{short(name)} can't be a variable's name (letters, digits and _)")
        if name.upper().startswith(_RESERVED):
            raise WrongValueError(
                "names that start with AWS_BATCH, AWS_LAMBDA or DROPTRAIN_ are reserved", f".{name}"
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
