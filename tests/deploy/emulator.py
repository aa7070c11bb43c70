"""Starts the emulator that `make test-deploy` deploys to: ministack, with what its release lacks of AWS.

It runs in .venv-emulator, without a line of droptrain. Each function called `add_…` is one difference between
that release and AWS. Delete it when the release no longer has the difference.
"""

import contextvars
import json
import sys
import threading
import time
from typing import Any

from ministack import app
from ministack.core import iam_actions, lambda_runtime
from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.services import apigateway, batch, eventbridge, lambda_svc, s3
from ministack.services.cloudformation import provisioners

# For each type: where the Batch API looks for its resources, their part of an ARN, the ARN's attribute.
BATCH_TYPES: dict[str, tuple[Any, str, str]] = {
    "AWS::Batch::ComputeEnvironment": (batch._compute_envs, "compute-environment", "ComputeEnvironmentArn"),
    "AWS::Batch::JobQueue": (batch._job_queues, "job-queue", "JobQueueArn"),
    "AWS::Batch::SchedulingPolicy": ({}, "scheduling-policy", "Arn"),
    "AWS::Batch::JobDefinition": (batch._job_definitions, "job-definition", "JobDefinitionArn"),
}
SECONDS_BETWEEN_STATES = 0.2


def add_batch_types() -> None:
    """CloudFormation creates, updates and deletes Batch's resources."""
    for type_, (store, part, attribute) in BATCH_TYPES.items():
        provisioners._RESOURCE_HANDLERS[type_] = _handlers(store, part, attribute)


def _handlers(store: Any, part: str, attribute: str) -> dict[str, Any]:
    """The handlers of one type. An update of a job definition adds a revision and keeps the others."""

    def put(logical_id: str, properties: dict[str, Any], stack: str) -> tuple[str, dict[str, str]]:
        name = provisioners._physical_name(stack, logical_id)
        arn = f"arn:aws:batch:{get_region()}:{get_account_id()}:{part}/{name}"
        record = properties | {f"{attribute.removesuffix('Arn')}Name": name, "Status": "VALID"}
        if part == "job-definition":
            revisions = store.setdefault(name, [])
            arn = f"{arn}:{len(revisions) + 1}"
            record |= {attribute: arn, "Revision": len(revisions) + 1}
            revisions.append(provisioners._pascal_to_camel(record))
        else:
            store[name] = provisioners._pascal_to_camel(record | {attribute: arn})
        return arn, {attribute: arn}

    def update(arn: str, _: Any, properties: Any, stack: str, logical_id: str) -> tuple[str, dict[str, str]]:
        return arn, put(logical_id, properties, stack)[1]

    def delete(arn: str, _: Any) -> None:
        del store[arn.rpartition("/")[2].partition(":")[0]]

    return {"create": put, "update": update, "update_with_logical_id": True, "delete": delete}


def add_versions_to_events() -> None:
    """S3's events have the object's version (Amazon S3 user guide, EventBridge event message structure)."""
    version: contextvars.ContextVar[str | None] = contextvars.ContextVar("version", default=None)
    fire, dispatch = s3._fire_s3_event, eventbridge._dispatch_event

    def fire_with_version(*arguments: Any, version_id: str | None = None, **more: Any) -> None:
        version.set(version_id)
        fire(*arguments, version_id=version_id, **more)

    def dispatch_with_version(event: dict[str, Any], *arguments: Any) -> None:
        if event["Source"] == "aws.s3" and version.get():
            detail = json.loads(event["Detail"])
            detail["object"]["version-id"] = version.get()
            event["Detail"] = json.dumps(detail)
        dispatch(event, *arguments)

    s3._fire_s3_event, eventbridge._dispatch_event = fire_with_version, dispatch_with_version


def add_job_events() -> None:
    """Batch sends an event for each state of a job (AWS Batch user guide, job state change events).

    A job still runs nothing: the release's Batch ends each job as SUCCEEDED when it is submitted.
    """
    submit = batch._DISPATCH["/v1/submitjob"]

    def submit_with_events(request: dict[str, Any]) -> Any:
        answer = submit(request)
        job = batch._jobs[json.loads(answer[2])["jobId"]]
        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(_send_states, job), daemon=True).start()
        return answer

    batch._DISPATCH["/v1/submitjob"] = submit_with_events


