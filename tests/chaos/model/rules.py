"""What AWS refuses, applied to adapters in memory: the real adapter makes the call that is checked."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import wraps
from typing import Any, TypeVar

from botocore.exceptions import ClientError
from droptrain_core.domain.errors import BusyError

Adapter = TypeVar("Adapter")


class AcceptedError(Exception):
    """A call obeys the rules; nothing else of the real adapter's method matters."""

    def __init__(self) -> None:
        super().__init__()
        self.response: dict[str, Any] = {}


def refused(code: str, reason: str) -> ClientError:
    """The error that boto3 raises for a refused call."""
    return ClientError({"Error": {"Code": code, "Message": reason}}, "Refused")


def text_bytes(text: str, code: str) -> int:
    """How many bytes the text has in UTF-8; ClientError if it has lone surrogates."""
    try:
        return len(text.encode())
    except UnicodeEncodeError as error:
        raise refused(code, f"{text[:60]!a} is not valid UTF-8") from error


def obeys(real: object) -> Callable[[type[Adapter]], type[Adapter]]:
    """Make an adapter in memory refuse each call that AWS would refuse of the `real` adapter.

    `real` has a client that only applies rules, and gets the same arguments. So exactly what it would send is
    checked.
    """

    def decorate(memory: type[Adapter]) -> type[Adapter]:
        for name, method in vars(type(real)).items():
            in_memory = getattr(memory, name, None)
            if name.startswith("_") or inspect.isgeneratorfunction(method) or not callable(in_memory):
                continue
            setattr(memory, name, _checked(getattr(real, name), in_memory))
        return memory

    return decorate


def _checked(real: Callable[..., Any], in_memory: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(in_memory)
    def call(adapter: Any, *args: Any, **kwargs: Any) -> Any:
        read_twice = [tuple(each) if isinstance(each, Iterator) else each for each in args]
        # No condition holds in a table without items, so an adapter that tries again gives up.
        with suppress(AcceptedError, BusyError):
            real(*read_twice, **kwargs)
        return in_memory(adapter, *read_twice, **kwargs)

    return call
