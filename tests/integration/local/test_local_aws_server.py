"""moto behind one door: nothing is lost when many call at a time, and nobody waits for who waits."""

import json
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from botocore.exceptions import ClientError
from moto.dynamodb.models.table import Table
from moto.s3.models import FakeKey

from droptrain_local.aws_server import AwsServer
from droptrain_local.errors import PortTakenError


def at_once(count: int, call: Callable[[int], Any]) -> list[Any]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(call, range(count)))


def tracked(kind: Any) -> int:
    """How many instances of one of its classes moto keeps track of."""
    return len(kind.instances_tracked)


@pytest.fixture
def bucket(clients) -> str:
    name = f"bucket-{time.monotonic_ns()}"
    clients.client("s3").create_bucket(
        Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    return name


def new_table(clients: Any, name: str) -> Any:
    """A client of DynamoDB, with a new table whose key is `pk`."""
    dynamodb = clients.client("dynamodb")
    dynamodb.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )  # fmt: skip
    return dynamodb


def test_concurrent_adds_are_all_counted(clients) -> None:
    dynamodb = new_table(clients, "counters")
    key = {"pk": {"S": "one"}}
    at_once(60, lambda _: dynamodb.update_item(
        TableName="counters", Key=key, UpdateExpression="ADD n :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    ))  # fmt: skip
    assert dynamodb.get_item(TableName="counters", Key=key)["Item"]["n"] == {"N": "60"}


def test_items_come_back_with_all_types_of_values(clients) -> None:
    dynamodb = new_table(clients, "types")
    values: dict[str, Any] = {
        "text": {"S": "Größe"}, "empty": {"S": ""}, "number": {"N": "-1.5E+10"}, "yes": {"BOOL": True},
        "no": {"BOOL": False}, "null": {"NULL": True}, "bytes": {"B": b"\x00\xff"}, "no_list": {"L": []},
        "no_map": {"M": {}}, "texts": {"SS": ["a", "b"]}, "numbers": {"NS": ["1", "2"]},
        "lines": {"BS": [b"a", b"\xff"]},
    }  # fmt: skip
    item = {"pk": {"S": "one"}, **values, "list": {"L": list(values.values())}, "map": {"M": values}}
    dynamodb.put_item(TableName="types", Item=item)
    assert dynamodb.get_item(TableName="types", Key={"pk": item["pk"]})["Item"] == item


def test_a_cancelled_transaction_leaves_no_trace_and_no_copy_of_its_table(clients) -> None:
    dynamodb, streams = clients.client("dynamodb"), clients.client("dynamodbstreams")
    table = dynamodb.create_table(
        TableName="things", BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )["TableDescription"]  # fmt: skip
    tables = tracked(Table)

    def key(name: str) -> dict[str, Any]:
        return {"pk": {"S": "one"}, "sk": {"S": name}}

    def write(*operations: dict[str, Any]) -> None:
        dynamodb.transact_write_items(
            TransactItems=[
                {kind: {"TableName": "things", **what} for kind, what in operation.items()}
                for operation in operations
            ]
        )

    write({"Put": {"Item": key("there") | {"n": {"N": "1"}}}}, {"Put": {"Item": key("left")}})
    before = dynamodb.scan(TableName="things")["Items"]
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        write(
            {"Update": {
                "Key": key("there"), "UpdateExpression": "SET n = :n",
                "ExpressionAttributeValues": {":n": {"N": "2"}},
            }},
            {"Delete": {"Key": key("left")}},
            {"Put": {"Item": key("new")}},
            {"ConditionCheck": {"Key": key("gone"), "ConditionExpression": "attribute_exists(pk)"}},
        )  # fmt: skip
    after = dynamodb.scan(TableName="things")["Items"]
    assert sorted(after, key=str) == sorted(before, key=str)
    shard = streams.describe_stream(StreamArn=table["LatestStreamArn"])["StreamDescription"]["Shards"][0]
    iterator = streams.get_shard_iterator(
        StreamArn=table["LatestStreamArn"], ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    assert len(streams.get_records(ShardIterator=iterator)["Records"]) == 2
    assert tracked(Table) == tables


def test_a_listing_of_versions_copies_no_object(clients, bucket) -> None:
    s3 = clients.client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    old, new, other = [
        s3.put_object(Bucket=bucket, Key=key, Body=b"1,2")["VersionId"] for key in ("a/1", "a/1", "b/1")
    ]
    objects = tracked(FakeKey)
    for _ in range(2):
        versions = s3.list_object_versions(Bucket=bucket, Prefix="a/")["Versions"]
        assert [(each["VersionId"], each["IsLatest"]) for each in versions] == [(new, True), (old, False)]
    assert s3.list_object_versions(Bucket=bucket, Prefix="b/")["Versions"][0]["VersionId"] == other
    assert tracked(FakeKey) == objects


def test_one_of_many_conditional_puts_wins(clients, bucket) -> None:
    def put(number: int) -> bool:
        try:
            clients.client("s3").put_object(Bucket=bucket, Key="lease", Body=str(number), IfNoneMatch="*")
        except ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 412
            return False
        return True

    assert sum(at_once(20, put)) == 1


def test_each_message_goes_to_one_receiver(clients) -> None:
    sqs = clients.client("sqs")
    url = sqs.create_queue(QueueName="many")["QueueUrl"]
    at_once(30, lambda n: sqs.send_message(QueueUrl=url, MessageBody=str(n)))

    def receive(_: int) -> list[str]:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=5)
        return [message["Body"] for message in answer.get("Messages", [])]

    received = [body for bodies in at_once(12, receive) for body in bodies]
    assert sorted(received) == sorted({str(n) for n in range(30)})


def test_a_waiting_receiver_holds_up_nobody_and_gets_its_message_at_once(clients) -> None:
    sqs = clients.client("sqs")
    url = sqs.create_queue(QueueName="waiting")["QueueUrl"]
    arrived: list[float] = []

    def receive() -> None:
        if sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10).get("Messages"):
            arrived.append(time.monotonic())

    waiting = threading.Thread(target=receive)
    waiting.start()
    time.sleep(0.3)
    began = time.monotonic()
    sqs.send_message(QueueUrl=url, MessageBody="now")
    assert time.monotonic() - began < 2
    waiting.join(12)
    assert arrived
    assert arrived[0] - began < 1


def test_an_upload_reaches_the_queue_of_a_rule_with_its_key_as_it_is(clients, bucket) -> None:
    s3, events, sqs = (clients.client(name) for name in ("s3", "events", "sqs"))
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    url = sqs.create_queue(QueueName="uploads")["QueueUrl"]
    detail = {"bucket": {"name": [bucket]}, "object": {"key": [{"anything-but": {"prefix": "runs/"}}]}}
    pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": detail}
    events.put_rule(Name="uploads", EventPattern=json.dumps(pattern))
    events.put_targets(
        Rule="uploads", Targets=[{"Id": "1", "Arn": "arn:aws:sqs:eu-west-1:123456789012:uploads"}]
    )
    s3.put_object(Bucket=bucket, Key="runs/p/model", Body=b"")
    version = s3.put_object(Bucket=bucket, Key="projects/größe + 100%.csv", Body=b"a")["VersionId"]
    bodies = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    objects = [json.loads(message["Body"])["detail"]["object"] for message in bodies]
    assert [(item["key"], item["version-id"]) for item in objects] == [("projects/größe + 100%.csv", version)]


def test_a_web_page_of_another_site_is_refused(aws: AwsServer) -> None:
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(aws.url, headers={"Origin": "https://example.com"}), timeout=5)
    with refused.value as answer:
        assert answer.code == 403
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_an_upload_that_is_cut_off_leaves_no_object(aws: AwsServer, clients, bucket) -> None:
    address = urlsplit(aws.url)
    with socket.create_connection((address.hostname, address.port), timeout=5) as connection:
        head = f"PUT /{bucket}/cut HTTP/1.1\r\nHost: {address.netloc}\r\nContent-Length: 100\r\n\r\n"
        connection.sendall(head.encode() + b"half")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100).startswith(b"HTTP/1.1 400")
    assert clients.client("s3").list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_port_that_is_taken_is_an_error_that_says_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"Port {port} is taken.*--port"):
            AwsServer(port)


def test_the_price_apis_sell_nothing(clients: Any) -> None:
    """moto would tell the same Spot price of everything."""
    ec2 = clients.client("ec2")
    assert ec2.describe_spot_price_history(InstanceTypes=["g5.xlarge"])["SpotPriceHistory"] == []
    assert clients.client("pricing").get_products(ServiceCode="AmazonEC2")["PriceList"] == []
    assert ec2.describe_regions()["Regions"], "all else reaches moto"
