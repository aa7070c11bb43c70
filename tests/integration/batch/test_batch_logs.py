"""Jobs' output in CloudWatch Logs, as moto answers it."""

import threading
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto.server import ThreadedMotoServer

from droptrain_local.batch import CloudWatchLogs

GROUP = "/aws/batch/job"


@pytest.fixture(scope="module")
def logs_client() -> Iterator[Any]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    yield boto3.client(
        "logs",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    server.stop()


def messages(client, stream, group=GROUP):
    events = client.get_log_events(logGroupName=group, logStreamName=stream, startFromHead=True)["events"]
    return [event["message"] for event in events]


def test_output_and_errors_of_each_attempt_are_in_its_own_stream(start_bench, logs_client):
    bench = start_bench(logs=CloudWatchLogs(logs_client))
    job = bench.submit(
        "sh",
        "-c",
        "echo attempt $AWS_BATCH_JOB_ATTEMPT; echo; echo oops >&2; exit 1",
        retryStrategy={"attempts": 2},
    )
    attempts = bench.events.wait(job, "FAILED")["attempts"]
    streams = [attempt["container"]["logStreamName"] for attempt in attempts]
    assert [messages(logs_client, stream) for stream in streams] == [
        ["attempt 1", "oops"],
        ["attempt 2", "oops"],
    ]


def test_lines_arrive_while_the_job_runs(start_bench, logs_client):
    sink = CloudWatchLogs(logs_client, interval=0.05)
    bench = start_bench(logs=sink)
    job = bench.submit("sh", "-c", "echo begun; touch ready; sleep 60")
    stream = bench.events.wait(job, "RUNNING")["container"]["logStreamName"]
    bench.wait_for(bench.marker(job, "ready"))
    arrived = threading.Event()
    for _ in range(200):
        if _exists(logs_client, stream) and messages(logs_client, stream) == ["begun"]:
            break
        arrived.wait(0.02)
    assert messages(logs_client, stream) == ["begun"]


def test_a_thousand_lines_cost_few_calls_and_stay_in_order(start_bench, logs_client):
    calls = []
    logs_client.meta.events.register("before-call.cloudwatch-logs.PutLogEvents", lambda **_: calls.append(1))
    bench = start_bench(logs=CloudWatchLogs(logs_client))
    job = bench.submit("sh", "-c", "for i in $(seq 1000); do echo line $i; done")
    stream = bench.events.wait(job, "SUCCEEDED")["container"]["logStreamName"]
    pages = logs_client.get_log_events(
        logGroupName=GROUP, logStreamName=stream, startFromHead=True, limit=2000
    )
    assert [event["message"] for event in pages["events"]] == [f"line {number}" for number in range(1, 1001)]
    assert len(calls) <= 5


def test_the_definitions_log_group_and_prefix_are_used(start_bench, logs_client):
    bench = start_bench(logs=CloudWatchLogs(logs_client))
    options = {"awslogs-group": "/droptrain/jobs", "awslogs-stream-prefix": "penguins"}
    bench.define(
        name="own", containerProperties={"logConfiguration": {"logDriver": "awslogs", "options": options}}
    )
    job = bench.submit("echo", "hello", jobDefinition="own")
    stream = bench.events.wait(job, "SUCCEEDED")["container"]["logStreamName"]
    assert stream.startswith("penguins/default/")
    assert messages(logs_client, stream, "/droptrain/jobs") == ["hello"]


def test_a_job_ends_as_it_should_though_its_logs_can_not_be_sent(start_bench):
    away = boto3.client(
        "logs",
        endpoint_url="http://127.0.0.1:9",
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}),
    )
    bench = start_bench(logs=CloudWatchLogs(away))
    job = bench.submit("echo", "hello")
    bench.events.wait(job, "SUCCEEDED")


def test_lines_that_are_not_utf_8_are_kept_readable(start_bench, logs_client):
    bench = start_bench(logs=CloudWatchLogs(logs_client))
    job = bench.submit("printf", r"caf\351\r\n")
    stream = bench.events.wait(job, "SUCCEEDED")["container"]["logStreamName"]
    assert messages(logs_client, stream) == ["caf\ufffd"]


def _exists(client, stream):
    groups = client.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
    if not groups:
        return False
    return bool(client.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=stream)["logStreams"])
