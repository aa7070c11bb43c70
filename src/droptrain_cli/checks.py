"""What `droptrain doctor` looks at: each check asks AWS one thing and says what it found, with the fix."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from droptrain.api import Api
from droptrain.aws_errors import is_denied, needs_sign_in
from droptrain.bucket_versions import keep_versions
from droptrain.errors import ApiError, UnreachableError
from droptrain.formatting import age, parsed
from droptrain.stack import Stack, failures_of
from droptrain_cli import account_checks
from droptrain_cli.image_checks import image
from droptrain_cli.queue_places import QueuePlaces
from droptrain_cli.stack_snapshot import Check, Finding, StackSnapshot

# Parts of the codes with which services answer for a resource that isn't there.
_GONE = ("NotFound", "NonExistent", "DoesNotExist", "NoSuchBucket")
_FORBIDDEN = 403
# Batch takes minutes to start an instance; a claim or a submission takes seconds.
_PATIENCE = {"CLAIMED": 10, "SUBMITTED": 10, "RUNNABLE": 30, "STARTING": 30}


def findings(
    snapshot: StackSnapshot, now: datetime | None = None, first: Iterable[tuple[str, Check]] = ()
) -> Iterator[Finding]:
    """The findings of every check, `first` before.

    A check that gets no answer has that as its finding. If nobody is signed in, the error is raised.
    """
    for title, check in [*first, *_checks(now or datetime.now(UTC))]:
        try:
            yield from check(snapshot)
        except (ClientError, BotoCoreError, ApiError, UnreachableError) as error:
            if needs_sign_in(error):
                raise
            yield _unanswered(title, error, snapshot)


def _unanswered(title: str, error: Exception, snapshot: StackSnapshot) -> Finding:
    """What an error says of the stack: the credentials' lack of a permission says nothing."""
    stack = snapshot.stack
    if isinstance(error, ApiError | UnreachableError):
        is_refused = isinstance(error, ApiError) and error.status == _FORBIDDEN
        return Finding(title, "unknown" if is_refused else "problem", error.message)
    if not isinstance(error, ClientError):
        return Finding(title, "unknown", str(error), "Check the network, and look again.")
    if is_denied(error):
        fix = f"Attach the stack's OperatorPolicy ({stack.operator_policy}) to who asks."
        return Finding(title, "unknown", f"these credentials may not call {error.operation_name}", fix)
    refusal = error.response.get("Error", {})
    code = refusal.get("Code", "")
    detail = f"AWS refused {error.operation_name} ({code}): {refusal.get('Message', '')}"
    if any(part in code for part in _GONE):
        return Finding(title, "problem", detail, _find_the_lost(snapshot))
    return Finding(title, "unknown", detail, "Look again in a minute.")


def _find_the_lost(snapshot: StackSnapshot) -> str:
    return (
        "Somebody has deleted a part of the stack. To see what: "
        f"aws cloudformation detect-stack-drift --stack-name {snapshot.stack.name}"
    )


def _checks(now: datetime) -> list[tuple[str, Check]]:
    return [
        ("stack", _stack),
        ("API", _api),
        ("bucket", _bucket),
        ("compute", _compute),
        ("image", image),
        ("notices", _subscriptions),
        ("dead letters", _dead_letters),
        *account_checks.CHECKS,
        ("runs", lambda snapshot: _runs(snapshot, now)),
    ]


def _stack(snapshot: StackSnapshot) -> Iterator[Finding]:
    if snapshot.stack.is_laptop:
        yield Finding(
            "stack", "ok", "the laptop cloud runs; images, e-mail and quotas are checked on AWS only"
        )
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
        again = f"aws cloudformation continue-update-rollback --stack-name {stack.name} && {again}"
    if status == "DELETE_FAILED":
        again = "docs/operations/remove.md"
    fix = f"See why: {failures_of(stack.name)}\nThen fix the cause, and: {again}"
    return Finding("stack", "problem", f"{stack.name} is {status}: the newest deployment failed", fix)


def _api(snapshot: StackSnapshot) -> Iterator[Finding]:
    projects = Api(snapshot.stack).get("/projects", limit=1)["projects"]
    yield Finding("API", "ok", f"{snapshot.stack.api_url} answers" + ("" if projects else "; no project yet"))


def _bucket(snapshot: StackSnapshot) -> Iterator[Finding]:
    """A run pins the version of each file that it uses."""
    bucket = snapshot.stack.bucket
    if snapshot.stack.client("s3").get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled":
        yield Finding("bucket", "ok", f"{bucket} keeps versions")
        return
    yield Finding("bucket", "problem", f"{bucket} keeps no versions", keep_versions(bucket))


def _compute(snapshot: StackSnapshot) -> Iterator[Finding]:
    batch = snapshot.stack.client("batch")
    environments = snapshot.of_type("AWS::Batch::ComputeEnvironment")
    names = list(environments.values())
    found = batch.describe_compute_environments(computeEnvironments=names)["computeEnvironments"]
    yield from _of_batch(snapshot, "compute", environments, found)
    queues = snapshot.of_type("AWS::Batch::JobQueue")
    found = batch.describe_job_queues(jobQueues=list(queues.values()))["jobQueues"]
    yield from _of_batch(snapshot, "job queue", queues, found)


def _of_batch(
    snapshot: StackSnapshot, title: str, wanted: Mapping[str, str], found: Iterable[Mapping[str, Any]]
) -> Iterator[Finding]:
    """The state of each compute environment or job queue."""
    kind = "jobQueue" if title == "job queue" else "computeEnvironment"
    by_id = {each[key]: each for each in found for key in (f"{kind}Name", f"{kind}Arn")}
    for name, physical_id in wanted.items():
        if each := by_id.get(physical_id):
            yield _valid(title, each[f"{kind}Name"], each)
        else:
            yield Finding(title, "problem", f"{name} isn't there: {physical_id}", _find_the_lost(snapshot))


def _valid(title: str, name: str, found: Mapping[str, Any]) -> Finding:
    status, state, reason = found["status"], found["state"], found.get("statusReason", "")
    if status == "VALID" and state == "ENABLED":
        return Finding(title, "ok", f"{name} is VALID")
    detail = f"{name} is {status} and {state}" + (f": {reason}" if reason else "")
    if status in ("CREATING", "UPDATING"):
        return Finding(title, "warning", detail, "Wait some minutes, and look again.")
    fix = "Fix what the reason names, then deploy again."
    if status == "VALID":
        kind = "job-queue" if title == "job queue" else "compute-environment"
        fix = f"Somebody has disabled it: aws batch update-{kind} --{kind} {name} --state ENABLED"
    # These are EC2's words; compute environments have no codes for them.
    if "spot" in reason.lower() and "role" in reason.lower():
        fix = "aws iam create-service-linked-role --aws-service-name spot.amazonaws.com"
    if "free tier" in reason.lower():
        fix = account_checks.UPGRADE
    return Finding(title, "problem", detail, fix)


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
