"""Records what a release writes: runs in every state, and the events, plans and accounts that belong to them.

    PYTHONPATH=tests:image:layers/droptrain/python .venv/bin/python tests/releases/record.py 0.1

writes tests/releases/0.1.json, once, by the code of that release; later code has to go on from there.
"""

import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from droptrain_container import outcome
from droptrain_container.exit_codes import Ending
from droptrain_container.findings import Findings
from droptrain_container.reclaim import Instance
from droptrain_container.settings import Settings
from droptrain_core.domain.costs.budget import Budget
from droptrain_core.domain.costs.pricing import Refreshed
from droptrain_core.domain.errors import BusyError, UnsureError
from droptrain_core.domain.runs.transitions import cancel_requested
from support.core_stack import Stack, core_stack

from droptrain_local.batch.faults import Fault

RECLAIM = "Host EC2 (instance i-0abc) terminated."
# How far each run has come, by its dataset; what is still to come of it is recorded as events.
STATES = ("claimed", "submitted", "runnable", "starting", "running", "reclaimed", "on-demand", "cancelling",
          "ended", "notified")  # fmt: skip


def record() -> dict[str, Any]:
    """The table, the bucket, and what Batch would still tell."""
    with tempfile.TemporaryDirectory() as folder, core_stack(Path(folder), maxv_cpus=0) as stack:
        stack.budget = Budget(month_usd=10_000, project_usd={"penguins": 5_000}, runs_at_once=1000)
        price = {"g4dn.xlarge": 0.587}
        at = "2026-11-23T00:00:00Z"
        stack.prices.refresh(Refreshed(price, at, {"g4dn.xlarge": {"eu-west-1a": 0.2}}, at), at)
        stack.publish_project()
        to_come = {name: _go(stack, name) for name in STATES}
        upload = stack.drop("waiting", "train.csv")[0]
        stack.launch.upload(*upload)
        bad = stack.put("projects/penguins/data/Bad Name/train.csv")
        stack.launch.upload(*bad)
        return {
            "now": stack.now.isoformat(),
            "table": stack.dynamodb.scan(TableName="runs")["Items"],
            "bucket": _objects(stack),
            "events": {name: events for name, events in to_come.items() if events},
        }


def _go(stack: Stack, name: str) -> list[dict[str, Any]]:
    """Let a run come to a state; the events that are then still to come."""
    stack.later(minutes=1)
    spot = "only" if name == "reclaimed" else "auto"
    recipe = f"timeout: 1h\nspot: {spot}\nmetric: {{name: accuracy, goal: maximize}}\n"
    stack.put("projects/penguins/train.yaml", recipe.encode())
    if name == "claimed":
        stack.engine.inject(Fault("SubmitJob", code="ServerException"))
    for upload in stack.drop(name):
        _launch(stack, upload)
    run_id = next(run.run_id for run in stack.query.runs(limit=100).runs if run.dataset == name)
    run = stack.query.run(run_id)
    if run.batch_job_id is None:
        return []
    if name == "cancelling":
        stack.table.write(
            cancel_requested(run_id, "arn:aws:iam::123456789012:user/someone", "2026-11-23T02:30:00Z")
        )
    past, future = _events(name, run_id, run.batch_job_id)
    for event in past:
        stack.track.event(event["detail"])
    if name == "on-demand":
        run = stack.query.run(run_id)
        assert run.next_job is not None
        assert run.batch_job_id is not None
        future = [_event(run.job_name, run.batch_job_id, state) for state in ("STARTING", "RUNNING")]
        future.append(_end(run.job_name, run.batch_job_id, 0))
    job_id = str(future[-1]["detail"]["jobId"]) if future else run.batch_job_id
    _account(stack, run_id, job_id, 2 if name == "reclaimed" else 1)
    if name in ("ended", "notified"):
        stack.track.event(_end(run_id, run.batch_job_id, 0)["detail"])
        if name == "notified":
            stack.notify.ended(run_id, "penguins")
        return []
    return future


def _launch(stack: Stack, upload: tuple[str, str]) -> None:
    try:
        stack.launch.upload(*upload)
    except (BusyError, UnsureError):
        return  # the claim stands, as one of which Batch's answer got lost


