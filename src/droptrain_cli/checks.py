"""What `droptrain doctor` looks at: each check asks AWS one thing and says what it found, with the fix."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from droptrain_cli import account_checks
from droptrain_cli.api import Api
from droptrain_cli.formatting import age, parsed
from droptrain_cli.queue_places import QueuePlaces
from droptrain_cli.stack import Stack, failures_of
from droptrain_cli.stack_snapshot import Check, Finding, StackSnapshot, Verdict

_REFUSED = ("AccessDenied", "AccessDeniedException", "AuthorizationError", "UnauthorizedOperation")
# Batch takes minutes to start an instance; a claim or a submission takes seconds.
_IMAGES: tuple[tuple[str, Verdict, str], ...] = (
    ("latest", "problem", "no run with GPUs"), ("cpu", "warning", "no run without GPUs"),
)  # fmt: skip
_PATIENCE = {"CLAIMED": 10, "SUBMITTED": 10, "RUNNABLE": 30, "STARTING": 30}


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
        *account_checks.CHECKS,
        ("runs", lambda snapshot: _runs(snapshot, now)),
    ]


def _stack(snapshot: StackSnapshot) -> Iterator[Finding]:
    if snapshot.stack.is_laptop:
        yield Finding("stack", "ok", "the laptop cloud runs; image, notices by e-mail and quotas are AWS's")
        return
    caller = snapshot.stack.client("sts").get_caller_identity()["Arn"]
    yield Finding("credentials", "ok", caller)
    yield _deployment(snapshot.stack, snapshot.status)
    if paused := snapshot.parameters.get("Paused"):
        fix = "To launch again: sam build && sam deploy --parameter-overrides 'Paused=\"\"'"
        yield Finding("paused", "warning", f"nothing is launched: {paused}", fix)


def _deployment(stack: Stack, status: str) -> Finding:
    """How the newest deployment ended; after one that was rolled back, the stack works as it did before."""
    if status.endswith("_IN_PROGRESS"):
        fix = f"Wait for its end, and ask again: droptrain doctor --stack {stack.name}"
        return Finding("stack", "warning", f"{stack.name} is {status}: a deployment is under way", fix)
    if status.endswith("_COMPLETE") and "ROLLBACK" not in status:
        return Finding("stack", "ok", f"{stack.name} in {stack.region}: {status}")
    again = "sam build && sam deploy"
    if status == "UPDATE_ROLLBACK_FAILED":
        again = f"aws cloudformation continue-update-rollback --stack-name {stack.name}"
    fix = f"See why: {failures_of(stack.name)}\nThen fix the cause, and: {again}"
    return Finding("stack", "problem", f"{stack.name} is {status}: the newest deployment failed", fix)


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
    fix = "Fix what the reason names, then deploy again."
    # These are EC2's words; compute environments have no codes for them.
    if "spot" in reason.lower() and "role" in reason.lower():
        fix = "aws iam create-service-linked-role --aws-service-name spot.amazonaws.com"
    if "free tier" in reason.lower():
        fix = account_checks.UPGRADE
    return Finding(title, "problem", detail, fix)


def _image(snapshot: StackSnapshot) -> Iterator[Finding]:
    if snapshot.stack.is_laptop:
        return
    if uri := snapshot.parameters.get("ImageUri"):
        yield Finding("image", "ok", f"{uri}, which the stack's owner named; it isn't looked at here")
        return
    ecr = snapshot.stack.client("ecr")
    [repository] = snapshot.of_type("AWS::ECR::Repository").values()
    by_docker = snapshot.outputs["ImagePushCommands"]
    remote = f"droptrain image --stack {snapshot.stack.name}"
    fix = f"Publish it: {remote} (AWS builds it), or, with Docker: {by_docker}"
    for tag, lacking, runs in _IMAGES:
        try:
            [image] = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])[
                "imageDetails"
            ]
        except ecr.exceptions.ImageNotFoundException:
            yield Finding("image", lacking, f"{repository} has no image '{tag}': {runs} can start", fix)
            continue
        pushed = image["imagePushedAt"].astimezone(UTC)
        yield Finding("image", "ok", f"{repository}:{tag}, pushed {pushed:%Y-%m-%d}")


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