def _send_states(job: dict[str, Any]) -> None:
    names = ("jobArn", "jobName", "jobId", "jobQueue", "jobDefinition", "tags", "createdAt")
    detail = {name: job[name] for name in names} | {"attempts": []}
    started_at = int(time.time() * 1000)
    attempt = {"startedAt": started_at, "stoppedAt": started_at + 1000, "container": job["container"]}
    changes: dict[str, dict[str, Any]] = {
        "SUBMITTED": {},
        "RUNNABLE": {},
        "STARTING": {},
        "RUNNING": {"startedAt": started_at},
        "SUCCEEDED": attempt | {"attempts": [attempt], "statusReason": job["statusReason"]},
    }
    for status, change in changes.items():
        time.sleep(SECONDS_BETWEEN_STATES)
        detail |= change | {"status": status}
        event = {
            "EventId": new_uuid(),
            "Source": "aws.batch",
            "DetailType": "Batch Job State Change",
            "Detail": json.dumps(detail),
            "EventBusName": "default",
            "Time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "Resources": [job["jobArn"]],
            "Account": get_account_id(),
            "Region": get_region(),
        }
        eventbridge._dispatch_event(event)


def add_routes_of_openapi() -> None:
    """An HTTP API has the routes of its OpenAPI body (API Gateway developer guide, OpenAPI extensions)."""
    handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGatewayV2::Api"]
    create = handlers["create"]

    def create_with_routes(logical_id: str, properties: dict[str, Any], stack: str) -> Any:
        api_id, attributes = create(logical_id, properties, stack)
        for path, operations in properties["Body"]["paths"].items():
            for method, operation in operations.items():
                uri = operation["x-amazon-apigateway-integration"]["uri"]
                _, _, answer = apigateway._create_integration(api_id, {"integrationUri": uri})
                route = {
                    "routeKey": "$default" if path == "/$default" else f"{method.upper()} {path}",
                    "target": f"integrations/{json.loads(answer)['integrationId']}",
                    "authorizationType": next(iter(operation["security"][0])),
                }
                apigateway._create_route(api_id, route)
        return api_id, attributes

    handlers["create"] = create_with_routes


def add_what_policies_name() -> None:
    """A policy can name the queue of a SubmitJob, and the source and type of a PutEvents.

    The service authorization reference lists these. The release evaluates a call of Batch without its
    resource, and a PutEvents without its condition keys.
    """
    resource, context = iam_actions.extract_resource_arn, iam_actions.request_tag_context

    def resource_or_queue(service: str, method: str, path: str, headers: Any, body: bytes, *more: Any) -> str:
        if (service, path) == ("batch", "/v1/submitjob"):
            return str(json.loads(body)["jobQueue"])
        return str(resource(service, method, path, headers, body, *more))

    def context_with_events(service: str, action: str, body: bytes, *more: Any) -> dict[str, Any]:
        found: dict[str, Any] = context(service, action, body, *more)
        if action == "events:PutEvents":
            entries = json.loads(body)["Entries"]
            found["events:source"] = [entry["Source"] for entry in entries]
            found["events:detail-type"] = [entry["DetailType"] for entry in entries]
        return found

    iam_actions.extract_resource_arn, iam_actions.request_tag_context = resource_or_queue, context_with_events


def add_the_rule_matcher_to_streams() -> None:
    """A stream's filter matches `exists: false` below an attribute that is absent, as a rule does.

    AWS has one matcher for both (Lambda developer guide, filter rule syntax). The release has two, and only
    the one for rules matches here.
    """
    lambda_svc._match_esm_filter = eventbridge._matches_detail


def add_numbers_of_parameters() -> None:
    """A property that is a number is one also where it refers to a parameter."""
    allowed = lambda_svc._sqs_esm_concurrency

    def allowed_by_number(mapping: dict[str, Any], *more: Any) -> int:
        scaling = mapping.get("ScalingConfig") or {}
        if "MaximumConcurrency" in scaling:
            scaling["MaximumConcurrency"] = int(scaling["MaximumConcurrency"])
        return allowed(mapping, *more)

    lambda_svc._sqs_esm_concurrency = allowed_by_number


def add_secure_transport() -> None:
    """Each request counts as one over TLS, as all of AWS's are: the stack's policies deny others."""
    pin = app.pin_request_origin
    app.pin_request_origin = lambda address, _: pin(address, True)


def add_a_python_of_their_own() -> None:
    """Functions run without the emulator's packages, so that they find only what is deployed."""
    script = lambda_runtime._PYTHON_WORKER_SCRIPT
    lambda_runtime._detect_runtime_binary = lambda _: (vars(sys)["_base_executable"], script)


if __name__ == "__main__":
    add_batch_types()
    add_versions_to_events()
    add_job_events()
    add_routes_of_openapi()
    add_what_policies_name()
    add_the_rule_matcher_to_streams()
    add_numbers_of_parameters()
    add_secure_transport()
    add_a_python_of_their_own()
    app.main()
