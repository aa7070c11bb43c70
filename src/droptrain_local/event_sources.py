"""The template's event sources: which queue, stream or schedule calls which function."""

from collections.abc import Callable, Mapping
from typing import Any

from droptrain_local.aws_server import AwsServer
from droptrain_local.clients import Clients
from droptrain_local.delivery import Delivery, Invoke
from droptrain_local.functions import Function
from droptrain_local.provision import Stack
from droptrain_local.queues import QueueSource
from droptrain_local.schedules import ScheduleSource
from droptrain_local.streams import StreamSource


class EventSources:
    """Starts and ends what brings events to functions; failed ones come again after `retry_seconds`.

    It acts with each function's role, as Lambda does.
    """

    def __init__(
        self,
        stack: Stack,
        functions: Mapping[str, Function],
        clients: Clients,
        invoke: Invoke,
        aws: AwsServer,
        retry_seconds: int,
    ) -> None:
        self._functions = functions
        self._stack = stack
        self._clients = clients
        self._invoke = invoke
        self._aws = aws
        self._retry_seconds = retry_seconds
        self._deliveries: list[Delivery] = []
        self._stops: list[Callable[[], None]] = [aws.release]

    def start(self) -> None:
        """Start a thread for each, or several where calls may run at a time."""
        arns = {
            self._stack.ref(key): self._stack.attribute(key, "Arn")
            for key, _ in self._stack.of_type("AWS::Lambda::Function")
        }
        for _, mapping in self._stack.of_type("AWS::Lambda::EventSourceMapping"):
            if str(mapping.get("Enabled", True)).lower() == "false":
                continue
            arn = arns[mapping["FunctionName"]]
            if ":sqs:" in mapping["EventSourceArn"]:
                self._start_queue(mapping, arn)
            else:
                self._start_stream(mapping, arn)
        configs = {
            arns[config["FunctionName"]]: config
            for _, config in self._stack.of_type("AWS::Lambda::EventInvokeConfig")
        }
        for _, schedule in self._stack.of_type("AWS::Scheduler::Schedule"):
            self._start_schedule(schedule, configs.get(schedule["Target"]["Arn"], {}))

    def stop(self) -> None:
        """Fetch nothing new, and let go of who waits for something."""
        for delivery in self._deliveries:
            delivery.stop()
        for stop in self._stops:
            stop()

    def join(self) -> None:
        """Wait until all have ended."""
        for delivery in self._deliveries:
            delivery.join()

    def _start_queue(self, mapping: Any, arn: str) -> None:
        sqs, owner_sqs = self._client("sqs", arn), self._clients.client("sqs")
        source = QueueSource(sqs, owner_sqs, mapping, arn, self._invoke, self._retry_seconds)
        self._deliveries.extend(source.start())

    def _start_stream(self, mapping: Any, arn: str) -> None:
        streams, sqs = self._client("dynamodbstreams", arn), self._client("sqs", arn)
        source = StreamSource(streams, sqs, mapping, arn, self._invoke, self._aws.wait_for_table_write)
        self._stops.append(source.stop)
        self._deliveries.append(source.start())

    def _start_schedule(self, schedule: Any, config: Any) -> None:
        sqs = self._client("sqs", schedule["Target"]["Arn"])
        source = ScheduleSource(sqs, schedule, config, self._invoke, self._retry_seconds)
        self._stops.append(source.stop)
        self._deliveries.append(source.start())

    def _client(self, service: str, function_arn: str) -> Any:
        return self._clients.client(service, self._functions[function_arn].session)
