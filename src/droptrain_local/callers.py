"""Who may call the HTTP API on a laptop: its own user, and one user for each policy that the stack offers."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from moto.iam.access_control import IAMPolicy, PermissionResult

from droptrain_local.clients import ACCESS_KEY, ACCOUNT, CALLER_ARN, SECRET_KEY

_SUFFIX = "Policy"


@dataclass(frozen=True)
class Caller:
    """An access key and whose it is; `policies` are IAM policy documents, None for one who may do all."""

    access_key: str
    secret_key: str
    arn: str
    policies: tuple[Mapping[str, Any], ...] | None = None

    def may(self, action: str, resource: str) -> bool:
        """Whether the policies allow an action on a resource's ARN."""
        if self.policies is None:
            return True
        found = {
            IAMPolicy({"policy_document": json.dumps(policy)}).is_action_permitted(action, resource)
            for policy in self.policies
        }
        return PermissionResult.PERMITTED in found and PermissionResult.DENIED not in found


LAPTOP = Caller(ACCESS_KEY, SECRET_KEY, CALLER_ARN)


def callers_of(policies: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, Caller]:
    """The callers by access key: `test`, and for a managed policy ReaderPolicy `reader`, its secret the same.

    `policies` are logical ids and resolved properties.
    """
    callers = [LAPTOP]
    for logical_id, properties in policies:
        name = logical_id.removesuffix(_SUFFIX).lower()
        arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
        callers.append(Caller(name, name, arn, (properties["PolicyDocument"],)))
    return {caller.access_key: caller for caller in callers}
