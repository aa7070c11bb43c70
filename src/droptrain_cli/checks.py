"""What `droptrain doctor` looks at: each check asks AWS one thing and says what it found, with the fix."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from botocore.exceptions import ClientError

from droptrain_cli.api import Api
from droptrain_cli.formatting import age, parsed
from droptrain_cli.queue_places import QueuePlaces
from droptrain_cli.stack import Stack

Verdict = Literal["ok", "warning", "problem", "unknown"]

_REFUSED = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation")
# Batch takes minutes to start an instance; a claim or a submission takes seconds.
_PATIENCE = {"CLAIMED": 10, "SUBMITTED": 10, "RUNNABLE": 30, "STARTING": 30}
# EC2's quotas of vCPUs for G and VT instances (Service Quotas, ec2).
_QUOTAS = {"Spot": "L-3819A6DF", "on-demand": "L-DB2E81BA"}
_LEAST_VCPUS = 4  # of the smallest GPU instance


@dataclass(frozen=True)
class Finding:
    """What a check found; `fix` says what to do, empty where nothing is."""

    title: str
    verdict: Verdict
    detail: str
    fix: str = ""


@dataclass(frozen=True)
class StackSnapshot:
    """The stack that is looked at: its outputs and parameters, and physical ids by type and logical id.

    On a laptop outputs and parameters are empty.
    """

    stack: Stack
    status: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    resources: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of_type(self, kind: str) -> Mapping[str, str]:
        """Physical ids by logical id of the resources of a type."""
        return self.resources.get(kind, {})


Check = Callable[[StackSnapshot], Iterator[Finding]]


def read_snapshot(stack: Stack) -> StackSnapshot:
    """Read what the checks need to know of a stack."""
    if stack.is_laptop:
        return StackSnapshot(
            stack, resources={"AWS::SQS::Queue": _laptop_queues(stack), **_laptop_batch(stack)}
        )
    client = stack.client("cloudformation")
    found = client.describe_stacks(StackName=stack.name)["Stacks"][0]
    resources: dict[str, dict[str, str]] = {}
    for page in client.get_paginator("list_stack_resources").paginate(StackName=stack.name):
        for item in page["StackResourceSummaries"]:
            if item.get("PhysicalResourceId"):
                resources.setdefault(item["ResourceType"], {})[item["LogicalResourceId"]] = item[
                    "PhysicalResourceId"
                ]
    return StackSnapshot(
        stack,
        status=found["StackStatus"],
        outputs={each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])},
        parameters={each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", [])},
        resources=resources,
    )


def findings(
    snapshot: StackSnapshot, now: datetime | None = None, first: Iterable[tuple[str, Check]] = ()
) -> Iterator[Finding]:
    """The findings of every check, `first` before; checks that the credentials don't allow are unknown."""
    for title, check in [*first, *_checks(now or datetime.now(UTC))]:
        try:
            yield from check(snapshot)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") not in _REFUSED:
                raise
            fix = f"Attach the stack's OperatorPolicy ({snapshot.stack.operator_policy}) to who asks."
            yield Finding(title, "unknown", f"these credentials may not call {error.operation_name}", fix)


def _checks(now: datetime) -> list[tuple[str, Check]]:
    return [
        ("stack", _stack),
        ("API", _api),
        ("compute", _compute),
        ("image", _image),
        ("notices", _subscriptions),
        ("dead letters", _dead_letters),
        ("GPU quota", _quota),
        ("runs", lambda snapshot: _runs(snapshot, now)),
    ]


