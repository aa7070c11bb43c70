"""An S3 in a process of its own, and a machine with a run for each test."""

import os
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import boto3
import pytest
from training_machine import Machine, free_port
from waiting import wait_for


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    """An S3 server in a process of its own; its state is no other test's."""
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


@pytest.fixture
def machine(s3_endpoint: str, tmp_path: Path) -> Iterator[Machine]:
    """A machine with a bucket and a run of its own; containers that are left over are killed."""
    with _machine(s3_endpoint, tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def module_machine(s3_endpoint: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """One for all tests of a module."""
    with _machine(s3_endpoint, tmp_path_factory.mktemp("machine")) as made:
        yield made


@contextmanager
def _machine(s3_endpoint: str, folder: Path) -> Iterator[Machine]:
    s3 = boto3.client(
        "s3", endpoint_url=s3_endpoint, region_name="eu-west-1", aws_access_key_id="test",
        aws_secret_access_key="test",
    )  # fmt: skip
    bucket = f"data-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    made = Machine(s3_endpoint, s3, bucket, folder)
    try:
        yield made
    finally:
        for process in made.running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
