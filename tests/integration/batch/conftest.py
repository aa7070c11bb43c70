"""A Batch engine over HTTP with a boto3 client, and a record of the events that it published."""

import json
import os
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from support.waiting import PATIENCE_SECONDS, wait_for

from droptrain_local.batch import BatchEngine

ENVIRONMENT = {"PATH": os.environ["PATH"]}


class Events:
    """Details in the order in which they were published."""

    def __init__(self) -> None:
        self.details: list[dict[str, Any]] = []
        self.refusals = 0
        self._changed = threading.Condition()

    def publish(self, detail: dict[str, Any]) -> None:
        if self.refusals:
            self.refusals -= 1
            raise ConnectionError("the event bus is away")
        with self._changed:
            self.details.append(detail)
            self._changed.notify_all()

    def of(self, job_id: str) -> list[dict[str, Any]]:
        return [detail for detail in self.details if detail["jobId"] == job_id]

    def states(self, job_id: str) -> list[str]:
        return [detail["status"] for detail in self.of(job_id)]

    def wait(
        self, job_id: str, *states: str, times: int = 1, timeout: float = PATIENCE_SECONDS
    ) -> dict[str, Any]:
        """The newest event of the job once one of `states` was published `times` times."""

        def there() -> bool:
            return sum(state in states for state in self.states(job_id)) >= times

        with self._changed:
            assert self._changed.wait_for(there, timeout), f"no {states} among {self.states(job_id)}"
            return self.of(job_id)[-1]


class Bench:
    """An engine with one queue and one definition, as a user's client sees it."""

    def __init__(self, work_dir: Path, **settings: Any) -> None:
        self.events = Events()
        self.work_dir = work_dir
        self.engine = BatchEngine(
            region="eu-west-1",
            account="123456789012",
            work_dir=work_dir,
            publish=self.events.publish,
            **{"command": [sys.executable, "-c", "print('default')"], "environment": ENVIRONMENT, **settings},
        )
        self.url = self.engine.serve()
        self.batch = self.client()
        self.environment("gpus", max_vcpus=8)
        self.queue("training", "gpus")
        self.definition = self.define()

    def client(self, attempts: int = 1) -> Any:
        return boto3.client(
            "batch",
            endpoint_url=self.url,
            region_name="eu-west-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": attempts, "mode": "standard"}),
        )

    def environment(self, name: str, max_vcpus: int, instance_types: tuple[str, ...] = ("g5.xlarge",)) -> str:
        return self.engine.create_compute_environment(
            computeEnvironmentName=name,
            type="MANAGED",
            computeResources={
                "type": "SPOT",
                "maxvCpus": max_vcpus,
                "subnets": ["subnet-1"],
                "instanceTypes": list(instance_types),
            },
        )

    def queue(self, name: str, *environments: str, priority: int = 1, **fields: Any) -> str:
        order = [{"order": n, "computeEnvironment": item} for n, item in enumerate(environments, 1)]
        return self.engine.create_job_queue(
            jobQueueName=name, priority=priority, computeEnvironmentOrder=order, **fields
        )

    def define(self, name: str = "train", **fields: Any) -> str:
        container = {
            "image": "droptrain:latest",
            "resourceRequirements": [{"type": "VCPU", "value": "4"}, {"type": "MEMORY", "value": "1024"}],
            **fields.pop("containerProperties", {}),
        }
        return self.engine.register_job_definition(
            jobDefinitionName=name, type="container", containerProperties=container, **fields
        )

    def submit(self, *command: str, **fields: Any) -> str:
        overrides = {
            **({"command": list(command)} if command else {}),
            **fields.pop("containerOverrides", {}),
        }
        request = {"jobName": "job", "jobQueue": "training", "jobDefinition": "train", **fields}
        return self.batch.submit_job(containerOverrides=overrides, **request)["jobId"]

    def describe(self, job_id: str) -> dict[str, Any]:
        return self.batch.describe_jobs(jobs=[job_id])["jobs"][0]

    def control(self, name: str, **body: Any) -> None:
        request = urllib.request.Request(f"{self.url}/local/{name}", json.dumps(body).encode(), method="POST")
        urllib.request.urlopen(request, timeout=10).close()

    def marker(self, job_id: str, name: str, attempt: int = 1) -> Path:
        """A file that the job's child makes in its own folder."""
        return self.work_dir / job_id / str(attempt) / name

    def wait_for(self, path: Path) -> None:
        """Wait until a child has made a file."""
        wait_for(str(path), path.exists)


@pytest.fixture
def start_bench(tmp_path: Path) -> Iterator[Callable[..., Bench]]:
    """Starts benches with settings of the engine; closes them after the test."""
    benches: list[Bench] = []

    def start(**settings: Any) -> Bench:
        benches.append(Bench(tmp_path / f"jobs{len(benches)}", **{"kill_after": 1.0, **settings}))
        return benches[-1]

    yield start
    for bench in benches:
        bench.engine.close()


@pytest.fixture
def bench(start_bench: Callable[..., Bench]) -> Bench:
    return start_bench()
