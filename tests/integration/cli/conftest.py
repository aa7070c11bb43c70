"""A stack whose API is a server of the test's own."""

from collections.abc import Iterator

import boto3
import pytest
from support.scripted_server import ScriptedServer

from droptrain.stack import Stack


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A server that answers as the test tells it."""
    running = ScriptedServer()
    yield running
    running.close()


@pytest.fixture
def stack(server: ScriptedServer) -> Stack:
    """A stack on AWS whose API is `server`."""
    return stack_at(server.url)


def stack_at(api_url: str) -> Stack:
    session = boto3.Session("test", "test", region_name="eu-west-1")
    return Stack("droptrain", "eu-west-1", api_url, "bucket", session)
