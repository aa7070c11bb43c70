"""An S3 in a process of its own, and a machine with a run for each test."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from instance_metadata import InstanceMetadata
from training_machine import Machine, s3_server, versioned_bucket


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def _bucket(s3_endpoint: str) -> tuple[Any, str]:
    return versioned_bucket(s3_endpoint)


@pytest.fixture
def machine(s3_endpoint: str, _bucket: tuple[Any, str], tmp_path: Path) -> Iterator[Machine]:
    """A machine with a run of its own; containers that are left over are killed."""
    s3, bucket = _bucket
    made = Machine(s3_endpoint, s3, bucket, tmp_path)
    try:
        yield made
    finally:
        for process in made.running:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


@pytest.fixture
def metadata() -> Iterator[InstanceMetadata]:
    with InstanceMetadata() as server:
        yield server
        server.shutdown()
