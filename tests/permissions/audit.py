"""Questions for another evaluator: may each call be made, and may it without the grant that it needs?"""

import json
import sys
from collections.abc import Iterator
from typing import Any

from permissions.calls import Call, recorded
from permissions.exceptions import UNCALLED
from permissions.grants import Grant, meeting, statements

from droptrain_local.clients import ACCOUNT
from droptrain_local.permissions.policy import as_list


def questions() -> Iterator[dict[str, Any]]:
    """What tests/permissions/audit/evaluate.mjs is asked."""
    by_aws = [call for exception in UNCALLED for call in exception.calls()]
    for call in [*recorded(), *by_aws]:
        own = statements()[call.principal]
        yield _question(f"{call.principal} makes {call.operation}", call, own, allowed=True)
        found = meeting(call)
        if len(found) == 1:
            about = f"{call.principal} makes {call.operation} without {call.action}"
            yield _question(about, call, list(_without(own, found[0])), allowed=False)


def _question(about: str, call: Call, own: list[Any], *, allowed: bool) -> dict[str, Any]:
    kind = "user" if call.principal.endswith("Policy") else "role"
    return {
        "about": f"{about} on {call.resource}",
        "principal": f"arn:aws:iam::{ACCOUNT}:{kind}/{call.principal}",
        "statements": own,
        "action": call.action,
        "resource": call.resource,
        "context": {name: list(values) for name, values in call.need.context.items()},
        "allowed": allowed,
    }


def _without(own: list[Any], grant: Grant) -> Iterator[Any]:
    """The statements, one of them without an action on a resource."""
    for number, statement in enumerate(own):
        if number != grant.statement:
            yield statement
            continue
        actions, resources = as_list(statement["Action"]), as_list(statement["Resource"])
        if others := [action for action in actions if action != grant.action]:
            yield {**statement, "Action": others}
        if elsewhere := [resource for resource in resources if resource != grant.resource]:
            yield {**statement, "Action": grant.action, "Resource": elsewhere}


if __name__ == "__main__":
    for question in questions():
        sys.stdout.write(json.dumps(question) + "\n")
