"""The golden events are as the services' models, and Powertools' models of events, know them."""

import json
from typing import Any

import botocore.session
import pytest
from aws_lambda_powertools.utilities.parser.models import (
    APIGatewayProxyEventV2Model,
    DynamoDBStreamRecordModel,
    EventBridgeModel,
    S3EventNotificationEventBridgeModel,
    SqsRecordModel,
)
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from droptrain_core.domain.runs import batch_job
from support.golden import FOLDER, golden, names_of

LOADER = botocore.session.get_session()
KINDS = {"string": str, "integer": int, "long": int, "boolean": bool, "float": float, "double": float}
# JobDetail's states, and the shapes that an event can have besides (user guide: array and multi-node jobs).
STATES = {"SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED"}
# As EventBridge documents it for S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
OBJECT_FIELDS = {"key", "size", "etag", "version-id", "sequencer"}


def check(value: Any, shape: Shape, at: str) -> None:
    """The value has the shape that a service's model gives it."""
    if isinstance(shape, StructureShape):
        assert isinstance(value, dict), at
        assert set(value) <= set(shape.members), f"{at}: {set(value) - set(shape.members)}"
        for name, part in value.items():
            check(part, shape.members[name], f"{at}.{name}")
    elif isinstance(shape, ListShape):
        assert isinstance(value, list), at
        for part in value:
            check(part, shape.member, f"{at}[]")
    elif isinstance(shape, MapShape):
        assert isinstance(value, dict), at
        for part in value.values():
            check(part, shape.value, f"{at}.*")
    else:
        assert type(value) is KINDS[shape.type_name], f"{at} is {value!r}, not {shape.type_name}"
        if isinstance(shape, StringShape) and shape.enum:
            assert value in shape.enum, f"{at}: {value!r}"


def shape_of(service: str, name: str) -> Shape:
    return LOADER.get_service_model(service).shape_for(name)


def values_of(service: str, name: str) -> set[str]:
    shape = shape_of(service, name)
    assert isinstance(shape, StringShape)
    return set(shape.enum)


@pytest.mark.parametrize("name", names_of("batch"))
def test_a_batch_event_s_detail_is_a_job_as_describe_jobs_tells_of_it(name: str) -> None:
    event = golden(name)
    EventBridgeModel.model_validate(event)
    assert event["source"] == "aws.batch"
    # The user guide's example has the job's ARN among its tags, where JobDetail takes any text.
    check(event["detail"], shape_of("batch", "JobDetail"), "detail")
    required = shape_of("batch", "JobDetail").required_members
    assert set(required) <= set(event["detail"]) | {"startedAt"}, "required, though not there before a start"
    assert event["resources"][0] == event["detail"]["jobArn"]


def test_there_is_a_batch_event_of_every_state_that_the_model_knows() -> None:
    there = {golden(name)["detail"]["status"] for name in names_of("batch")}
    assert there == STATES == values_of("batch", "JobStatus")


@pytest.mark.parametrize("name", names_of("s3"))
def test_an_event_of_s3_has_the_documented_fields(name: str) -> None:
    event = golden(name)
    S3EventNotificationEventBridgeModel.model_validate(event)
    item = event["detail"]["object"]
    assert OBJECT_FIELDS - {"version-id"} <= set(item) <= OBJECT_FIELDS
    assert event["resources"] == [f"arn:aws:s3:::{event['detail']['bucket']['name']}"]


def test_there_is_an_event_of_every_way_to_create_an_object() -> None:
    reasons = {golden(name)["detail"]["reason"] for name in names_of("s3")}
    assert reasons == {"PutObject", "POST Object", "CopyObject", "CompleteMultipartUpload"}


@pytest.mark.parametrize("name", names_of("stream"))
def test_a_record_of_the_stream_is_as_dynamodb_streams_model_has_it(name: str) -> None:
    record = golden(name)
    DynamoDBStreamRecordModel.model_validate(record)
    # Lambda adds the source's ARN, and writes the time as a number.
    known = {key: value for key, value in record.items() if key != "eventSourceARN"}
    identity = known.pop("userIdentity", None)
    assert identity in (None, {"type": "Service", "principalId": "dynamodb.amazonaws.com"})
    at = known["dynamodb"].pop("ApproximateCreationDateTime")
    assert isinstance(at, float)
    check(known, shape_of("dynamodbstreams", "Record"), "record")


def test_there_is_a_record_of_every_kind_of_change() -> None:
    changes = {golden(name)["eventName"] for name in names_of("stream")}
    assert changes == values_of("dynamodbstreams", "OperationType")


def test_a_queue_s_message_has_the_attributes_that_sqs_gives_it() -> None:
    message = golden("sqs/message")
    SqsRecordModel.model_validate(message)
    assert set(message["attributes"]) <= values_of("sqs", "MessageSystemAttributeName")


@pytest.mark.parametrize("name", names_of("http"))
def test_a_request_is_as_payload_2_0_has_it(name: str) -> None:
    event = golden(name)
    APIGatewayProxyEventV2Model.model_validate(event)
    assert event["requestContext"]["http"]["path"] == event["rawPath"]
    assert set(event["requestContext"]["authorizer"]["iam"]) == {
        "accessKey", "accountId", "callerId", "cognitoIdentity", "principalOrgId", "userArn", "userId",
    }  # fmt: skip


def test_there_is_a_request_of_every_route() -> None:
    described = json.loads((FOLDER.parents[1] / "functions/runs_api/openapi.json").read_text("utf-8"))
    routes = {(method.upper(), path) for path, methods in described["paths"].items() for method in methods}
    names = {
        "penguins": "{project}", "first": "{dataset}", "penguins-first-0123456789ab": "{run_id}",
        "penguins-first-sweep-0123456789ab": "{sweep_id}",
    }  # fmt: skip
    there = set()
    for name in names_of("http"):
        event = golden(name)
        path = "/".join(names.get(part, part) for part in event["rawPath"].split("/"))
        there.add((event["requestContext"]["http"]["method"], path))
    assert there >= routes


@pytest.mark.parametrize("name", names_of("scheduler"))
def test_a_schedule_s_event_is_an_event_of_eventbridge_with_a_text_as_its_detail(name: str) -> None:
    event = golden(name)
    EventBridgeModel.model_validate(event | {"detail": json.loads(event["detail"])})
    assert event["source"] == "aws.scheduler"


def test_array_and_multi_node_jobs_are_told_apart_by_their_ids_and_are_nobody_s_run() -> None:
    ids = {name: golden(f"batch/{name}")["detail"]["jobId"] for name in (
        "array_parent", "array_child", "multi_node_parent", "multi_node_child",
    )}  # fmt: skip
    assert ids["array_child"] == f"{ids['array_parent']}:3"
    assert ids["multi_node_child"] == f"{ids['multi_node_parent']}#1"
    assert all(batch_job.read(golden(f"batch/{name}")["detail"]) is None for name in ids)
