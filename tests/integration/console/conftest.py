"""A console whose API is a server of the test's own, and whose bucket is moto's."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from support.console_browser import Browser
from support.scripted_server import ScriptedServer

from droptrain.stack import Stack
from droptrain_cli.console.server import ConsoleServer

BUCKET = "data"


@pytest.fixture
def api() -> Iterator[ScriptedServer]:
    """The stack's HTTP API: it answers as the test tells it."""
    running = ScriptedServer()
    yield running
    running.close()


@pytest.fixture
def s3() -> Iterator[Any]:
    """The stack's bucket."""
    with mock_aws():
        made = boto3.client("s3", region_name="us-east-1")
        made.create_bucket(Bucket=BUCKET)
        made.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        yield made


@pytest.fixture
def stack(api: ScriptedServer, s3: Any) -> Stack:
    """A stack on AWS, addressed with credentials of the user's own."""
    session = boto3.Session("mine", "my secret", region_name="eu-west-1")
    stack = Stack("trees", "eu-west-1", api.url, BUCKET, session)
    stack._made["s3"] = s3
    return stack


@pytest.fixture
def console(stack: Stack) -> Iterator[ConsoleServer]:
    """The console of that stack."""
    running = ConsoleServer(stack)
    yield running
    running.close()


@pytest.fixture
def stranger(console: ConsoleServer) -> Browser:
    """A browser that hasn't followed the link."""
    return Browser(console.port)


@pytest.fixture
def browser(console: ConsoleServer) -> Browser:
    """A browser that has followed the link."""
    visiting = Browser(console.port)
    visiting.follow(console.session_auth.link)
    assert visiting.cookie
    return visiting


@pytest.fixture
def project(s3: Any) -> None:
    """A published project, all defaults."""
    s3.put_object(Bucket="data", Key="projects/trees/code/run.sh", Body=b"exit 0\n")