def _events(name: str, run_id: str, job_id: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What Batch has told of a run's job, and what it is still to tell."""
    states = ["RUNNABLE", "STARTING", "RUNNING"]
    seen = {"submitted": 0, "runnable": 1, "starting": 2}.get(name, 3)
    events = [_event(run_id, job_id, state) for state in states]
    past, future = events[:seen], [*events[seen:], _end(run_id, job_id, 1 if name == "cancelling" else 0)]
    if name == "reclaimed":
        past.append(_event(run_id, job_id, "RUNNABLE", reclaims=1))
        future = [_event(run_id, job_id, state, reclaims=1) for state in states[1:]]
        future.append(_end(run_id, job_id, 0, reclaims=1))
    if name == "on-demand":
        past.append(_event(run_id, job_id, "FAILED", reclaims=3, statusReason=RECLAIM))
    return past, future


def _event(job_name: str, job_id: str, status: str, reclaims: int = 0, **more: Any) -> dict[str, Any]:
    queue = "on-demand" if job_name.endswith("-2") else "spot"
    detail = {
        "jobArn": f"arn:aws:batch:eu-west-1:123456789012:job/{job_id}",
        "jobName": job_name, "jobId": job_id, "status": status,
        "jobQueue": f"arn:aws:batch:eu-west-1:123456789012:job-queue/{queue}",
        "attempts": [
            {
                "container": {"exitCode": 143, "logStreamName": f"training/default/{job_id}-{number}"},
                "startedAt": 1795400000000 + number * 100_000, "stoppedAt": 1795400060000 + number * 100_000,
                "statusReason": RECLAIM,
            }
            for number in range(reclaims)
        ],
        "createdAt": 1795399800000,
        "container": {"environment": [], "logStreamName": f"training/default/{job_id}"},
        "tags": {"droptrain:project": "penguins"},
        **more,
    }  # fmt: skip
    return {
        "version": "0", "id": f"{job_id}-{status}-{reclaims}", "source": "aws.batch",
        "detail-type": "Batch Job State Change", "account": "123456789012", "region": "eu-west-1",
        "time": "2026-11-23T02:40:00Z", "resources": [detail["jobArn"]], "detail": detail,
    }  # fmt: skip


def _end(job_name: str, job_id: str, exit_code: int, reclaims: int = 0) -> dict[str, Any]:
    event = _event(job_name, job_id, "FAILED" if exit_code else "SUCCEEDED", reclaims)
    detail: dict[str, Any] = event["detail"]
    detail["startedAt"], detail["stoppedAt"] = 1795400400000, 1795400700000
    detail["attempts"].append({
        "container": {"exitCode": exit_code, "logStreamName": f"training/default/{job_id}"},
        "startedAt": 1795400400000, "stoppedAt": 1795400700000,
        "statusReason": "Essential container in task exited",
    })  # fmt: skip
    if exit_code:
        detail |= {
            "isTerminated": True,
            "statusReason": "Cancelled by arn:aws:iam::123456789012:user/someone.",
        }
    return event


def _account(stack: Stack, run_id: str, job_id: str, attempt: int) -> None:
    """outcome.json, as the container of the release writes it."""
    fields: dict[str, Any] = dict.fromkeys(Settings.__dataclass_fields__)
    settings = Settings(**{**fields, "job_id": job_id, "attempt": attempt})
    began = datetime.fromtimestamp(1795400400, UTC)
    document = outcome.write(
        settings, Ending(0, script_exit_code=0),
        Findings(instance=Instance("i-0abc", "g4dn.xlarge", "eu-west-1a", "spot")),
        metrics={"accuracy": 0.9}, log_tail=["fine"], started_at=began,
        ended_at=datetime.fromtimestamp(1795400700, UTC),
    )  # fmt: skip
    stack.put(f"runs/penguins/{run_id}/outcome.json", document)


def _objects(stack: Stack) -> dict[str, str]:
    listed = stack.s3.list_objects_v2(Bucket="data")["Contents"]
    return {
        item["Key"]: stack.s3.get_object(Bucket="data", Key=item["Key"])["Body"].read().decode()
        for item in listed
    }


def _a_line_each(recorded: dict[str, Any]) -> str:
    """The recording as JSON, with a line for each item, object and run's events."""
    parts = []
    for name, value in recorded.items():
        inner = [value] if isinstance(value, str) else value
        lines = [
            f"{json.dumps(each)}: {json.dumps(value[each])}" if isinstance(value, dict) else json.dumps(each)
            for each in inner
        ]
        brackets: dict[type, tuple[str, str]] = {str: ("", ""), list: ("[\n", "\n]"), dict: ("{\n", "\n}")}
        start, end = brackets[type(value)]
        parts.append(f"{json.dumps(name)}: {start}" + ",\n".join(lines) + end)
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    release = sys.argv[1]
    recorded = record()
    found = sorted(
        f"{item['dataset']['S']}: {item['status']['S']}" for item in recorded["table"] if "status" in item
    )
    sys.stdout.write("\n".join(found) + "\n")
    path = Path(__file__).with_name(f"{release}.json")
    path.write_text(_a_line_each(recorded), "utf-8")
