"""What can be seen of a laptop cloud from outside: runs, Batch jobs, notices, dead letters, exports."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from boto3.dynamodb.types import TypeDeserializer
from botocore.exceptions import BotoCoreError, ClientError
from chaos.soak.versions import Versions
from droptrain_core.domain.notices import of_model

from droptrain_local.cloud import LaptopCloud

ENDED = ("SUCCEEDED", "FAILED", "CANCELLED", "REJECTED")
_STATES = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", "SUCCEEDED", "FAILED")
_NAMED_RUN = re.compile(r"^ +(?:Run|Sweep) +(\S+)$", re.MULTILINE)
_OF_MODELS = (of_model.PROMOTED, of_model.ROLLED_BACK)
_deserialize = TypeDeserializer().deserialize


# What these hold came from a queue that it can go back to.
_REPLAYED = ("-UploadsDeadLetterQueue", "-ChangesDeadLetterQueue")


@dataclass(frozen=True)
class SeenRun:
    """A run as its record tells; `cause` is the cause's code, `claimed_at` as it is written."""

    run_id: str
    project: str
    status: str
    cause: str | None
    inputs: Versions
    batch_job_id: str | None
    claimed_at: str
    is_announced: bool
    trial: int | None
    launched_by: str = "upload"
    created_at: str = ""

    @property
    def starts_a_drop(self) -> bool:
        """Whether it stands for its drop: any run but a sweep's later trials."""
        return self.trial in (None, 1)

    @property
    def ended(self) -> bool:
        return self.status in ENDED

    @property
    def is_claim(self) -> bool:
        return self.status == "CLAIMED" and self.batch_job_id is None


@dataclass(frozen=True)
class SeenAttempt:
    exit_code: int | None
    reason: str


@dataclass(frozen=True)
class SeenJob:
    """A Batch job as DescribeJobs tells; its name is its run's id."""

    job_id: str
    run_id: str
    state: str
    attempts: tuple[SeenAttempt, ...]


def runs(cloud: LaptopCloud) -> list[SeenRun]:
    """Every run in the table."""
    return [_run(item) for item in items(cloud, "kind = :value", "run")]


def items(cloud: LaptopCloud, condition: str, value: str) -> Iterator[dict[str, Any]]:
    """The table's items that fulfil a condition on the text `:value`."""
    scan = cloud.client("dynamodb").get_paginator("scan")
    for page in scan.paginate(
        TableName=cloud.ready.table,
        ConsistentRead=True,
        FilterExpression=condition,
        ExpressionAttributeValues={":value": {"S": value}},
    ):
        yield from page["Items"]


def active_count(cloud: LaptopCloud) -> int:
    """How many runs and sweeps have not ended or are not announced, and how many models aren't published."""
    pages = [
        page
        for kind in ("run", "sweep", "model")
        for page in cloud.client("dynamodb")
        .get_paginator("query")
        .paginate(
            TableName=cloud.ready.table,
            IndexName="by_activity",
            KeyConditionExpression="active = :kind",
            ExpressionAttributeValues={":kind": {"S": kind}},
            Select="COUNT",
        )
    ]
    return sum(page["Count"] for page in pages)


def jobs(cloud: LaptopCloud) -> list[SeenJob]:
    """Every Batch job of every queue."""
    batch = cloud.client("batch")
    queues = [queue["jobQueueArn"] for queue in batch.describe_job_queues()["jobQueues"]]
    job_ids = [job["jobId"] for queue in queues for state in _STATES for job in _listed(batch, queue, state)]
    described: list[dict[str, Any]] = []
    for start in range(0, len(job_ids), 100):
        described += _in_the_end(partial(batch.describe_jobs, jobs=job_ids[start : start + 100]))["jobs"]
    return [
        SeenJob(
            job["jobId"],
            job["jobName"],
            job["status"],
            tuple(
                SeenAttempt(attempt["container"].get("exitCode"), attempt.get("statusReason", ""))
                for attempt in job["attempts"]
            ),
        )
        for job in described
    ]


