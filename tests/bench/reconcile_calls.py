"""What a pass of the reconciler costs with 10,000 active runs: its AWS calls, and its seconds of CPU.

Use cases, adapters and botocore's clients are the real ones; only the answers are made here, so that the CPU
is that of the function. A pass has 240 s on Lambda (ReconcileRunsFunction in template.yaml).
"""

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

from botocore.awsrequest import AWSResponse
from botocore.httpsession import URLLib3Session
from droptrain_core import wiring
from droptrain_core.aws.run_record import to_item
from droptrain_core.domain.runs import batch_job
from droptrain_core.domain.runs.run import Reservation
from droptrain_core.settings import Settings
from droptrain_core.telemetry import logger
from support.records import job_detail, run
from support.template import properties

NOW = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)
# What a call takes on AWS, about: none was measured there.
CALL_SECONDS = 0.03
MISFIT = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT"
QUEUE = "arn:aws:batch:eu-west-1:123456789012:job-queue/spot"
ENVIRONMENT = {name: f"a-{name}" for name in Settings.__dataclass_fields__} | {
    "table_name": "runs", "aws_region": "eu-west-1", "paused": "", "instance_types": "g4dn.xlarge",
    "spot_job_queue_arn": QUEUE, "on_demand_job_queue_arn": QUEUE + "-2",
    "cpu_spot_job_queue_arn": QUEUE + "-3", "cpu_on_demand_job_queue_arn": QUEUE + "-4",
    "notices_topic_arn": "arn:aws:sns:eu-west-1:123456789012:notices", "monthly_budget_usd": "100",
    "project_budgets_usd": "", "max_runs_at_once": "0", "prepared_days": "30",
    "override_gpus": "1", "override_vcpus": "8",
    "override_memory_gib": "32", "quiet_seconds": "300", "settle_seconds": "30",
}  # fmt: skip


Answer = tuple[int, dict[str, Any]]


class Account:
    """Active runs, and the answers of DynamoDB and AWS Batch about them."""

    def __init__(self, runs: int, trains: Callable[[int], bool], reason: str = "") -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.jobs: dict[str, dict[str, Any]] = {}
        self.calls: Counter[str] = Counter()
        for number in range(runs):
            self._add(number, "RUNNING" if trains(number) else "RUNNABLE", reason if number == 0 else "")
        self.order = sorted(self.items.values(), key=lambda item: item["created_order"]["S"])

    def answer(self, request: Any) -> Any:
        """What AWS answers to a request of DynamoDB or AWS Batch."""
        target = request.headers.get("X-Amz-Target", b"").decode().rpartition(".")[2]
        name = target or request.url.rpartition("/")[2]
        self.calls[name] += 1
        status, made = ANSWERS[name](self, json.loads(request.body))
        return AWSResponse(request.url, status, {}, Body(json.dumps(made).encode()))

    def _add(self, number: int, state: str, reason: str) -> None:
        name, job_id = f"penguins-first-{number:012x}", f"job-{number}"
        at = NOW - timedelta(hours=2) + timedelta(milliseconds=number)
        job = job_detail(state, jobName=name, jobId=job_id, statusReason=reason, jobQueue=QUEUE)
        if state == "RUNNING":
            job["startedAt"] = (NOW - timedelta(minutes=30)).timestamp() * 1000
        read = batch_job.read(job)
        assert read
        self.jobs[job_id] = job
        text = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        item = to_item(
            run(
                run_id=name, status=state, batch_job_id=job_id, progress=read.progress, updated_at=text,
                created_at=text, claimed_at=text, created_order=f"{at.isoformat()}Z#{name}",
                reservations=(Reservation("2026-11", 5_000_000, 100_000_000),),
            )
        )  # fmt: skip
        self.items[item["pk"]["S"]] = item

    def query(self, asked: dict[str, Any]) -> Answer:
        values = asked["ExpressionAttributeValues"]
        if values.get(":active") != {"S": "run"}:
            return 200, {"Items": [], "Count": 0}
        after = asked.get("ExclusiveStartKey", {}).get("created_order", values[":after"])["S"]
        start = next(
            (at for at, each in enumerate(self.order) if each["created_order"]["S"] > after), len(self.order)
        )
        page = self.order[start : start + asked["Limit"]]
        shown = [{name: each[name] for name in INDEXED if name in each} for each in page]
        more = start + len(page) < len(self.order)
        last = {"LastEvaluatedKey": {"created_order": page[-1]["created_order"]}} if more else {}
        return 200, {"Items": shown, "Count": len(shown), **last}

    def batch_get(self, asked: dict[str, Any]) -> Answer:
        keys = asked["RequestItems"]["runs"]["Keys"]
        found = [self.items[key["pk"]["S"]] for key in keys if key["pk"]["S"] in self.items]
        return 200, {"Responses": {"runs": found}}

    def describe(self, asked: dict[str, Any]) -> Answer:
        return 200, {"jobs": [self.jobs[job_id] for job_id in asked["jobs"]]}

    def update(self, _: dict[str, Any]) -> Answer:
        """The notice of the stuck queue was sent before."""
        sent = {"notified_at": {"S": "2026-11-23T04:20:00Z"}}
        return 400, {"__type": "ConditionalCheckFailedException", "Item": sent}


