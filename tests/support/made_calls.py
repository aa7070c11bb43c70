"""Counts the calls of AWS that a block makes."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.client import BaseClient


@contextmanager
def made_calls() -> Iterator[Counter[str]]:
    """How often each operation is called within the block, by any client of this process."""
    calls: Counter[str] = Counter()
    make_call: Any = BaseClient
    call = make_call._make_api_call

    def count(client: Any, operation: str, parameters: Any) -> Any:
        calls[operation] += 1
        return call(client, operation, parameters)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_make_api_call", count)
        yield calls
