"""One laptop cloud for all end-to-end tests; each test has a project of its own."""

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from permissions.calls import recording
from support.command_line import CommandLine
from support.laptop_user import User

from droptrain_local.cloud import LaptopCloud
from droptrain_local.state import remove_state, write_state


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LaptopCloud]:
    """The laptop cloud, from the real template."""
    work_dir = tmp_path_factory.mktemp("laptop")
    with (
        recording(tmp_path_factory.mktemp("calls")) as record,
        LaptopCloud(settle_seconds=1, work_dir=work_dir, record=record) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def _notices_seen() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def user(cloud: LaptopCloud, _notices_seen: list[dict[str, Any]]) -> User:
    """A user with a new project."""
    return User(cloud, f"p-{uuid.uuid4().hex[:8]}", _notices_seen)


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the command is run."""
    return tmp_path_factory.mktemp("work")


@pytest.fixture(scope="module")
def droptrain(
    cloud: LaptopCloud, work: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CommandLine]:
    """The command, beside the laptop cloud."""
    state = tmp_path_factory.mktemp("state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DROPTRAIN_STATE_DIR", str(state))
        write_state(cloud.ready)
        yield CommandLine(work, state)
        remove_state(cloud.ready.pid)
