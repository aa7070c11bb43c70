"""A request is read as the operation that botocore sends, and needs what AWS's reference says."""

import io
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import boto3
import pytest
from botocore.config import Config

from droptrain_local.clients import Clients
from droptrain_local.permissions.requests import AwsRequest, operation_of
from droptrain_local.permissions.required_actions import required_actions

KEY = "arn:aws:s3:::data/a b/ü?.csv"
PLACE = {"Bucket": "data", "Key": "a b/ü?.csv"}
TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table/runs"
JOB = "arn:aws:batch:eu-west-1:123456789012:job/*"
QUEUE = "arn:aws:batch:eu-west-1:123456789012:job-queue/spot"
DEFINITION = "arn:aws:batch:eu-west-1:123456789012:job-definition/train:3"
ITEM = {"pk": {"S": "RUN#1"}}


class Caught(Exception):
    pass


def sent(service: str, operation: str, parameters: dict[str, Any]) -> AwsRequest:
    """The request that boto3 would send."""
    client = Clients("http://127.0.0.1:9").client(service)
    found: list[Any] = []

    def catch(request: Any, **_: Any) -> None:
        found.append(request)
        raise Caught

    client.meta.events.register("before-send", catch)
    with pytest.raises(Caught):
        getattr(client, operation)(**parameters)
    prepared = found[0]
    url = urlsplit(prepared.url)
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else value
        for name, value in prepared.headers.items()
    }
    body = prepared.body
    if hasattr(body, "read"):
        body = body.read()
    body = body.encode() if isinstance(body, str) else body or b""
    query = dict(parse_qsl(url.query, keep_blank_values=True))
    return AwsRequest(prepared.method, unquote(url.path), query, headers, url.netloc, io.BytesIO(body))


def needs(service: str, operation: str, **parameters: Any) -> list[tuple[str, str]]:
    request = sent(service, operation, parameters)
    assert request.signer is not None
    name, read = operation_of(request.signer.service, request)
    return [(need.action, need.resource) for need in required_actions(request.signer.service, name, read)]


@pytest.mark.parametrize(
    ("operation", "more", "action"),
    [
        ("get_object", {}, "GetObject"),
        ("get_object", {"VersionId": "v"}, "GetObjectVersion"),
        ("head_object", {}, "GetObject"),
        ("head_object", {"VersionId": "v"}, "GetObjectVersion"),
        ("put_object", {"Body": b"x"}, "PutObject"),
        ("put_object", {"Body": b"x", "IfNoneMatch": "*"}, "PutObject"),
        ("create_multipart_upload", {}, "PutObject"),
        ("upload_part", {"UploadId": "u", "PartNumber": 1, "Body": b"x"}, "PutObject"),
        ("complete_multipart_upload", {"UploadId": "u", "MultipartUpload": {"Parts": []}}, "PutObject"),
        ("abort_multipart_upload", {"UploadId": "u"}, "AbortMultipartUpload"),
        ("list_parts", {"UploadId": "u"}, "ListMultipartUploadParts"),
        ("delete_object", {}, "DeleteObject"),
        ("delete_object", {"VersionId": "v"}, "DeleteObjectVersion"),
        ("get_object_tagging", {}, "GetObjectTagging"),
    ],
)
def test_what_is_done_with_an_object(operation: str, more: dict[str, Any], action: str) -> None:
    assert needs("s3", operation, **PLACE, **more) == [(f"s3:{action}", KEY)]


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("head_bucket", "ListBucket"),
        ("list_objects", "ListBucket"),
        ("list_objects_v2", "ListBucket"),
        ("list_object_versions", "ListBucketVersions"),
        ("list_multipart_uploads", "ListBucketMultipartUploads"),
        ("get_bucket_location", "GetBucketLocation"),
        ("get_bucket_versioning", "GetBucketVersioning"),
    ],
)
def test_what_is_asked_of_a_bucket(operation: str, action: str) -> None:
    assert needs("s3", operation, Bucket="data") == [(f"s3:{action}", "arn:aws:s3:::data")]


def test_a_bucket_may_be_named_by_the_host() -> None:
    request = AwsRequest("GET", "/a/b", {}, {}, "data.localhost:5000")
    assert operation_of("s3", request) == ("GetObject", {"Bucket": "data", "Key": "a/b"})


def test_a_write_that_compares_also_reads() -> None:
    expected = [("s3:PutObject", KEY), ("s3:GetObject", KEY)]
    assert needs("s3", "put_object", **PLACE, Body=b"x", IfMatch='"1"') == expected


def test_a_copy_reads_its_source_and_writes() -> None:
    source = {"Bucket": "other", "Key": "c/ü d", "VersionId": "v"}
    read = ("s3:GetObjectVersion", "arn:aws:s3:::other/c/ü d")
    assert needs("s3", "copy_object", **PLACE, CopySource=source) == [read, ("s3:PutObject", KEY)]
    part = {"UploadId": "u", "PartNumber": 1}
    assert needs("s3", "upload_part_copy", **PLACE, CopySource="other/c", **part)[0] == (
        "s3:GetObject",
        "arn:aws:s3:::other/c",
    )


