"""What the demo reads, and how it shows it, against moto's DynamoDB, CloudWatch Logs, SNS, SQS and S3."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from droptrain_core.aws.run_table import RunTable
from droptrain_core.domain.errors import Cause
from droptrain_core.domain.runs.run import Cost, Run, Step
from droptrain_core.domain.runs.transitions import submitted
from moto import mock_aws
from rich.console import Console
from support.records import RUN_ID, run
from support.template import table_definition

from droptrain_cli import artifacts
from droptrain_cli.example import PENGUINS
from droptrain_cli.report import show_failure, show_glance, show_next, show_result
from droptrain_cli.screen import Screen
from droptrain_cli.watch import LOG_GROUP, LogTail, NoticeQueue, Watch

CLAIMED = Step("2026-11-23T02:10:00Z", "CLAIMED")
SUBMITTED = Step("2026-11-23T02:10:01Z", "SUBMITTED")
RUNNABLE = Step("2026-11-23T02:10:02Z", "RUNNABLE")
SUCCEEDED = Step("2026-11-23T02:11:01Z", "SUCCEEDED", "Essential container in task exited")
COST = Cost(0.0016, "g4dn.xlarge", 0.587, 10, "on-demand list price", "2025-11-30")


@pytest.fixture
def aws() -> Iterator[boto3.Session]:
    with mock_aws():
        yield boto3.Session(region_name="eu-west-1")


@pytest.fixture
def table(aws: boto3.Session) -> RunTable:
    client = aws.client("dynamodb")
    client.create_table(**table_definition("runs"))
    return RunTable(client, "runs")


@pytest.fixture
def shown() -> tuple[Screen, io.StringIO]:
    text = io.StringIO()
    return Screen(Console(file=text, width=80)), text


def _stream(logs: Any, name: str, *lines: str) -> None:
    logs.create_log_stream(logGroupName=LOG_GROUP, logStreamName=name)
    _write(logs, name, *lines)


def _write(logs: Any, name: str, *lines: str) -> None:
    events = [{"timestamp": 1795399800000, "message": line} for line in lines]
    logs.put_log_events(logGroupName=LOG_GROUP, logStreamName=name, logEvents=events)


def test_nothing_is_seen_before_the_drop_launches_a_run(aws: boto3.Session, table: RunTable):
    assert Watch(table, LogTail(aws.client("logs")), "penguins").look().run is None


def test_each_look_tells_what_is_new_and_nothing_twice(aws: boto3.Session, table: RunTable):
    watch = Watch(table, LogTail(aws.client("logs")), "penguins")
    claimed = run(history=(CLAIMED,))
    table.claim(claimed)
    assert watch.look().steps == (CLAIMED,)
    table.write(submitted(claimed, "job-1", SUBMITTED.at))
    assert watch.look().steps == (SUBMITTED,)
    assert watch.look().steps == ()


def test_a_state_that_batch_tells_again_is_told_once(aws: boto3.Session, table: RunTable):
    again = replace(SUBMITTED, at=CLAIMED.at)
    table.claim(run(history=(CLAIMED, SUBMITTED, again, RUNNABLE)))
    steps = Watch(table, LogTail(aws.client("logs")), "penguins").look().steps
    assert steps == (CLAIMED, SUBMITTED, RUNNABLE)


def test_log_lines_come_once_as_the_log_grows_and_from_each_attempt(aws: boto3.Session):
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=LOG_GROUP)
    tail = LogTail(logs)
    assert tail.read("first") == (), "Batch names a stream before it exists"
    _stream(logs, "first", "epoch 1", "epoch 2")
    assert tail.read("first") == ("epoch 1", "epoch 2")
    _write(logs, "first", "epoch 3")
    assert tail.read("first") == ("epoch 3",)
    assert tail.read("first") == ()
    _stream(logs, "second", "resuming")
    assert tail.read("second") == ("resuming",)


def test_the_notice_is_what_a_subscribed_queue_gets(aws: boto3.Session):
    sns, sqs = aws.client("sns"), aws.client("sqs")
    topic = sns.create_topic(Name="notices")["TopicArn"]
    url = sqs.create_queue(QueueName="notices")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:eu-west-1:123456789012:notices")
    sns.publish(TopicArn=topic, Subject="SUCCEEDED penguins/first", Message="Metrics\n  accuracy 1\n")
    notice = NoticeQueue(sqs, url).wait(5)
    assert notice is not None
    assert (notice.subject, notice.text) == ("SUCCEEDED penguins/first", "Metrics\n  accuracy 1\n")
    assert NoticeQueue(sqs, url).wait(0.1) is None


def test_the_example_goes_where_the_bucket_s_contract_wants_it(aws: boto3.Session):
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    assert list(PENGUINS.publish(s3, "data")) == [
        "projects/penguins/train.yaml",
        "projects/penguins/code/run.sh",
        "projects/penguins/code/train.py",
    ]
    assert list(PENGUINS.drop(s3, "data")) == [
        "projects/penguins/data/first/train.csv",
        "projects/penguins/data/first/test.csv",
    ]


def test_export_and_log_are_copied_and_replace_those_of_an_earlier_demo(aws: boto3.Session, tmp_path: Path):
    s3, prefix = aws.client("s3"), f"runs/penguins/{RUN_ID}/"
    s3.create_bucket(Bucket="data", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for name in ("export/saved_model.pb", "export/variables/variables.index", "log.txt", "model/m.keras"):
        s3.put_object(Bucket="data", Key=prefix + name, Body=name.encode())
    earlier = tmp_path / "export" / "assets" / "old.txt"
    earlier.parent.mkdir(parents=True)
    earlier.write_text("old")
    (tmp_path / "export" / "saved_model.pb").write_text("old")
    artifacts.make_room(tmp_path)
    copies = artifacts.fetch(s3, "data", prefix, tmp_path)
    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {"export/saved_model.pb", "export/variables/variables.index", "log.txt"}
    assert (copies.export, copies.log) == (tmp_path / "export", tmp_path / "log.txt")


def test_the_log_s_last_lines_are_shown_before_the_outcome(aws: boto3.Session, table: RunTable, shown: Any):
    screen, text = shown
    logs = aws.client("logs")
    logs.create_log_group(logGroupName=LOG_GROUP)
    _stream(logs, "s", "test accuracy [1.0]")
    table.claim(run(history=(CLAIMED, SUCCEEDED), log_stream="s", status="SUCCEEDED"))
    show_glance(screen, Watch(table, LogTail(logs), "penguins").look())
    lines = text.getvalue().splitlines()
    assert f"CLAIMED    {RUN_ID}" in lines[0]
    assert "| test accuracy [1.0]" in lines[1]
    assert "SUCCEEDED" in lines[2]
    assert len(lines) == 3


def test_the_result_names_metrics_cost_places_and_what_to_try_next(shown: Any):
    screen, text = shown
    ended = _ended(metrics={"baseline_accuracy": 0.44, "test_accuracy": 0.98, "loss": 0.1}, cost=COST)
    folder = f"s3://data/runs/penguins/{RUN_ID}/"
    show_result(
        screen, ended, folder, artifacts.Copies(Path("build/demo/export"), Path("build/demo/log.txt"))
    )
    show_next(screen, None)
    said = text.getvalue()
    for wanted in (
        "test_accuracy     0.98",
        "on AWS about $0.0016",
        folder + "export/",
        "build/demo/log.txt",
    ):
        assert wanted in said
    assert said.index("test_accuracy") < said.index("baseline_accuracy"), "the headline metric goes first"
    assert "loss" not in said
    assert "make up" in said
    assert "make demo KEEP=1" in said


def test_a_failure_says_cause_and_fix(shown: Any):
    screen, text = shown
    cause = Cause("script_failed", "The script ended with exit code 3.", "Read the end of the log.")
    show_failure(screen, _ended(status="FAILED", cause=cause), artifacts.Copies(None, Path("d/log.txt")))
    said = text.getvalue()
    assert "What happened: The script ended with exit code 3." in said
    assert "What to do:    Read the end of the log. The log: d/log.txt" in said


def _ended(**changes: Any) -> Run:
    return replace(run(status="SUCCEEDED", metric="test_accuracy"), **changes)
