"""Job definitions: revisions, which one a name means, and a submission's overrides merged into it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from droptrain_local.batch.arns import Arns, short_name
from droptrain_local.batch.errors import RefusedError

_PLACEHOLDER = re.compile(r"Ref::([A-Za-z0-9_-]+)")


@dataclass(frozen=True)
class JobDefinition:
    """One revision of a job definition; `settings` are its parameters as they were given."""

    name: str
    revision: int
    arn: str
    settings: Mapping[str, Any]
    active: bool = True

    def describe(self) -> dict[str, Any]:
        """The revision as DescribeJobDefinitions shows it."""
        return {
            **self.settings,
            "jobDefinitionArn": self.arn,
            "revision": self.revision,
            "status": "ACTIVE" if self.active else "INACTIVE",
            "containerOrchestrationType": "ECS",
        }


class JobDefinitions:
    """All revisions of all job definitions. Not thread-safe: its owner holds the lock."""

    def __init__(self, arns: Arns) -> None:
        self._arns = arns
        self._revisions: dict[str, list[JobDefinition]] = {}

    def register(self, settings: Mapping[str, Any]) -> JobDefinition:
        """Add a revision; numbers go on even after all revisions were deregistered."""
        name = settings["jobDefinitionName"]
        revisions = self._revisions.setdefault(name, [])
        number = len(revisions) + 1
        definition = JobDefinition(name, number, self._arns.definition(name, number), settings)
        revisions.append(definition)
        return definition

    def resolve(self, name_or_arn: str) -> JobDefinition:
        """The ACTIVE revision meant by `name`, `name:revision` or either as an ARN.

        Without a revision it is the latest ACTIVE one (SubmitJob, Batch API reference). RefusedError if there
        is none.
        """
        for definition in reversed(self.find(name_or_arn)):
            if definition.active:
                return definition
        raise RefusedError(
            f"JobDefinition {name_or_arn} has no ACTIVE revision here: register it, or name one that is."
        )

    def find(self, name_or_arn: str) -> list[JobDefinition]:
        """Revisions by name, `name:revision` or ARN, oldest first, whatever their status."""
        name, _, revision = short_name(name_or_arn).partition(":")
        return [
            item for item in self._revisions.get(name, []) if not revision or str(item.revision) == revision
        ]

    def all(self) -> list[JobDefinition]:
        """Every revision, by name and then oldest first."""
        return [item for name in sorted(self._revisions) for item in self._revisions[name]]

    def deregister(self, name_or_arn: str) -> None:
        """Make one revision INACTIVE; jobs that use it go on."""
        if ":" not in short_name(name_or_arn):
            raise RefusedError(f"{name_or_arn}: name the revision too, as name:revision.")
        for item in self.find(name_or_arn):
            self._revisions[item.name][item.revision - 1] = replace(item, active=False)

    def retag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Give the revision with this ARN these tags."""
        for item in self.find(arn):
            settings = {**item.settings, "tags": dict(tags)}
            self._revisions[item.name][item.revision - 1] = replace(item, settings=settings)


def merge_container(
    definition: JobDefinition, overrides: Mapping[str, Any], parameters: Mapping[str, str]
) -> dict[str, Any]:
    """A job's container properties: the definition's, with the overrides and parameters of its submission."""
    merged = dict(definition.settings["containerProperties"])
    if overrides.get("command"):
        merged["command"] = overrides["command"]
    for name in ("vcpus", "memory", "instanceType"):
        if name in overrides:
            merged[name] = overrides[name]
    merged["environment"] = _merge_by("name", merged.get("environment", ()), overrides.get("environment", ()))
    merged["resourceRequirements"] = _merge_by(
        "type", merged.get("resourceRequirements", ()), overrides.get("resourceRequirements", ())
    )
    if "command" in merged:
        merged["command"] = [_fill(part, parameters) for part in merged["command"]]
    return merged


def _merge_by(key: str, base: Any, changes: Any) -> list[dict[str, Any]]:
    return list({item[key]: dict(item) for item in (*base, *changes)}.values())


def _fill(text: str, parameters: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: parameters.get(match[1], match[0]), text)
