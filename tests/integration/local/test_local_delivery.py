"""Queues, a stream and a schedule call functions as on AWS: what fails comes again, then is kept."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.waiting import wait_for

from droptrain_local.aws_server import AwsServer
from droptrain_local.clients import Clients
from droptrain_local.delivery import Delivery
from droptrain_local.lambda_runtime import FunctionError
from droptrain_local.queues import QueueSource
from droptrain_local.schedules import CallSource, ScheduleSource
from droptrain_local.streams import StreamSource

ARN = "arn:aws:lambda:eu-west-1:123456789012:function:f"
QUEUE_ARN = "arn:aws:sqs:eu-west-1:123456789012:"
ENDED = {"dynamodb": {"NewImage": {"status": {"S": ["DONE"]}, "notified": {"S": [{"exists": False}]}}}}


class Handler:
    """A function that keeps the events it got, and answers what the test says."""

    def __init__(self, answer: Callable[[Any], Any] = lambda event: None) -> None:
        self.events: list[Any] = []
        self._answer = answer

    def __call__(self, arn: str, event: Any) -> Any:
        assert arn == ARN
        json.dumps(event)
        self.events.append(event)
        return self._answer(event)

    def bodies(self) -> list[str]:
        return [record["body"] for event in self.events for record in event["Records"]]


class AccessDenied(FunctionError):
    def __init__(self) -> None:
        Exception.__init__(self, "refused")
        self.payload = {"errorType": "AccessDenied", "errorMessage": "refused"}


def refuse(_: Any) -> None:
    raise AccessDenied


class Sources:
    """Starts event sources, and ends them after the test."""

    def __init__(self, aws: AwsServer, clients: Clients) -> None:
        self.aws = aws
        self.client = clients.client
        self.sqs = clients.client("sqs")
        self.dynamodb = clients.client("dynamodb")
        self._streams = clients.client("dynamodbstreams")
        self._deliveries: list[Delivery] = []
        self._stops: list[Callable[[], None]] = []

    def queue(self, name: str, **attributes: str) -> str:
        url: str = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        return url

    def queue_with_dead_letters(self, name: str, times: int) -> tuple[str, str]:
        dead = self.queue(f"{name}-dead")
        policy = {"deadLetterTargetArn": f"{QUEUE_ARN}{name}-dead", "maxReceiveCount": times}
        return self.queue(name, RedrivePolicy=json.dumps(policy), VisibilityTimeout="180"), dead

    def messages(self, url: str) -> list[Any]:
        answer = self.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in answer.get("Messages", [])]

    def left(self, url: str) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(value) for value in answer.values())

    def start_queue(self, name: str, handler: Handler) -> None:
        mapping = {"EventSourceArn": QUEUE_ARN + name, "FunctionResponseTypes": ["ReportBatchItemFailures"]}
        self._deliveries.extend(QueueSource(self.sqs, self.sqs, mapping, ARN, handler, 0).start())

    def start_stream(self, table: str, handler: Handler, **mapping: Any) -> None:
        """Make a table, and let its stream call the handler."""
        answer = self.dynamodb.create_table(
            TableName=table, BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )["TableDescription"]  # fmt: skip
        source = StreamSource(
            self._streams,
            self.sqs,
            {
                "EventSourceArn": answer["LatestStreamArn"],
                "FunctionResponseTypes": ["ReportBatchItemFailures"],
                **mapping,
            },
            ARN,
            handler,
            self.aws.wait_for_table_write,
            first_pause=0.01,
        )
        self._stops.append(source.stop)
        self._deliveries.extend(source.start())

    def start_schedule(self, handler: Handler, config: Any) -> None:
        schedule = {"ScheduleExpression": "rate(5 minutes)", "Target": {"Arn": ARN}}
        source = ScheduleSource(self.sqs, schedule, config, handler, 0, interval=0.1)
        self._stops.append(source.stop)
        self._deliveries.extend(source.start())

    def start_call(self, target: Any) -> None:
        schedule = {"ScheduleExpression": "rate(1 day)", "Target": target}
        source = CallSource(self.client, schedule, interval=0.1)
        self._stops.append(source.stop)
        self._deliveries.extend(source.start())

    def close(self) -> None:
        for delivery in self._deliveries:
            delivery.stop()
        for stop in self._stops:
            stop()
        self.aws.release()
        for delivery in self._deliveries:
            delivery.join()


@pytest.fixture
def sources() -> Iterator[Sources]:
    aws = AwsServer()
    clients = Clients(aws.url)
    made = Sources(aws, clients)
    yield made
    made.close()
    clients.close()
    aws.close()


def test_a_message_is_handed_over_in_lambda_s_shape_and_deleted(sources: Sources) -> None:
    url, handler = sources.queue("plain"), Handler()
    sources.start_queue("plain", handler)
    attributes = {"colour": {"DataType": "String", "StringValue": "red"}}
    sources.sqs.send_message(QueueUrl=url, MessageBody="größe", MessageAttributes=attributes)
    assert wait_for("change", lambda: handler.events)
    (record,) = handler.events[0]["Records"]
    assert (record["body"], record["eventSource"], record["awsRegion"]) == ("größe", "aws:sqs", "eu-west-1")
    assert record["eventSourceARN"] == QUEUE_ARN + "plain"
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert record["messageAttributes"]["colour"]["stringValue"] == "red"
    assert wait_for("change", lambda: sources.left(url) == 0)


def test_what_a_partial_answer_names_comes_again_and_ends_as_a_dead_letter(sources: Sources) -> None:
    def answer(event: Any) -> Any:
        bad = [record["messageId"] for record in event["Records"] if record["body"] == '"bad"']
        return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in bad]}

    (url, dead), handler = sources.queue_with_dead_letters("partial", 3), Handler(answer)
    for body in ('"good"', '"bad"', '"good"'):
        sources.sqs.send_message(QueueUrl=url, MessageBody=body)
    sources.start_queue("partial", handler)
    assert wait_for("change", lambda: sources.messages(dead)) == ["bad"]
    assert handler.bodies().count('"bad"') == 3
    assert handler.bodies().count('"good"') == 2
    assert sources.left(url) == 0


def test_a_function_that_fails_gets_the_whole_batch_again(sources: Sources) -> None:
    (url, dead), handler = sources.queue_with_dead_letters("failing", 2), Handler(refuse)
    sources.sqs.send_message(QueueUrl=url, MessageBody="1")
    sources.start_queue("failing", handler)
    assert wait_for("change", lambda: sources.messages(dead)) == [1]
    assert handler.bodies() == ["1", "1"]


def put(sources: Sources, table: str, name: str, **fields: str) -> None:
    item = {key: {"S": value} for key, value in {"pk": name, **fields}.items()}
    sources.dynamodb.put_item(TableName=table, Item=item)


def all_keys(handler: Handler) -> list[str]:
    return [record["dynamodb"]["Keys"]["pk"]["S"] for event in handler.events for record in event["Records"]]


def test_a_stream_s_filter_lets_only_matching_records_through(sources: Sources) -> None:
    handler = Handler()
    filters = {"Filters": [{"Pattern": json.dumps(ENDED)}]}
    sources.start_stream("filtered", handler, MaximumRetryAttempts=1, FilterCriteria=filters)
    put(sources, "filtered", "running", status="RUNNING")
    put(sources, "filtered", "notified", status="DONE", notified="yes")
    put(sources, "filtered", "ended", status="DONE")
    sources.dynamodb.delete_item(TableName="filtered", Key={"pk": {"S": "ended"}})
    put(sources, "filtered", "last", status="DONE")
    assert wait_for("change", lambda: "last" in all_keys(handler))
    assert all_keys(handler) == ["ended", "last"]
    record = handler.events[0]["Records"][0]
    assert (record["eventName"], record["eventSource"]) == ("INSERT", "aws:dynamodb")
    assert isinstance(record["dynamodb"]["ApproximateCreationDateTime"], float)


def test_a_stream_goes_on_after_a_transaction_was_cancelled(sources: Sources) -> None:
    handler = Handler()
    sources.start_stream("contended", handler, MaximumRetryAttempts=1)
    put(sources, "contended", "first")
    assert wait_for("change", lambda: all_keys(handler) == ["first"])
    again = {
        "TableName": "contended",
        "Item": {"pk": {"S": "first"}},
        "ConditionExpression": "attribute_not_exists(pk)",
    }
    with pytest.raises(sources.dynamodb.exceptions.TransactionCanceledException):
        sources.dynamodb.transact_write_items(TransactItems=[{"Put": again}])
    put(sources, "contended", "second")
    assert wait_for("change", lambda: all_keys(handler) == ["first", "second"])


@pytest.mark.parametrize("bisects", [True, False])
def test_a_record_that_keeps_failing_is_given_up_and_the_others_are_handled(
    sources: Sources, bisects
) -> None:
    done: list[str] = []

    def answer(event: Any) -> Any:
        for record in event["Records"]:
            name = record["dynamodb"]["Keys"]["pk"]["S"]
            if name == "b":
                return {"batchItemFailures": [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]}
            done.append(name)
        return None

    table = f"stubborn-{bisects}"
    dead = sources.queue(f"given-up-{bisects}")
    destination = {"OnFailure": {"Destination": f"{QUEUE_ARN}given-up-{bisects}"}}
    sources.start_stream(
        table, Handler(answer), MaximumRetryAttempts=2, BatchSize=1 if not bisects else 10,
        BisectBatchOnFunctionError=bisects, DestinationConfig=destination,
    )  # fmt: skip
    for name in "abcd":
        put(sources, table, name)
    (dead_letter,) = wait_for("change", lambda: sources.messages(dead))
    assert wait_for("change", lambda: sorted(done) == ["a", "c", "d"])
    assert dead_letter["requestContext"]["condition"] == "RetryAttemptsExhausted"
    info = dead_letter["DDBStreamBatchInfo"]
    assert (info["batchSize"], info["startSequenceNumber"]) == (1, info["endSequenceNumber"])


def test_a_schedule_calls_again_and_again(sources: Sources) -> None:
    handler = Handler()
    sources.start_schedule(handler, {})
    assert wait_for("change", lambda: len(handler.events) >= 2)
    assert handler.events[0]["detail-type"] == "Scheduled Event"


def test_a_scheduled_call_that_fails_is_retried_and_then_kept(sources: Sources) -> None:
    dead, handler = sources.queue("late"), Handler(refuse)
    config = {
        "MaximumRetryAttempts": 1,
        "DestinationConfig": {"OnFailure": {"Destination": f"{QUEUE_ARN}late"}},
    }
    sources.start_schedule(handler, config)
    dead_letter = wait_for("change", lambda: sources.messages(dead))[0]
    assert dead_letter["requestContext"]["approximateInvokeCount"] == 2
    assert dead_letter["requestPayload"] == handler.events[0] == handler.events[1]
    assert dead_letter["responsePayload"]["errorType"] == "AccessDenied"


def test_a_schedule_can_make_a_call_of_an_api_by_itself(sources: Sources) -> None:
    s3 = sources.client("s3")
    s3.create_bucket(Bucket="daily", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket="daily", VersioningConfiguration={"Status": "Enabled"})
    written = '{"Bucket": "daily", "Key": "a/_SUCCESS"}'
    sources.start_call({"Arn": "arn:aws:scheduler:::aws-sdk:s3:putObject", "Input": written})
    versions = wait_for(
        "change", lambda: len(s3.list_object_versions(Bucket="daily").get("Versions", [])) >= 2
    )
    assert versions, "each time a new version"
    assert s3.get_object(Bucket="daily", Key="a/_SUCCESS")["Body"].read() == b""
