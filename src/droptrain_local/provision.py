"""Makes the template's resources in dependency order, and keeps what the laptop's own parts run from."""

import re
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from typing import Any

from droptrain_local.clients import ACCOUNT, REGION
from droptrain_local.errors import TemplateError
from droptrain_local.intrinsics import Intrinsics, pseudo_parameters, references
from droptrain_local.render import Template
from droptrain_local.resources import NOT_MADE, RUN_HERE, Made, Makers, Properties

STACK_NAME = "droptrain"


class Stack:
    """The stack as it stands on this laptop, by logical id."""

    def __init__(self, template: Template) -> None:
        self.template = template
        self._values = {**pseudo_parameters(STACK_NAME), **template.parameters}
        self._attributes: dict[str, Mapping[str, str]] = {}
        self._resolved: dict[str, Properties] = {}
        self._intrinsics = self._read(template)

    def __contains__(self, logical_id: str) -> bool:
        return logical_id in self._attributes

    def ref(self, logical_id: str) -> str:
        """What Ref answers for a resource, such as a bucket's name; KeyError if the stack lacks it."""
        value: str = self._values[logical_id]
        return value

    def attribute(self, logical_id: str, name: str) -> str:
        """What Fn::GetAtt answers for a resource, such as a queue's Arn."""
        return self._attribute(logical_id, name)

    def of_type(self, resource_type: str) -> Iterator[tuple[str, Properties]]:
        """Logical ids and resolved properties of the resources of a type."""
        for logical_id, properties in self._resolved.items():
            if self.template.resources[logical_id]["Type"] == resource_type:
                yield logical_id, properties

    def outputs(self) -> dict[str, str]:
        """The stack's outputs by name."""
        return {
            name: str(self._intrinsics.resolve(output["Value"]))
            for name, output in self.template.outputs.items()
            if "Condition" not in output or self._intrinsics.condition(output["Condition"])
        }

    def make(self, makers: Makers) -> None:
        """Make every resource; TemplateError for a type that this package doesn't know."""
        self._make(makers, {})

    def change(self, template: Template, makers: Makers) -> None:
        """Make the stack what `template` says now: what is new is made, what differs is changed in place.

        What `template` has no more stays, and is the stack's no more. TemplateError for what can't change.
        """
        before, self._resolved = self._resolved, {}
        self.template = template
        self._values.update(template.parameters)
        self._intrinsics = self._read(template)
        self._make(makers, before)

    def remove(self, makers: Makers) -> None:
        """Remove what isn't kept by its DeletionPolicy; the jobs' part of the stack ends with the process."""
        removers = makers.removers()
        for logical_id in reversed(self._resolved):
            resource = self.template.resources[logical_id]
            if resource["Type"] in removers and "DeletionPolicy" not in resource:
                removers[resource["Type"]](self.ref(logical_id))

    def _read(self, template: Template) -> Intrinsics:
        return Intrinsics(self._values, self._attribute, template.conditions, template.mappings)

    def _make(self, makers: Makers, before: Mapping[str, Properties]) -> None:
        by_type, changers = makers.by_type(), makers.changers()
        wanted = {
            logical_id: resource
            for logical_id, resource in self.template.resources.items()
            if "Condition" not in resource or self._intrinsics.condition(resource["Condition"])
        }
        _check_types(wanted, by_type.keys() | RUN_HERE | NOT_MADE.keys())
        here = {key: item for key, item in wanted.items() if item["Type"] not in NOT_MADE}
        for logical_id in wanted.keys() - here.keys():
            self._remember(logical_id, Made(f"{STACK_NAME}-{logical_id}"))
        for logical_id in _in_order(here):
            resource = here[logical_id]
            properties = self._intrinsics.resolve(resource.get("Properties", {}))
            self._resolved[logical_id] = properties
            maker = by_type.get(resource["Type"])
            name = f"{STACK_NAME}-{logical_id}"
            if maker is None:
                self._remember(logical_id, _run_here(resource["Type"], name))
            elif logical_id not in before:
                self._remember(logical_id, maker(name, properties))
            elif properties != before[logical_id]:
                changed = changers[resource["Type"]](self.ref(logical_id), name, properties)
                if changed:
                    self._remember(logical_id, changed)

    def _remember(self, logical_id: str, made: Made) -> None:
        self._values[logical_id] = made.ref
        self._attributes[logical_id] = made.attributes

    def _attribute(self, logical_id: str, name: str) -> str:
        resource_type = self.template.resources[logical_id]["Type"]
        if resource_type in NOT_MADE:
            # Somebody may pass it on; nobody looks behind it.
            return _arn(resource_type, self.ref(logical_id)) if name.endswith("Arn") else self.ref(logical_id)
        known = self._attributes[logical_id]
        if name not in known:
            raise TemplateError(f"The laptop cloud has no {logical_id}.{name}: add it in resources.py.")
        return known[name]


def _check_types(resources: Mapping[str, Any], known: set[str]) -> None:
    unknown = {
        item["Type"]: logical_id for logical_id, item in resources.items() if item["Type"] not in known
    }
    if unknown:
        listed = ", ".join(f"{kind} ({logical_id})" for kind, logical_id in sorted(unknown.items()))
        raise TemplateError(
            f"The laptop cloud doesn't know {listed}: say in resources.py how it is made, or why it isn't."
        )


def _in_order(resources: Mapping[str, Any]) -> Iterator[str]:
    graph = TopologicalSorter[str]()
    for logical_id, resource in resources.items():
        after = resource.get("DependsOn", [])
        explicit = {after} if isinstance(after, str) else set(after)
        needed = references(resource.get("Properties", {})) | explicit
        graph.add(logical_id, *sorted(needed & resources.keys()))
    return iter(graph.static_order())


def _run_here(resource_type: str, name: str) -> Made:
    if resource_type == "AWS::Lambda::Function":
        return Made(name, {"Arn": f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"})
    return Made(name, {"Arn": _arn(resource_type, name)})


def _arn(resource_type: str, name: str) -> str:
    service, kind = resource_type.split("::")[1:]
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", kind).lower()
    if service == "Logs":
        return f"arn:aws:logs:{REGION}:{ACCOUNT}:{kind}:{name}:*"
    if service == "IAM":
        return f"arn:aws:iam::{ACCOUNT}:{kind}/{name}"
    return f"arn:aws:{service.lower()}:{REGION}:{ACCOUNT}:{kind}/{name}"