ANSWERS: dict[str, Callable[[Account, dict[str, Any]], Answer]] = {
    "Query": Account.query,
    "BatchGetItem": Account.batch_get,
    "GetItem": lambda *_: (200, {}),
    "UpdateItem": Account.update,
    "describejobs": Account.describe,
}


class Body:
    """An answer's body, as urllib3 has it."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Iterator[bytes]:
        yield self._content


INDEXED = [
    "created_order",
    *next(
        index["Projection"]["NonKeyAttributes"]
        for index in properties("RunsTable")["GlobalSecondaryIndexes"]
        if index["IndexName"] == "by_activity"
    ),
]


def measure(account: Account) -> tuple[Counter[str], float, Counter[str]]:
    """One pass: its calls, its seconds of CPU, what it did."""
    with patch.object(URLLib3Session, "send", lambda _, request: account.answer(request)), at_now():
        reconcile = wiring.Wiring(Settings(**ENVIRONMENT)).reconcile()
        reconcile.all()
        account.calls.clear()
        began = time.process_time()
        done = reconcile.all()
        return account.calls, time.process_time() - began, done


@contextmanager
def at_now() -> Iterator[None]:
    """The clock stands; nobody counts subscribers."""
    with patch.object(wiring, "now", lambda: NOW):
        yield


def main() -> None:
    """Measure, and print a table; ends with 1 where a pass makes more calls than its goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000, help="how many are active (default: 10,000)")
    runs = parser.parse_args().runs
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        os.environ[name] = "test"
    logger.setLevel("CRITICAL")
    pages = -(-runs // 100)
    scenes = {
        "all wait their turn, a few train": (Account(runs, lambda number: number < 4), 2 * pages + 6),
        "nothing starts, and the notice was sent": (
            Account(runs, lambda _: False, MISFIT),
            2 * pages + 8,
        ),
        "all train": (Account(runs, lambda _: True), 3 * pages + 6),
    }
    print(f"{runs} active runs; a call is taken to last {CALL_SECONDS} s\n")
    print(f"{'':36}{'calls':>7}{'goal':>7}{'CPU, s':>8}{'pass, s':>9}  calls by name")
    worst = 0
    for name, (account, goal) in scenes.items():
        calls, seconds, done = measure(account)
        assert done["active"] == runs, done
        named = ", ".join(f"{call} {count}" for call, count in calls.most_common())
        total = calls.total()
        print(f"{name:36}{total:7}{goal:7}{seconds:8.1f}{seconds + total * CALL_SECONDS:9.1f}  {named}")
        worst = max(worst, total - goal)
    sys.exit(1 if worst > 0 else 0)


if __name__ == "__main__":
    main()