def _stack(snapshot: StackSnapshot) -> Iterator[Finding]:
    if snapshot.stack.is_laptop:
        yield Finding("stack", "ok", "the laptop cloud runs; image, notices by e-mail and quotas are AWS's")
        return
    caller = snapshot.stack.client("sts").get_caller_identity()["Arn"]
    yield Finding("credentials", "ok", caller)
    if snapshot.status.endswith("_COMPLETE") and "ROLLBACK" not in snapshot.status:
        yield Finding("stack", "ok", f"{snapshot.stack.name} in {snapshot.stack.region}: {snapshot.status}")
    else:
        fix = "Read its events: aws cloudformation describe-stack-events. Then: sam build && sam deploy"
        yield Finding("stack", "problem", f"{snapshot.stack.name} is {snapshot.status}", fix)
    if paused := snapshot.parameters.get("Paused"):
        fix = "To launch again: sam build && sam deploy --parameter-overrides 'Paused=\"\"'"
        yield Finding("paused", "warning", f"nothing is launched: {paused}", fix)


def _api(snapshot: StackSnapshot) -> Iterator[Finding]:
    projects = Api(snapshot.stack).get("/projects", limit=1)["projects"]
    yield Finding("API", "ok", f"{snapshot.stack.api_url} answers" + ("" if projects else "; no project yet"))


def _compute(snapshot: StackSnapshot) -> Iterator[Finding]:
    batch = snapshot.stack.client("batch")
    environments = list(snapshot.of_type("AWS::Batch::ComputeEnvironment").values())
    answer = batch.describe_compute_environments(computeEnvironments=environments)
    for found in answer["computeEnvironments"]:
        yield _valid("compute", found["computeEnvironmentName"], found)
    queues = list(snapshot.of_type("AWS::Batch::JobQueue").values())
    for found in batch.describe_job_queues(jobQueues=queues)["jobQueues"]:
        yield _valid("job queue", found["jobQueueName"], found)


def _valid(title: str, name: str, found: Mapping[str, Any]) -> Finding:
    if found["status"] == "VALID" and found["state"] == "ENABLED":
        return Finding(title, "ok", f"{name} is VALID")
    reason = found.get("statusReason", "")
    detail = f"{name} is {found['status']} and {found['state']}" + (f": {reason}" if reason else "")
    fix = "Mend what the reason names and deploy again."
    if "spot" in reason.lower() and "role" in reason.lower():
        fix = "aws iam create-service-linked-role --aws-service-name spot.amazonaws.com"
    return Finding(title, "problem", detail, fix)


def _image(snapshot: StackSnapshot) -> Iterator[Finding]:
    if snapshot.stack.is_laptop:
        return
    if uri := snapshot.parameters.get("ImageUri"):
        yield Finding("image", "ok", f"{uri}, which the stack's owner named; it isn't looked at here")
        return
    ecr = snapshot.stack.client("ecr")
    [repository] = snapshot.of_type("AWS::ECR::Repository").values()
    try:
        [image] = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": "latest"}])[
            "imageDetails"
        ]
    except ecr.exceptions.ImageNotFoundException:
        by_docker = snapshot.outputs["ImagePushCommands"]
        fix = f"Publish it: droptrain image (AWS builds it), or, with Docker: {by_docker}"
        yield Finding("image", "problem", f"{repository} has no image 'latest': no run can start", fix)
        return
    pushed = image["imagePushedAt"].astimezone(UTC)
    yield Finding("image", "ok", f"{repository}:latest, pushed {pushed:%Y-%m-%d}")


def _subscriptions(snapshot: StackSnapshot) -> Iterator[Finding]:
    for title, output in (("notices", "NoticesTopicArn"), ("alarms", "AlarmsTopicArn")):
        topic = snapshot.outputs.get(output)
        if topic is None:
            continue
        pages = snapshot.stack.client("sns").get_paginator("list_subscriptions_by_topic")
        found = [each for page in pages.paginate(TopicArn=topic) for each in page["Subscriptions"]]
        waiting = [each["Endpoint"] for each in found if each["SubscriptionArn"] == "PendingConfirmation"]
        if waiting:
            fix = "Follow the link in AWS's message 'Subscription Confirmation'; look among the spam too."
            yield Finding(title, "problem", f"{', '.join(waiting)} has not confirmed the subscription", fix)
        elif not found:
            fix = f"Give {title.capitalize().removesuffix('s')}Email when deploying, or subscribe to {topic}."
            yield Finding(title, "warning", f"nobody gets {title}", fix)
        else:
            yield Finding(title, "ok", f"{len(found)} subscribed")


