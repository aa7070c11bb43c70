"""An S3 in a process of its own, and a machine with a run for each test."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support.instance_metadata import InstanceMetadata
from support.training_machine import Machine, s3_server, versioned_bucket


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    with s3_server() as endpoint:
        yield endpoint


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
    made = Machine(s3_endpoint, *versioned_bucket(s3_endpoint), folder)
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
