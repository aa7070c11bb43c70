"""boto3's clients of a process, which its stacks use one after another: making one takes milliseconds."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import Any
from unittest.mock import patch

import boto3


@contextmanager
def shared_clients(region: str, *services: str) -> Iterator[list[Any]]:
    """The clients of these services; handlers that are registered meanwhile are removed at the end."""
    clients = [_client(service, region) for service in services]
    with ExitStack() as at_the_end:
        for client in clients:
            events = client.meta.events
            for way in ("register", "register_first", "register_last"):
                noted = _noted(getattr(events, way), events.unregister, at_the_end)
                at_the_end.enter_context(patch.object(events, way, noted))
        yield clients


@cache
def session(region: str) -> boto3.Session:
    """The session that makes them; it reads the models of its services once."""
    return boto3.Session(region_name=region)


@cache
def _client(service: Any, region: str) -> Any:
    return session(region).client(service)


def _noted(register: Callable[..., None], unregister: Callable[..., None], at_the_end: ExitStack) -> Any:
    def register_for_now(event_name: str, handler: Any, unique_id: Any = None, **more: Any) -> None:
        register(event_name, handler, unique_id, **more)
        at_the_end.callback(unregister, event_name, handler, unique_id)

    return register_for_now
