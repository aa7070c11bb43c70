"""Writes docs/updates.md: every parameter of the stack, and what a change of it does.

Two rendered templates are compared. CloudFormation's schemas, which cfn-lint ships, say of each property that
differs whether its resource is updated in place or replaced. What refers to a replaced one differs too.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from support.rendered import rendered
from support.template import template

PAGE = Path(__file__).parents[3] / "docs" / "updates.md"
_REGION = "eu-west-1"
_NETWORKS = [
    {"VpcId": f"vpc-0000000{n}", "SubnetIds": f"subnet-0000000{n},subnet-1111111{n}"} for n in range(2)
]
_WEBHOOK = {"WebhookUrl": "https://example.org/one", "WebhookSecret": "0123456789abcdef"}
_EMAIL = "one@example.org"
_BOUNDARY = "arn:aws:iam::123456789012:policy/one"

# What is changed: parameters, before and after. The other way round, what is made is removed.
CHANGES: list[tuple[str, Mapping[str, Any], Mapping[str, Any]]] = [
    ("`NoticeEmail` given", {}, {"NoticeEmail": _EMAIL}),
    ("`NoticeEmail` changed", {"NoticeEmail": _EMAIL}, {"NoticeEmail": "two@example.org"}),
    ("`AlarmEmail` given", {}, {"AlarmEmail": _EMAIL}),
    ("`AlarmEmail` changed", {"AlarmEmail": _EMAIL}, {"AlarmEmail": "two@example.org"}),
    ("`WebhookUrl` given", {}, _WEBHOOK),
    ("`WebhookUrl` changed", _WEBHOOK, {**_WEBHOOK, "WebhookUrl": "https://example.org/two"}),
    ("`WebhookUrl` none again", _WEBHOOK, {}),
    ("`WebhookFormat` changed", _WEBHOOK, {**_WEBHOOK, "WebhookFormat": "slack"}),
    ("`WebhookSecret` changed", _WEBHOOK, {**_WEBHOOK, "WebhookSecret": "fedcba9876543210"}),
    ("`InstanceTypes`", {}, {"InstanceTypes": "g5.xlarge"}),
    ("`MaxvCpus`", {}, {"MaxvCpus": 64}),
    ("`CpuInstanceTypes`", {}, {"CpuInstanceTypes": "m6i.xlarge"}),
    ("`CpuMaxvCpus`", {}, {"CpuMaxvCpus": 64}),
    ("`ImageUri`", {}, {"ImageUri": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/images:1"}),
    ("`AmiId`", {}, {"AmiId": "ami-0123456789abcdef0"}),
    ("`BuildsImage`", {}, {"BuildsImage": "yes"}),
    ("`AllowShell`", {}, {"AllowShell": "yes"}),
    ("`KeepInstanceMinutes`", {}, {"KeepInstanceMinutes": 30}),
    ("`Paused`", {}, {"Paused": "no budget until Monday"}),
    ("`MonthlyBudgetUsd`", {}, {"MonthlyBudgetUsd": 50}),
    ("`ProjectBudgetsUsd`", {}, {"ProjectBudgetsUsd": "penguins=20"}),
    ("`MaxRunsAtOnce`", {}, {"MaxRunsAtOnce": 5}),
    ("`OverrideGpus`", {}, {"OverrideGpus": 8}),
    ("`OverrideVcpus`", {}, {"OverrideVcpus": 96}),
    ("`OverrideMemoryGib`", {}, {"OverrideMemoryGib": 384}),
    ("`SettleSeconds`", {}, {"SettleSeconds": 60}),
    ("`QuietSeconds`", {}, {"QuietSeconds": 600}),
    ("`UploadConcurrency`", {}, {"UploadConcurrency": 22}),
    ("`OldVersionDays`", {}, {"OldVersionDays": 30}),
    ("`RunDays`", {}, {"RunDays": 30}),
    ("`PreparedDays`", {}, {"PreparedDays": 60}),
    ("`LogRetentionDays`", {}, {"LogRetentionDays": 30}),
    ("`BucketName` given", {}, {"BucketName": "penguins-data"}),
    ("`DailyCanary` on", {}, {"DailyCanary": "on"}),
    ("`Tracing` on", {}, {"Tracing": "on"}),
    ("`VpcId`, `SubnetIds` given", {}, _NETWORKS[0]),
    ("`VpcId`, `SubnetIds` changed", *_NETWORKS),
    ("`VpcId`, `SubnetIds` emptied", _NETWORKS[0], {}),
    ("`SubnetIds` alone", _NETWORKS[0], {**_NETWORKS[0], "SubnetIds": "subnet-00000009"}),
    ("`Zones` from 2 to 3", {"Zones": 2}, {"Zones": 3}),
    ("`Zones` from 3 to 2", {"Zones": 3}, {"Zones": 2}),
    ("`PermissionsBoundaryArn`", {}, {"PermissionsBoundaryArn": _BOUNDARY}),
]

# What people would miss: data, messages, jobs and what they run on, what they confirmed, what they attached.
HOLDS = {
    "AWS::Batch::ComputeEnvironment",
    "AWS::Batch::JobQueue",
    "AWS::DynamoDB::Table",
    "AWS::EC2::InternetGateway",
    "AWS::EC2::SecurityGroup",
    "AWS::EC2::Subnet",
    "AWS::EC2::VPC",
    "AWS::ECR::Repository",
    "AWS::IAM::ManagedPolicy",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::SNS::Subscription",
    "AWS::SNS::Topic",
    "AWS::SQS::Queue",
}
_CONFIRM = "AWS sends the new address a link to confirm. Until then it gets no messages. Runs continue."
_NETWORK = (
    "Do it while nothing trains. Running jobs may continue for 90 minutes, and EC2 doesn't delete a network "
    "with instances. CloudFormation then ends the update and leaves that network: delete it yourself. The "
    "stack's events name it."
)
_MOVE = (
    "The stack uses a new bucket, and leaves the old one with its content: "
    "[operations/move-bucket.md](operations/move-bucket.md)."
)
# Each replacement or removal of such a thing, by change and resource, with what it means.
ACCEPTED: dict[tuple[str, str], str] = {
    ("`NoticeEmail` changed", "NoticeEmailSubscription"): _CONFIRM,
    ("`AlarmEmail` changed", "AlarmEmailSubscription"): _CONFIRM,
    ("`WebhookUrl` none again", "WebhookDeadLetterQueue"): (
        "It is deleted with the events that the webhook didn't accept. Forward them first if you need them."
    ),
    **{
        ("`VpcId`, `SubnetIds` given", name): _NETWORK
        for name in (
            "FirstSubnet", "InternetGateway", "SecondSubnet", "ThirdSubnet", "TrainingSecurityGroup", "Vpc",
        )
    },
    ("`VpcId`, `SubnetIds` changed", "TrainingSecurityGroup"): _NETWORK,
    ("`VpcId`, `SubnetIds` emptied", "TrainingSecurityGroup"): _NETWORK,
    ("`Zones` from 3 to 2", "ThirdSubnet"): _NETWORK,
    ("`BucketName` given", "DataBucket"): _MOVE,
}  # fmt: skip

# A scaling update leaves instances alone, unless other settings of the environment come with it (Batch user
# guide, *Updating compute environments*). AWS doesn't document whether CloudFormation always sends
# UpdateToLatestImageVersion with it.
_SCALING = {"ComputeResources.MaxvCpus", "ComputeResources.ScalingPolicy"}
# Attributes that are another value after an update in place.
_MOVES = {
    "AWS::Batch::JobDefinition": {"JobDefinitionArn"},
    "AWS::EC2::LaunchTemplate": {"LatestVersionNumber"},
}
_PLACEHOLDER = re.compile(r"\$\{([^!}.]+)(?:\.([^}]+))?\}")
Path_ = tuple[str, ...]


@dataclass(frozen=True)
class Effect:
    """What an update does to one resource; `properties` is empty for one that is made or removed."""

    resource: str
    type_: str
    behaviour: str
    properties: tuple[str, ...] = ()

    @property
    def loses(self) -> bool:
        """Whether what was there before is gone."""
        return self.behaviour in {"replaced", "removed"}


def effects(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Effect]:
    """What a stack with the parameters `before` goes through when it gets those of `after`."""
    old, new = (rendered(_REGION, **each)["Resources"] for each in (before, after))
    found = [Effect(name, it["Type"], "made") for name, it in new.items() if name not in old]
    found += [Effect(name, it["Type"], "removed") for name, it in old.items() if name not in new]
    moved: set[tuple[str, str]] = {(effect.resource, "*") for effect in found}
    before_that: list[Effect] = []
    while True:
        kept = sorted(old.keys() & new.keys())
        updated = [effect for name in kept if (effect := _update(name, old[name], new[name], moved))]
        if updated == before_that:
            return sorted([*found, *updated], key=lambda effect: (effect.behaviour, effect.resource))
        before_that = updated
        for effect in updated:
            attributes = {"*"} if effect.loses else _MOVES.get(effect.type_, set())
            moved |= {(effect.resource, attribute) for attribute in attributes}


@cache
def updates() -> dict[str, list[Effect]]:
    """The effects of each of CHANGES."""
    return {change: effects(before, after) for change, before, after in CHANGES}


def _update(
    name: str, old: Mapping[str, Any], new: Mapping[str, Any], moved: set[tuple[str, str]]
) -> Effect | None:
    paths = set(_differences(old.get("Properties", {}), new.get("Properties", {}), moved))
    if not paths:
        return None
    shown = tuple(sorted({".".join(path[:2]) for path in paths}))
    behaviour = _behaviour(new, paths)
    if new["Type"] == "AWS::Batch::ComputeEnvironment" and _SCALING.issuperset(shown):
        behaviour = "in place, may replace instances"
    return Effect(name, new["Type"], behaviour, shown)


def _behaviour(resource: Mapping[str, Any], changed: set[Path_]) -> str:
    if _meet(changed, create_only(resource["Type"])):
        return "replaced"
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(_REGION, resource["Type"]).schema
    if _meet(changed, _paths(schema, "conditionalCreateOnlyProperties")):
        in_place = resource["Properties"].get("ReplaceComputeEnvironment") is False
        return "in place, with new instances" if in_place else "replaced"
    is_definition = resource["Type"] == "AWS::Batch::JobDefinition"
    return "in place, as a new revision" if is_definition else "in place"


def create_only(type_: str) -> set[Path_]:
    """The properties of a type whose change replaces the resource."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(_REGION, type_).schema
    return _paths(schema, "createOnlyProperties")