def test_deleting_many_asks_for_each() -> None:
    objects = {"Objects": [{"Key": "a"}, {"Key": "b & c", "VersionId": "v"}]}
    assert needs("s3", "delete_objects", Bucket="data", Delete=objects) == [
        ("s3:DeleteObject", "arn:aws:s3:::data/a"),
        ("s3:DeleteObjectVersion", "arn:aws:s3:::data/b & c"),
    ]


def test_a_listing_tells_its_prefix_and_one_of_uploads_has_none() -> None:
    def context(operation: str, **more: str) -> Any:
        request = sent("s3", operation, {"Bucket": "data", **more})
        [need] = required_actions("s3", *operation_of("s3", request))
        return need.context

    assert context("list_objects_v2", Prefix="a/") == {"s3:prefix": ("a/",)}
    assert context("list_object_versions", Prefix="a/") == {"s3:prefix": ("a/",)}
    assert context("list_objects_v2") == {}
    assert context("list_multipart_uploads", Prefix="a/") == {}


def test_a_transaction_needs_what_is_in_it() -> None:
    items = [
        {"Put": {"TableName": "runs", "Item": ITEM}},
        {"Update": {"TableName": "runs", "Key": ITEM, "UpdateExpression": "SET a = a"}},
        {"Delete": {"TableName": "runs", "Key": ITEM}},
        {"ConditionCheck": {"TableName": "runs", "Key": ITEM, "ConditionExpression": "a = a"}},
    ]
    names = [action for action, _ in needs("dynamodb", "transact_write_items", TransactItems=items)]
    assert names == [
        "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:ConditionCheckItem",
    ]  # fmt: skip


def test_a_query_needs_its_index() -> None:
    asked = {"TableName": "runs", "KeyConditionExpression": "a = :a"}
    assert needs("dynamodb", "query", **asked) == [("dynamodb:Query", TABLE)]
    assert needs("dynamodb", "query", **asked, IndexName="by_time") == [
        ("dynamodb:Query", f"{TABLE}/index/by_time")
    ]


def test_a_submission_needs_queue_definition_and_job_and_tags_need_them_too() -> None:
    asked = {"jobName": "j", "jobQueue": "spot", "jobDefinition": DEFINITION}
    submitted = [("batch:SubmitJob", resource) for resource in (QUEUE, DEFINITION, JOB)]
    assert [(it.action, it.resource) for it in required_actions("batch", "SubmitJob", asked)] == submitted
    tagged = required_actions("batch", "SubmitJob", {**asked, "tags": {"a": "b"}})
    assert [it.resource for it in tagged if it.action == "batch:TagResource"] == [QUEUE, DEFINITION, JOB]


def test_events_tell_their_source_and_type() -> None:
    entry = {"Source": "droptrain", "DetailType": "Run Finished", "Detail": "{}"}
    [need] = required_actions(
        "events", *operation_of("events", sent("events", "put_events", {"Entries": [entry]}))
    )
    assert need.resource == "arn:aws:events:eu-west-1:123456789012:event-bus/default"
    assert need.context == {"events:source": ("droptrain",), "events:detail-type": ("Run Finished",)}


def test_forms_and_json_name_their_operations() -> None:
    topic = "arn:aws:sns:eu-west-1:123456789012:t"
    assert needs("sns", "publish", TopicArn=topic, Message="m") == [("sns:Publish", topic)]
    assert needs("ec2", "describe_spot_price_history") == [("ec2:DescribeSpotPriceHistory", "*")]
    queue = needs("sqs", "send_message", QueueUrl="http://127.0.0.1:9/123456789012/q", MessageBody="m")
    assert queue == [("sqs:SendMessage", "arn:aws:sqs:eu-west-1:123456789012:q")]


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_a_presigned_link_is_its_signers(version: str) -> None:
    client = boto3.client(
        "s3", region_name="eu-west-1", endpoint_url="http://127.0.0.1:9",
        config=Config(signature_version=version),
        aws_access_key_id="ASIA1", aws_secret_access_key="s", aws_session_token="t/o+k",
    )  # fmt: skip
    url = urlsplit(client.generate_presigned_url("get_object", Params={"Bucket": "data", "Key": "k"}))
    signer = AwsRequest("GET", url.path, dict(parse_qsl(url.query)), {}).signer
    assert signer is not None
    assert (signer.access_key, signer.token, signer.service) == ("ASIA1", "t/o+k", "s3")
    assert AwsRequest("GET", "/data/k", {}, {}).signer is None


def test_an_old_signature_is_its_signers() -> None:
    signer = AwsRequest(
        "GET", "/data/k", {}, {"authorization": "AWS ASIA1:c2ln", "x-amz-security-token": "t"}
    ).signer
    assert signer is not None
    assert (signer.access_key, signer.token) == ("ASIA1", "t")
