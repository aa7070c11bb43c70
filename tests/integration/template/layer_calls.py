"""A script that makes every call that the functions can make, by the botocore of the built layer alone.

Reads what there is to call as JSON, prints what was called and which addresses clients take by themselves.
"""

import hashlib
import json
import os
import sys
import urllib.request
from typing import Any

import botocore.session

REGIONS = ("eu-west-1", "us-east-1", "cn-north-1", "us-gov-west-1")
SERVICES = ("batch", "dynamodb", "ec2", "ecr", "events", "logs", "pricing", "s3", "scheduler", "sns", "sqs")


def main() -> None:
    """Call, and print."""
    there = json.load(sys.stdin)
    session = botocore.session.get_session()
    called: set[str] = set()
    clients: dict[str, Any] = {
        service: session.create_client(service, there["region"]) for service in SERVICES
    }
    for service, client in clients.items():
        client.meta.events.register(
            "before-parameter-build",
            lambda model, service=service, **_: called.add(f"{service}:{model.name}"),
        )
    call_s3(clients["s3"], there["bucket"])
    call_dynamodb(clients["dynamodb"], there["table"])
    call_batch(clients["batch"], there["queue"], there["definition"])
    clients["sns"].publish(TopicArn=there["topic"], Subject="s", Message="m")
    assert clients["sns"].get_topic_attributes(TopicArn=there["topic"])["Attributes"]
    clients["sqs"].send_message(QueueUrl=there["uploads"], MessageBody="{}", DelaySeconds=900)
    entry = {"Source": "droptrain", "DetailType": "Budget", "Resources": ["a"], "Detail": "{}"}
    assert clients["events"].put_events(Entries=[entry])["FailedEntryCount"] == 0
    events = clients["logs"].get_log_events(logGroupName=there["log_group"], logStreamName="a-stream")
    assert events["events"] == []
    try:
        clients["logs"].get_log_events(logGroupName=there["log_group"], logStreamName="another")
        raise AssertionError
    except clients["logs"].exceptions.ResourceNotFoundException:
        pass
    call_scheduler(clients["scheduler"], there["schedules"])
    image = [{"imageTag": "latest"}]
    assert clients["ecr"].describe_images(repositoryName=there["repository"], imageIds=image)["imageDetails"]
    spot = clients["ec2"].get_paginator("describe_spot_price_history").paginate(InstanceTypes=["g5.xlarge"])
    assert [page["SpotPriceHistory"] for page in spot] == [[]]
    described = (
        clients["ec2"]
        .get_paginator("describe_instance_types")
        .paginate(Filters=[{"Name": "instance-type", "Values": ["g5.xlarge"]}])
    )
    assert [each["InstanceType"] for page in described for each in page["InstanceTypes"]] == ["g5.xlarge"]
    assert [
        page["Reservations"] for page in clients["ec2"].get_paginator("describe_instances").paginate()
    ] == [[]]
    products = clients["pricing"].get_paginator("get_products").paginate(ServiceCode="AmazonEC2")
    assert [page["PriceList"] for page in products] == [[]]
    for name in [name for name in os.environ if name.startswith("AWS_ENDPOINT_URL")]:
        del os.environ[name]
    print(json.dumps({"called": sorted(called), "addresses": addresses(session)}))


def call_s3(s3: Any, bucket: str) -> None:
    """Objects, their versions, uploads in parts, and requests that others send."""
    at = {"Bucket": bucket, "Key": "calls/a"}
    s3.head_bucket(Bucket=bucket)
    s3.put_object(**at, Body=b"text", IfNoneMatch="*")
    assert s3.get_object(**at)["Body"].read() == b"text"
    assert s3.head_object(**at)["Metadata"] == {}
    try:
        s3.get_object(Bucket=bucket, Key="calls/none")
        raise AssertionError
    except s3.exceptions.NoSuchKey:
        pass
    assert send(s3, "get_object", at, "GET") == b"text"
    send(s3, "put_object", at, "PUT", b"more")
    assert s3.list_objects_v2(Bucket=bucket, Prefix="calls/")["KeyCount"] == 1
    for end in ("complete", "abort"):
        begun = s3.create_multipart_upload(**at, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
        upload = {**at, "UploadId": begun["UploadId"]}
        send(s3, "upload_part", {**upload, "PartNumber": 1}, "PUT", b"part")
        if end == "abort":
            send(s3, "abort_multipart_upload", upload, "DELETE")
            continue
        # Whoever sends the parts knows their tags.
        part = f"<Part><PartNumber>1</PartNumber><ETag>{hashlib.md5(b'part').hexdigest()}</ETag></Part>"
        body = f"<CompleteMultipartUpload>{part}</CompleteMultipartUpload>"
        send(s3, "complete_multipart_upload", upload, "POST", body.encode())
    copied = {"CopySource": {"Bucket": bucket, "Key": "calls/a"}, "Bucket": bucket, "Key": "calls/copy"}
    s3.copy_object(**copied)
    begun = s3.create_multipart_upload(Bucket=bucket, Key="calls/copy")
    s3.upload_part_copy(**copied, UploadId=begun["UploadId"], PartNumber=1)
    uploads = s3.list_multipart_uploads(Bucket=bucket, Prefix="calls/copy")["Uploads"]
    assert [each["UploadId"] for each in uploads] == [begun["UploadId"]]
    part_pages = s3.get_paginator("list_parts").paginate(
        Bucket=bucket, Key="calls/copy", UploadId=begun["UploadId"]
    )
    assert [part["PartNumber"] for page in part_pages for part in page["Parts"]] == [1]
    s3.abort_multipart_upload(Bucket=bucket, Key="calls/copy", UploadId=begun["UploadId"])
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix="calls/")
    versions = [{"Key": it["Key"], "VersionId": it["VersionId"]} for page in pages for it in page["Versions"]]
    assert len(versions) >= 2
    s3.delete_objects(Bucket=bucket, Delete={"Objects": versions, "Quiet": True})