def _dead_letters(snapshot: StackSnapshot) -> Iterator[Finding]:
    sqs = snapshot.stack.client("sqs")
    queues = snapshot.of_type("AWS::SQS::Queue")
    total = 0
    for name, url in queues.items():
        if "DeadLetter" not in name:
            continue
        asked = ["ApproximateNumberOfMessages"]
        count = int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=asked)["Attributes"][asked[0]])
        total += count
        if count:
            fix = "docs/operations/dead-letters.md: find the cause, fix it, then redrive."
            yield Finding("dead letters", "problem", f"{name} holds {count}", fix)
    if not total:
        yield Finding("dead letters", "ok", "none")


def _quota(snapshot: StackSnapshot) -> Iterator[Finding]:
    if snapshot.stack.is_laptop:
        return
    wanted = int(snapshot.parameters.get("MaxvCpus", _LEAST_VCPUS))
    client = snapshot.stack.client("service-quotas")
    for name, code in _QUOTAS.items():
        try:
            value = int(client.get_service_quota(ServiceCode="ec2", QuotaCode=code)["Quota"]["Value"])
        except client.exceptions.NoSuchResourceException:
            fix = "Look it up in the console of Service Quotas, Amazon EC2."
            yield Finding("GPU quota", "unknown", f"{name}: Service Quotas doesn't tell {code}", fix)
            continue
        detail = f"{name}: {value} vCPUs of G instances at a time; the stack may use {wanted}"
        if value >= wanted:
            yield Finding("GPU quota", "ok", detail)
            continue
        fix = (
            "aws service-quotas request-service-quota-increase --service-code ec2 "
            f"--quota-code {code} --desired-value {wanted}"
        )
        verdict: Verdict = "warning"
        if value < _LEAST_VCPUS:
            verdict = "problem" if name == "Spot" else "warning"
            detail = f"{name}: {value} vCPUs of G instances: too few for any run"
        yield Finding("GPU quota", verdict, detail, fix)


def _runs(snapshot: StackSnapshot, now: datetime) -> Iterator[Finding]:
    api = Api(snapshot.stack)
    places = QueuePlaces(snapshot.stack, snapshot.of_type("AWS::Batch::JobQueue").values())
    stuck = False
    for status, minutes in _PATIENCE.items():
        for run in api.get("/runs", status=status, limit=100)["runs"]:
            if now - parsed(run["updated_at"]) < timedelta(minutes=minutes):
                continue
            detail = f"{run['run_id']} has been {status} for {age(run['updated_at'], now)}"
            if place := places.of(run):
                detail += f": {place}"
                if place.is_behind_others:
                    yield Finding("runs", "ok", detail)
                    continue
            stuck = True
            fix = f"droptrain show {run['run_id']}; docs/operations/README.md#a-run-stays-runnable."
            yield Finding("runs", "warning", detail, fix)
    if not stuck:
        yield Finding("runs", "ok", "none is stuck")


def _laptop_queues(stack: Stack) -> dict[str, str]:
    urls = stack.client("sqs").list_queues().get("QueueUrls", [])
    return {url.rpartition("-")[2]: url for url in urls}


def _laptop_batch(stack: Stack) -> dict[str, dict[str, str]]:
    batch = stack.client("batch")
    environments = batch.describe_compute_environments()["computeEnvironments"]
    queues = batch.describe_job_queues()["jobQueues"]
    names = [each["computeEnvironmentName"] for each in environments]
    return {
        "AWS::Batch::ComputeEnvironment": dict(zip(names, names, strict=True)),
        "AWS::Batch::JobQueue": {each["jobQueueName"]: each["jobQueueName"] for each in queues},
    }
