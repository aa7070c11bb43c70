"""The policies of the template's roles and of those who may use the stack, as a laptop cloud has them."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from audit.variants import ADDS
from permissions.calls import Call
from support.template import ROOT

from droptrain_local.aws_server import AwsServer
from droptrain_local.batch import BatchEngine
from droptrain_local.clients import ACCOUNT, REGION, Clients
from droptrain_local.permissions.policy import Need, as_list, concerns
from droptrain_local.provision import STACK_NAME, Stack
from droptrain_local.render import render
from droptrain_local.resources import Makers


@dataclass(frozen=True)
class Grant:
    """One action on one resource that a statement allows; `condition` as the statement has it."""

    principal: str
    statement: int
    action: str
    resource: str
    condition: str = ""

    def meets(self, need: Need) -> bool:
        """Whether a need of its principal is met by this grant."""
        of = statements()[self.principal][self.statement]
        return concerns({**of, "Action": self.action, "Resource": self.resource}, need)


@cache
def statements() -> Mapping[str, list[dict[str, Any]]]:
    """Statements by logical id of a role or a managed policy."""
    with tempfile.TemporaryDirectory() as folder:
        aws = AwsServer()
        clients = Clients(aws.url)
        engine = BatchEngine(
            region=REGION, account=ACCOUNT, work_dir=Path(folder), command=["true"], environment={},
            publish=lambda _: None,
        )  # fmt: skip
        try:
            stack = Stack(render(ROOT, ADDS))
            stack.make(Makers(clients, engine))
            roles = {
                name: [policy["PolicyDocument"] for policy in properties["Policies"]]
                for name, properties in stack.of_type("AWS::IAM::Role")
            }
            for _, shared in stack.of_type("AWS::IAM::Policy"):
                for name in shared["Roles"]:
                    roles[name.removeprefix(f"{STACK_NAME}-")].append(shared["PolicyDocument"])
            offered = {
                name: [properties["PolicyDocument"]]
                for name, properties in stack.of_type("AWS::IAM::ManagedPolicy")
            }
        finally:
            engine.close()
            clients.close()
            aws.close()
    return {
        name: [statement for policy in policies for statement in as_list(policy["Statement"])]
        for name, policies in {**roles, **offered}.items()
    }


def meeting(call: Call) -> list[Grant]:
    """The grants by each of which a call may be made."""
    return [grant for grant in grants() if grant.principal == call.principal and grant.meets(call.need)]


@cache
def grants() -> tuple[Grant, ...]:
    """Every action on every resource, of every principal."""
    return tuple(_grants())


def _grants() -> Iterator[Grant]:
    for principal, each in statements().items():
        for number, statement in enumerate(each):
            for action in as_list(statement["Action"]):
                for resource in as_list(statement["Resource"]):
                    condition = "; ".join(
                        f"{operator} {key}: {', '.join(as_list(value))}"
                        for operator, keys in statement.get("Condition", {}).items()
                        for key, value in keys.items()
                    )
                    yield Grant(principal, number, action, resource, condition)