def send(
    s3: Any, operation: str, parameters: dict[str, Any], method: str, body: bytes | None = None
) -> bytes:
    """Send a presigned request, as somebody without credentials would."""
    url = s3.generate_presigned_url(operation, Params=parameters)
    # Without a type of its own, urllib says that it sends a form.
    request = urllib.request.Request(url, body, {"Content-Type": "application/octet-stream"}, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return bytes(answer.read())


def call_dynamodb(dynamodb: Any, table: str) -> None:
    """One item's life, and what a condition that doesn't hold answers."""
    key = {"pk": {"S": "CALLS"}}
    put = {"Put": {"TableName": table, "Item": key, "ConditionExpression": "attribute_not_exists(pk)"}}
    dynamodb.transact_write_items(TransactItems=[put])
    try:
        dynamodb.transact_write_items(TransactItems=[put])
        raise AssertionError
    except dynamodb.exceptions.TransactionCanceledException as error:
        assert error.response["CancellationReasons"][0]["Code"] == "ConditionalCheckFailed"
    try:
        dynamodb.update_item(
            TableName=table, Key=key, UpdateExpression="SET a = :a", ConditionExpression="a = :a",
            ExpressionAttributeValues={":a": {"N": "1"}},
        )  # fmt: skip
        raise AssertionError
    except dynamodb.exceptions.ConditionalCheckFailedException:
        pass
    assert dynamodb.get_item(TableName=table, Key=key)["Item"] == key
    answer = dynamodb.batch_get_item(RequestItems={table: {"Keys": [key]}})
    assert answer["Responses"] == {table: [key]}
    pages = dynamodb.get_paginator("query").paginate(
        TableName=table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues={":pk": key["pk"]}
    )
    assert [page["Count"] for page in pages] == [1]
    dynamodb.delete_item(TableName=table, Key=key)


def call_batch(batch: Any, queue: str, definition: str) -> None:
    """One job, submitted and ended."""
    job_id = batch.submit_job(
        jobName="calls", jobQueue=queue, jobDefinition=definition, shareIdentifier="calls",
        schedulingPriorityOverride=0,
    )["jobId"]  # fmt: skip
    assert batch.get_job_queue_snapshot(jobQueue=queue)["frontOfQueue"]
    batch.terminate_job(jobId=job_id, reason="called")
    assert [job["jobId"] for job in batch.describe_jobs(jobs=[job_id])["jobs"]] == [job_id]
    pages = batch.get_paginator("list_jobs").paginate(
        jobQueue=queue, filters=[{"name": "JOB_NAME", "values": ["calls"]}]
    )
    assert [job["jobId"] for page in pages for job in page["jobSummaryList"]] == [job_id]


def call_scheduler(scheduler: Any, group: str) -> None:
    """A schedule's life."""
    role = "arn:aws:iam::123456789012:role/a"
    schedule = {
        "GroupName": group,
        "Name": "penguins",
        "ScheduleExpression": "cron(0 6 ? * 2 *)",
        "ScheduleExpressionTimezone": "Europe/Berlin",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": "arn:aws:sqs:eu-west-1:123456789012:q", "RoleArn": role, "Input": "{}"},
    }
    scheduler.create_schedule(**schedule)
    try:
        scheduler.create_schedule(**schedule)
        raise AssertionError
    except scheduler.exceptions.ConflictException:
        pass
    scheduler.update_schedule(**schedule)
    scheduler.delete_schedule(GroupName=group, Name="penguins")


def addresses(session: Any) -> dict[str, list[str]]:
    """Where clients call AWS itself, and what a signed request to a bucket there begins with."""
    session.set_credentials("a", "b")
    found = {}
    for region in REGIONS:
        made = [session.create_client(service, region) for service in SERVICES]
        url = made[SERVICES.index("s3")].generate_presigned_url("get_object", {"Bucket": "b-1", "Key": "k"})
        found[region] = [*(client.meta.endpoint_url for client in made), url.partition("?")[0]]
    return found


if __name__ == "__main__":
    main()
