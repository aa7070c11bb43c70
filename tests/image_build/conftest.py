"""An S3 on this machine, and a machine that runs the built image for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.container_machine import ContainerMachine
from support.instance_metadata import InstanceMetadata
from support.training_machine import s3_server, versioned_bucket


@pytest.fixture(scope="session")
def s3_endpoint() -> Iterator[str]:
    with s3_server() as endpoint:
        yield endpoint


@pytest.fixture
def machine(s3_endpoint: str, tmp_path: Path) -> Iterator[ContainerMachine]:
    """A machine with a bucket and a run of its own; its containers are removed."""
    made = ContainerMachine(s3_endpoint, *versioned_bucket(s3_endpoint), tmp_path)
    try:
        yield made
    finally:
        made.remove_all()


@pytest.fixture
def metadata() -> Iterator[InstanceMetadata]:
    with InstanceMetadata() as server:
        yield server
        server.shutdown()
