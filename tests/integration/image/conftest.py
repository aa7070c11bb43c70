"""An S3 in a process of its own, and a machine with a run for each test."""

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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


@pytest.fixture
def container_agent() -> Iterator[str]:
    """An ECS agent's task metadata endpoint, version 4; its address."""
    answers = {
        "/v4/id": {"Image": "repository/training:latest", "ImageID": "sha256:0abc"},
        "/v4/id/task": {
            "PullStartedAt": "2026-11-23T02:09:00.202617438Z",
            "PullStoppedAt": "2026-11-23T02:12:30.31288465Z",
        },
    }  # fmt: skip

    class Agent(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path in answers else 404)
            self.end_headers()
            self.wfile.write(json.dumps(answers.get(self.path, {})).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Agent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