def notices(cloud: LaptopCloud) -> Counter[str]:
    """How many notices each run and sweep got of its end; the others count by their subject.

    Takes them away. Those of promotions and rollbacks that people request are left out.
    """
    counted: Counter[str] = Counter()
    for body in take_all(cloud, cloud.ready.notices_queue_url):
        notice = json.loads(body)
        if notice["Subject"].startswith(_OF_MODELS):
            continue
        named = _NAMED_RUN.search(notice["Message"])
        counted[named[1] if named else notice["Subject"]] += 1
    return counted


def dead_letters(cloud: LaptopCloud) -> dict[str, list[str]]:
    """The bodies in each dead-letter queue that holds any. Takes them away."""
    urls = cloud.client("sqs").list_queues()["QueueUrls"]
    dead = {url.rpartition("-")[2]: take_all(cloud, url) for url in urls if url.endswith("DeadLetterQueue")}
    return {name: bodies for name, bodies in dead.items() if bodies}


def replay_dead_letters(cloud: LaptopCloud) -> Counter[str]:
    """Put dead letters back into the queue that they came from, as an operator does; how many by queue."""
    sqs = cloud.client("sqs")
    replayed: Counter[str] = Counter()
    for dead in sqs.list_queues()["QueueUrls"]:
        queue = dead.replace("DeadLetterQueue", "Queue")
        if dead.endswith(_REPLAYED):
            for body in take_all(cloud, dead):
                sqs.send_message(QueueUrl=queue, MessageBody=body)
                replayed[queue.rpartition("-")[2]] += 1
    return replayed


def queue_url(cloud: LaptopCloud, name: str) -> str:
    """The URL of the stack's queue with this name."""
    urls: list[str] = cloud.client("sqs").list_queues()["QueueUrls"]
    [url] = [url for url in urls if url.endswith(f"-{name}") and "/soak-" not in url]
    return url


def send(cloud: LaptopCloud, url: str, message: Mapping[str, Any], delay_seconds: int = 0) -> None:
    """Send a message to a queue."""
    body = json.dumps(message)
    cloud.client("sqs").send_message(QueueUrl=url, MessageBody=body, DelaySeconds=delay_seconds)


def take_all(cloud: LaptopCloud, url: str) -> list[str]:
    """The bodies of all messages of a queue."""
    sqs, bodies = cloud.client("sqs"), list[str]()
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            bodies.append(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return bodies


def exporting_jobs(cloud: LaptopCloud) -> dict[str, set[str]]:
    """The Batch jobs that put an export, by run."""
    found: dict[str, set[str]] = {}
    pages = cloud.client("s3").get_paginator("list_objects_v2")
    for page in pages.paginate(Bucket=cloud.ready.bucket, Prefix="runs/"):
        for item in page.get("Contents", []):
            parts = item["Key"].split("/")
            if parts[3] == "export":
                found.setdefault(parts[2], set()).add(parts[4].rpartition("-")[0])
    return found


def _listed(batch: Any, queue: str, state: str) -> Iterator[dict[str, Any]]:
    token: dict[str, str] = {}
    while True:
        page = _in_the_end(partial(batch.list_jobs, jobQueue=queue, jobStatus=state, **token))
        yield from page["jobSummaryList"]
        if "nextToken" not in page:
            return
        token = {"nextToken": page["nextToken"]}


def _in_the_end(call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The answer of Batch when it has used up the faults that nobody met."""
    while True:
        try:
            return call()
        except (BotoCoreError, ClientError):
            continue


def _run(item: dict[str, Any]) -> SeenRun:
    values = {name: _deserialize(value) for name, value in item.items()}
    return SeenRun(
        run_id=values["run_id"],
        project=values["project"],
        status=values["status"],
        cause=values["cause"]["code"] if "cause" in values else None,
        inputs=frozenset(
            (each["object"]["key"], each["object"]["version_id"]) for each in values.get("inputs", ())
        ),
        batch_job_id=values.get("batch_job_id"),
        claimed_at=values["claimed_at"],
        is_announced="notified_at" in values,
        trial=int(values["trial"]) if "trial" in values else None,
        launched_by=values["launched_by"],
        created_at=values["created_at"],
    )