def _paths(schema: Mapping[str, Any], key: str) -> set[Path_]:
    return {tuple(path.split("/")[2:]) for path in schema.get(key, [])}


def _meet(paths: set[Path_], others: set[Path_]) -> bool:
    """Whether one of the paths is, holds or lies in one of the others."""
    return any(path[: len(other)] == other[: len(path)] for path in paths for other in others)


def _differences(old: Any, new: Any, moved: set[tuple[str, str]], at: Path_ = ()) -> Iterator[Path_]:
    """Where two values of properties differ; list items count as their list."""
    if isinstance(old, Mapping) and isinstance(new, Mapping) and not (_refers(old) or _refers(new)):
        for key in old.keys() | new.keys():
            if key not in old or key not in new:
                yield (*at, key)
            else:
                yield from _differences(old[key], new[key], moved, (*at, key))
    elif old != new or any(
        (name, "*") in moved or (name, attribute) in moved for name, attribute in _references(new)
    ):
        yield at


def _refers(node: Mapping[str, Any]) -> bool:
    return len(node) == 1 and next(iter(node)) in {"Ref", "Fn::GetAtt", "Fn::Sub"}


def _references(node: Any) -> Iterator[tuple[str, str]]:
    """What a value refers to: logical ids, each with the attribute, "" for a Ref."""
    if isinstance(node, list):
        for item in node:
            yield from _references(item)
    elif isinstance(node, Mapping):
        for key, value in node.items():
            if key == "Ref":
                yield value, ""
            elif key == "Fn::GetAtt":
                name, attribute = value.split(".", 1) if isinstance(value, str) else value
                yield name, attribute
            else:
                if key == "Fn::Sub":
                    text = value if isinstance(value, str) else value[0]
                    yield from _PLACEHOLDER.findall(text)
                yield from _references(value)


