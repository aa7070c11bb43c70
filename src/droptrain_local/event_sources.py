"""The template's event sources: which queue, stream or schedule calls which function."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from droptrain_local.aws_server import AwsServer
from droptrain_local.clients import Clients
from droptrain_local.delivery import Delivery, Invoke
from droptrain_local.permissions.sessions import Session
from droptrain_local.provision import Stack
from droptrain_local.queues import QueueSource
from droptrain_local.schedules import CallSource, ScheduleSource, calls_an_api
from droptrain_local.stored_schedules import StoredSchedules
from droptrain_local.streams import StreamSource


@dataclass(frozen=True)
class _Running:
    """A source as it was started: from which properties, its threads, and what lets go of who waits."""

    wanted: Mapping[str, Any]
    deliveries: tuple[Delivery, ...]
    stop: Callable[[], None]


class EventSources:
    """Starts and ends what brings events to functions; failed ones come again after `retry_seconds`.

    What fetches for a function acts with the function's role, as Lambda does; a schedule that calls an API
    has a role of its own. `assume` answers a session of a role, by its ARN and a name for the session.
    """

    def __init__(
        self,
        stack: Stack,
        clients: Clients,
        invoke: Invoke,
        aws: AwsServer,
        retry_seconds: int,
        assume: Callable[[str, str], Session],
    ) -> None:
        self._stack = stack
        self._assume = assume
        self._clients = clients
        self._invoke = invoke
        self._aws = aws
        self._retry_seconds = retry_seconds
        self._running: dict[str, _Running] = {}

    def start(self) -> None:
        """Start a thread for each, or several where calls may run at a time."""
        self._start(self._wanted())

    def change(self) -> None:
        """Follow the stack: what is switched off or gone ends, what is new or otherwise starts."""
        wanted = self._wanted()
        over = [key for key, each in self._running.items() if wanted.get(key) != each.wanted]
        ended = [self._running.pop(key) for key in over]
        _stop(ended)
        self._aws.release()
        _join(ended)
        self._aws.hold()
        self._start({key: each for key, each in wanted.items() if key not in self._running})

    def stop(self) -> None:
        """Fetch nothing new, and let go of who waits for something."""
        _stop(self._running.values())
        self._aws.release()

    def join(self) -> None:
        """Wait until all have ended."""
        _join(self._running.values())

    def _wanted(self) -> dict[str, Mapping[str, Any]]:
        """The properties of the sources that are on, by logical id."""
        mappings = dict(self._stack.of_type("AWS::Lambda::EventSourceMapping"))
        on = {
            key: mapping
            for key, mapping in mappings.items()
            if str(mapping.get("Enabled", True)).lower() != "false"
        }
        groups = {
            key: {"GroupName": self._stack.ref(key)}
            for key, _ in self._stack.of_type("AWS::Scheduler::ScheduleGroup")
        }
        return {**on, **dict(self._stack.of_type("AWS::Scheduler::Schedule")), **groups}

    def _start(self, wanted: Mapping[str, Mapping[str, Any]]) -> None:
        arns = {
            self._stack.ref(key): self._stack.attribute(key, "Arn")
            for key, _ in self._stack.of_type("AWS::Lambda::Function")
        }
        configs = {
            arns[config["FunctionName"]]: config
            for _, config in self._stack.of_type("AWS::Lambda::EventInvokeConfig")
        }
        for key, each in wanted.items():
            if "GroupName" in each:
                source: Any = self._stored_schedules(each["GroupName"])
            elif "Target" in each:
                source = self._schedule(each, configs.get(each["Target"]["Arn"], {}))
            elif ":sqs:" in each["EventSourceArn"]:
                source = self._queue(each, arns[each["FunctionName"]])
            else:
                source = self._stream(each, arns[each["FunctionName"]])
            self._running[key] = _Running(each, tuple(source.start()), source.stop)

    def _queue(self, mapping: Any, arn: str) -> QueueSource:
        sqs, owner_sqs = self._client_of(arn)("sqs"), self._clients.client("sqs")
        return QueueSource(sqs, owner_sqs, mapping, arn, self._invoke, self._retry_seconds)

    def _stream(self, mapping: Any, arn: str) -> StreamSource:
        client = self._client_of(arn)
        wait = self._aws.wait_for_table_write
        return StreamSource(client("dynamodbstreams"), client("sqs"), mapping, arn, self._invoke, wait)

    def _schedule(self, schedule: Any, config: Any) -> "ScheduleSource | CallSource":
        target = schedule["Target"]
        if calls_an_api(schedule):
            return CallSource(self._as(target["RoleArn"], "schedule"), schedule)
        sqs = self._client_of(target["Arn"])("sqs")
        return ScheduleSource(sqs, schedule, config, self._invoke, self._retry_seconds)

    def _stored_schedules(self, group: str) -> StoredSchedules:
        return StoredSchedules(
            self._clients.client("scheduler"), group, lambda role_arn: self._as(role_arn, "schedule")("sqs")
        )

    def _client_of(self, function_arn: str) -> Callable[[str], Any]:
        """Clients of a function's role, by service."""
        name = function_arn.rpartition(":")[2]
        functions = self._stack.of_type("AWS::Lambda::Function")
        role = next(it["Role"] for key, it in functions if self._stack.ref(key) == name)
        return self._as(role, name)

    def _as(self, role_arn: str, name: str) -> Callable[[str], Any]:
        session = self._assume(role_arn, name)
        return lambda service: self._clients.client(service, session)


def _stop(sources: Iterable[_Running]) -> None:
    for delivery in _deliveries(sources):
        delivery.stop()
    for source in sources:
        source.stop()


def _join(sources: Iterable[_Running]) -> None:
    for delivery in _deliveries(sources):
        delivery.join()


def _deliveries(sources: Iterable[_Running]) -> Iterator[Delivery]:
    for source in sources:
        yield from source.deliveries
