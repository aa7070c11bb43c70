"""Questions for another evaluator: every call with its principal's policies, and with the grant that it needs taken away."""

import json
from collections.abc import Iterator
from typing import Any

from permissions.calls import Call, recorded
from permissions.rendered import Grant, grants, statements

from droptrain_local.clients import ACCOUNT
from droptrain_local.permissions.policy import as_list


def questions() -> Iterator[dict[str, Any]]:
    """What tests/permissions/audit/evaluate.mjs is asked."""
    each = list(grants())
    for call in recorded():
        own = statements()[call.principal]
        yield _question(f"{call.principal} makes {call.operation}", call, own, allowed=True)
        meeting = [it for it in each if it.principal == call.principal and it.concerns(own, call.need)]
        if len(meeting) == 1:
            about = f"{call.principal} makes {call.operation} without {call.action}"
            yield _question(about, call, list(_without(own, meeting[0])), allowed=False)


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
        print(json.dumps(question))