_INTRODUCTION = """\
# Parameters

This page lists every parameter of the stack, and what a change of each does to a stack that exists. Change
one by `sam deploy --parameter-overrides NAME=VALUE`, or by [`change`](operations/README.md) without a
checkout; the others keep their values. `make docs` writes this page from `template.yaml`.

| parameter | default | what it is for |
| --- | --- | --- |
"""
_CHANGES = """
## What a change does

The table compares the template before and after a change; CloudFormation's schemas say which properties can
change in place. No data, messages or jobs are replaced or removed, except
[in these cases](#what-is-replaced-or-removed).

| word | meaning |
| --- | --- |
| in place | without an interruption |
| in place, with new instances | running jobs continue for at most 90 minutes; later jobs get new instances |
| in place, may replace instances | AWS Batch changes its limits at once; newer instances are possible |
| in place, as a new revision | runs that are launched from then on use it; active runs keep theirs |
| made, removed | when the parameter is given or emptied; the opposite change does the opposite |
| replaced | a new one is made, then the old one is removed |

A shorter `RunDays`, `OldVersionDays` or `LogRetentionDays` deletes older objects or logs within a day or two.
Without `ImageUri`, instances may pull only from the stack's own repository: empty it while no run waits that
needs another image.

| parameter | changes |
| --- | --- |
"""
_LOSSES = """
## What is replaced or removed

| parameter | resource | what it means |
| --- | --- | --- |
"""
_NEXT = "\nNext: [upgrade to another version](operations/upgrade.md).\n"


