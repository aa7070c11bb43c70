"""A stack of the core's own for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.core_stack import Stack, core_stack


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """A fresh stack; its Batch jobs wait RUNNABLE, as no compute environment has room for them."""
    with core_stack(tmp_path, maxv_cpus=1) as made:
        yield made


@pytest.fixture
def running_stack(tmp_path: Path) -> Iterator[Stack]:
    """A fresh stack whose Batch jobs run at once and succeed."""
    with core_stack(tmp_path, maxv_cpus=64) as made:
        yield made
