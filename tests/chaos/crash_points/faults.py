"""Calls of AWS clients that are counted, and one of them that goes wrong."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ReadTimeoutError

Kind = Literal["dies before", "dies after", "fails", "throttled", "answer lost"]
KINDS: tuple[Kind, ...] = ("dies before", "dies after", "fails", "throttled", "answer lost")
_THROTTLES = {"batch": "TooManyRequestsException", "s3": "SlowDown", "sns": "Throttled"}


class Died(BaseException):
    """The process is gone between two calls: nothing of it runs any more."""


@dataclass
class Calls:
    """The calls that clients make, as `service.Operation`; call number `at` meets `kind`, once."""

    at: int | None = None
    kind: Kind = "fails"
    made: list[str] = field(default_factory=list)

    def before(self, model: Any, **_: Any) -> Any:
        """Note the call; let it fail before anything happens, if it is its turn."""
        self.made.append(f"{model.service_model.service_name}.{model.name}")
        if len(self.made) - 1 != self.at:
            return None
        if self.kind == "dies before":
            raise Died
        if self.kind == "fails":
            return _error(500, "InternalServerError")
        if self.kind == "throttled":
            return _error(400, _THROTTLES.get(model.service_model.service_name, "ThrottlingException"))
        return None

    def after(self, **_: Any) -> None:
        """Let the caller never learn of the call's effect, if it is its turn."""
        if len(self.made) - 1 != self.at:
            return
        if self.kind == "dies after":
            raise Died
        if self.kind == "answer lost":
            raise ReadTimeoutError(endpoint_url="an injected fault")


@contextmanager
def watched(clients: list[Any], calls: Calls) -> Iterator[Calls]:
    """Count, and break, what these clients do meanwhile."""
    hooks = [("before-call", calls.before), ("after-call", calls.after)]
    for client in clients:
        for event, hook in hooks:
            client.meta.events.register_first(event, hook)
    try:
        yield calls
    finally:
        for client in clients:
            for event, hook in hooks:
                client.meta.events.unregister(event, hook)


def _error(status: int, code: str) -> Any:
    parsed = {
        "Error": {"Code": code, "Message": "an injected fault"},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": {}, "RetryAttempts": 0},
    }
    return AWSResponse("", status, HTTPHeaders(), None), parsed
