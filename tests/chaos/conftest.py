"""What goes wrong on purpose is not logged."""

from collections.abc import Iterator

import pytest
from droptrain_core.telemetry import logger


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    level = logger.log_level
    logger.setLevel("CRITICAL")
    yield
    logger.setLevel(level)
