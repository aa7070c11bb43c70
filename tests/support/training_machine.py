"""A machine that runs training containers: real children of `python -m droptrain_container`."""

import json
import os
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from support.waiting import PATIENCE_SECONDS, wait_for

REPOSITORY = Path(__file__).parents[2]
PROJECT = "penguins"
CODE = f"projects/{PROJECT}/code/"
DATA = f"projects/{PROJECT}/data/first/"


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@contextmanager
def s3_server() -> Iterator[str]:
    """The address of an S3 server in a process of its own; its state is no other test's."""
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def answers() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            return False
        return True

    try:
        wait_for("S3 server", answers)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def versioned_bucket(endpoint: str) -> tuple[Any, str]:
    """(S3 client, name) of a new bucket that keeps versions."""
    s3 = boto3.client(
        "s3", endpoint_url=endpoint, region_name="eu-west-1", aws_access_key_id="test",
        aws_secret_access_key="test",
    )  # fmt: skip
    name = f"data-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return s3, name


@dataclass
class Ended:
    """A container that ended: its exit code and what it wrote."""

    code: int
    output: str
    errors: str


@dataclass
class Machine:
    """A bucket with one run in it, and a machine that containers for it run on."""

    endpoint: str
    s3: Any
    bucket: str
    folder: Path
    run_id: str = field(default_factory=lambda: f"penguins-first-{uuid.uuid4().hex[:12]}")
    variables: dict[str, str] = field(default_factory=dict)
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def prefix(self) -> str:
        return f"runs/{PROJECT}/{self.run_id}/"

    def put(self, key: str, body: str | bytes = "x") -> dict[str, Any]:
        """Put an object; how run.json pins it."""
        content = body.encode() if isinstance(body, str) else body
        answer = self.s3.put_object(Bucket=self.bucket, Key=key, Body=content)
        return {
            "key": key, "version_id": answer["VersionId"], "size": len(content), "etag": answer["ETag"],
        }  # fmt: skip

    def text(self, name: str) -> str:
        """An object of the run."""
        return self.s3.get_object(Bucket=self.bucket, Key=self.prefix + name)["Body"].read().decode()

    def names(self, prefix: str = "") -> list[str]:
        """What the run has left below `prefix`."""
        answer = self.s3.list_objects_v2(Bucket=self.bucket, Prefix=self.prefix + prefix)
        return [item["Key"].removeprefix(self.prefix) for item in answer.get("Contents", [])]

    def outcome(self) -> dict[str, Any]:
        return json.loads(self.text("outcome.json"))

    def publish(self, script: str, inputs: list[dict[str, Any]] | None = None, **plan: Any) -> None:
        """Publish the code, unless it was, and write the run's plan; fields of the plan by name."""
        code = plan.pop("code", None)
        if code is None:
            code = [self.put(CODE + "run.sh", script), self.put(CODE + "lib/words.txt", "hello\n")]
        if inputs is None:
            inputs = [
                {"channel": "training", **self.put(DATA + "train.csv", "a,b\n1,2\n")},
                {"channel": "testing", **self.put(DATA + "test.csv", "a,b\n3,4\n")},
            ]
        document = {
            "schema": 1, "run_id": self.run_id, "project": PROJECT, "dataset": "first", "bucket": self.bucket,
            "inputs": inputs, "recipe": None, "code": code, "entrypoint": "run.sh", "hyperparameters": {},
            "environment": {}, "checkpoints": {"interval_seconds": 30, "keep": 3},
            "resources": {"gpus": 0, "vcpus": 4, "memory_mib": 14336}, "spot": "auto", "attempts": 3,
            "timeout_seconds": 3600, "metric": None, "csv": {}, "overrides": {}, "rerun": 0, **plan,
        }  # fmt: skip
        self.put(self.prefix + "run.json", json.dumps(document))

    def environment(self, job_id: str, attempt: int) -> dict[str, str]:
        return {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(REPOSITORY / "image"),
            "HOME": str(self.folder),
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_BATCH_JOB_ID": job_id,
            "AWS_BATCH_JOB_ATTEMPT": str(attempt),
            "DROPTRAIN_GPU_CHECK": "off",
            "DROPTRAIN_RUN": f"s3://{self.bucket}/{self.prefix}",
            **self.variables,
        }

    def start(self, job_id: str = "job-1", attempt: int = 1) -> subprocess.Popen[str]:
        """Start a container in a fresh working folder."""
        folder = self.folder / uuid.uuid4().hex
        folder.mkdir()
        environment = {name: text for name, text in self.environment(job_id, attempt).items() if text}
        process = subprocess.Popen(
            [sys.executable, "-m", "droptrain_container"],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self.running.append(process)
        return process

    def finish(self, process: subprocess.Popen[str]) -> Ended:
        output, errors = process.communicate(timeout=PATIENCE_SECONDS)
        return Ended(process.returncode, output, errors)

    def run(self, job_id: str = "job-1", attempt: int = 1) -> Ended:
        """Run a container to its end."""
        return self.finish(self.start(job_id, attempt))

    def wait_for_key(self, prefix: str) -> None:
        wait_for(prefix, lambda: self.names(prefix))


def wait_for_line(process: subprocess.Popen[str], text: str) -> None:
    """Read the container's output until a line says `text`."""
    assert process.stdout is not None
    for line in process.stdout:
        if text in line:
            return
    raise AssertionError(f"the container ended without saying {text!r}")
