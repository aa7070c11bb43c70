"""A stack of the core's own for each attack that wants one, and functions loaded as Lambda does."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.core_stack import Stack, core_stack
from unit.functions.conftest import context, load  # noqa: F401  fixtures


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stack]:
    """A fresh stack; its Batch jobs wait RUNNABLE, as no compute environment has room for them."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with core_stack(tmp_path, maxv_cpus=1) as made:
        yield made
