"""An S3 on this machine, and a machine that runs the built image for each test."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from container_machine import ContainerMachine
from instance_metadata import InstanceMetadata
from training_machine import s3_server, versioned_bucket


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def _bucket(s3_endpoint: str) -> tuple[Any, str]:
    return versioned_bucket(s3_endpoint)


@pytest.fixture
def machine(s3_endpoint: str, _bucket: tuple[Any, str], tmp_path: Path) -> Iterator[ContainerMachine]:
    """A machine with a run of its own; its containers are removed."""
    s3, bucket = _bucket
    made = ContainerMachine(s3_endpoint, s3, bucket, tmp_path)
    try:
        yield made
    finally:
        made.remove_all()


@pytest.fixture
def metadata() -> Iterator[InstanceMetadata]:
    with InstanceMetadata() as server:
        yield server
        server.shutdown()
