"""Who may call the HTTP API on a laptop: its own user, and one user for each policy that the stack offers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from droptrain_local.clients import ACCESS_KEY, ACCOUNT, CALLER_ARN, SECRET_KEY
from droptrain_local.permissions.guard import Principal

_SUFFIX = "Policy"


@dataclass(frozen=True)
class Caller:
    """An access key and whose it is; `bound` is who policies hold to them, None for one who may do all."""

    access_key: str
    secret_key: str
    arn: str
    bound: Principal | None = None


LAPTOP = Caller(ACCESS_KEY, SECRET_KEY, CALLER_ARN)


def callers_of(policies: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, Caller]:
    """The callers by access key: `test`, and for a managed policy ReaderPolicy `reader`, its secret the same.

    `policies` are logical ids and resolved properties.
    """
    callers = [LAPTOP]
    for logical_id, properties in policies:
        name = logical_id.removesuffix(_SUFFIX).lower()
        arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
        callers.append(Caller(name, name, arn, Principal(logical_id, arn, (properties["PolicyDocument"],))))
    return {caller.access_key: caller for caller in callers}
