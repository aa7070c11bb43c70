"""A stack of the core's own for each attack that wants one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from core_stack import Stack, core_stack


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """A fresh stack; its Batch jobs wait RUNNABLE, as no compute environment has room for them."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with core_stack(tmp_path, maxv_cpus=1) as made:
        yield made