def page() -> str:
    """The page, as Markdown."""
    rows, losses = [], []
    for change, found in updates().items():
        parts = [
            f"{behaviour}: {_names(names)}{what}" for (behaviour, what), names in _grouped(found).items()
        ]
        rows.append(f"| {change} | {'<br>'.join(parts)} |")
        means: dict[str, list[str]] = {}
        for effect in found:
            if effect.loses and effect.type_ in HOLDS:
                means.setdefault(ACCEPTED.get((change, effect.resource), ""), []).append(effect.resource)
        losses += [f"| {change} | {_names(names)} | {text} |" for text, names in means.items()]
    tables = [_INTRODUCTION, _parameters(), _CHANGES, rows, _LOSSES, losses, _NEXT]
    return "".join(part if isinstance(part, str) else "".join(f"{row}\n" for row in part) for part in tables)


def _parameters() -> list[str]:
    """A row for each parameter, with links to the pages that its description names."""
    rows = []
    for name, parameter in template()["Parameters"].items():
        about = re.sub(r"docs/([\w/-]+\.md)", r"[\1](\1)", " ".join(parameter["Description"].split()))
        default = parameter["Default"]
        shown = "none" if default == "" else f"`{default}`"
        rows.append(f"| `{name}` | {shown} | {about} |")
    return rows


def _grouped(found: list[Effect]) -> dict[tuple[str, str], list[str]]:
    groups: dict[tuple[str, str], list[str]] = {}
    for effect in found:
        what = f" ({', '.join(effect.properties)})" if effect.properties else ""
        groups.setdefault((effect.behaviour, what), []).append(effect.resource)
    return groups


def _names(names: list[str]) -> str:
    for word, type_ in {"function": "AWS::Lambda::Function", "role": "AWS::IAM::Role"}.items():
        if set(names) == {name for name, it in rendered(_REGION)["Resources"].items() if it["Type"] == type_}:
            return f"each {word}"
    return ", ".join(f"`{name}`" for name in sorted(names))


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
