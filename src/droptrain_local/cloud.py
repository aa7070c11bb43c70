"""The laptop cloud: starts every part in order, connects them, and ends them."""

import json
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from droptrain_local.aws_server import AwsServer
from droptrain_local.batch import BatchEngine, CloudWatchLogs
from droptrain_local.callers import callers_of
from droptrain_local.clients import ACCOUNT, REGION, Clients
from droptrain_local.container_environment import COMMAND, container_environment
from droptrain_local.errors import AlreadyRunningError
from droptrain_local.event_sources import EventSources
from droptrain_local.functions import functions_of
from droptrain_local.gateway import Gateway, routes_of
from droptrain_local.lambda_runtime import LambdaRuntime, RuntimeClosedError
from droptrain_local.permissions.guard import Guard
from droptrain_local.permissions.sessions import RoleSessions, Session
from droptrain_local.provision import STACK_NAME, Stack
from droptrain_local.redrive import Redrive
from droptrain_local.render import find_root, render
from droptrain_local.resources import Makers
from droptrain_local.stack_api import StackApi
from droptrain_local.state import Ready

# The order in which the first run needs them; the reconciler has five minutes.
_NEEDED_FIRST = (
    "DatasetUploadedFunction",
    "BatchJobChangedFunction",
    "RunChangedFunction",
    "RunsApiFunction",
)
# Nothing is charged here, so the caps only show how they count.
_FOR_A_LAPTOP = {"MonthlyBudgetUsd": "100000", "QuietSeconds": "2"}
_one_at_a_time = threading.Lock()
# Serves the console of the cloud that is ready, while the context lasts; its link.
ServeConsole = Callable[[Ready, Clients], AbstractContextManager[str]]


class LaptopCloud:
    """The whole stack on this machine, while the context lasts; one in a process at a time.

    `port` is the endpoint's (0: a free one). `settle_seconds` is the template's SettleSeconds, `parameters`
    are others of it. What failed in a function is tried again after `retry_seconds`. Logs and working folders
    are below `work_dir`; without one they are in a temporary folder that goes with the cloud. The console is
    what `serve_console` makes of it. Calls by roles and by callers of the API are added to `record`, a file
    that tests read. Starting raises LaptopError where the template, a parameter or the port
    is at fault.
    """

    def __init__(
        self,
        port: int = 0,
        settle_seconds: int = 1,
        *,
        retry_seconds: int = 5,
        work_dir: Path | None = None,
        parameters: Mapping[str, str] | None = None,
        serve_console: ServeConsole | None = None,
        record: Path | None = None,
    ) -> None:
        self._port = port
        self._retry_seconds = retry_seconds
        self._work_dir = work_dir
        self._serve_console = serve_console
        self._record = record
        self._parameters = {**_FOR_A_LAPTOP, "SettleSeconds": str(settle_seconds), **(parameters or {})}
        self._parts = ExitStack()
        self.ready: Ready
        self.engine: BatchEngine
        self.work_dir: Path
        self._clients: Clients
        self._runtime: LambdaRuntime
        self._stack: Stack
        self._sources: EventSources
        self._endpoints: dict[str, str]
        self._assume: Callable[[str, str], Session]
        self._one_change_at_a_time = threading.Lock()

    def __enter__(self) -> "LaptopCloud":
        if not _one_at_a_time.acquire(blocking=False):
            raise AlreadyRunningError("A laptop cloud runs in this process already: close it first.")
        self._parts.callback(_one_at_a_time.release)
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def client(self, service: str) -> Any:
        """A boto3 client of this cloud, such as "s3" or "batch"."""
        return self._clients.client(service)

    def invoke(self, logical_id: str, event: Any) -> Any:
        """Call a function by its logical id, as `aws lambda invoke` would; FunctionError if it fails."""
        return self._invoke(self._stack.attribute(logical_id, "Arn"), event)

    @property
    def parameters(self) -> Mapping[str, str]:
        """The template's parameters, where they differ from its defaults."""
        return self._parameters

    def schedules(self) -> list[str]:
        """What the schedules that are on call: ARNs of functions, or of APIs."""
        return [it["Target"]["Arn"] for _, it in self._stack.of_type("AWS::Scheduler::Schedule")]

    def change(self, parameters: Mapping[str, str]) -> None:
        """Give parameters of the template other values, as an update of the stack does on AWS.

        Calls that run end as they are, later ones find the new values; queues, table, bucket and jobs keep
        what is in them. TemplateError for what the template doesn't allow, or what can't change by now.
        """
        with self._one_change_at_a_time:
            wanted = {**self._parameters, **parameters}
            self._stack.change(render(find_root(), wanted), Makers(self._clients, self.engine))
            self._parameters = wanted
            before, self._runtime = self._runtime, self._make_runtime()
            before.retire()
            self._sources.change()

    def remove(self) -> None:
        """Remove the stack, but for what keeps somebody's data; nothing is called or delivered any more."""
        with self._one_change_at_a_time:
            self._sources.stop()
            self._runtime.close()
            self._sources.join()
            self._stack.remove(Makers(self._clients, self.engine))

    def function_pids(self) -> list[int]:
        """The current processes of functions."""
        return self._runtime.pids()

    def close(self) -> None:
        """End every part: no process, thread or socket stays, nor the temporary folder."""
        self._parts.close()

    def _start(self) -> None:
        parts = self._parts
        self.work_dir = self._make_work_dir()
        root = find_root()
        template = render(root, self._parameters)
        guard = Guard(self._record)
        parts.callback(guard.close)
        aws = AwsServer(self._port, guard)
        parts.callback(aws.close)
        self._clients = Clients(aws.url)
        parts.callback(self._clients.close)
        self._assume = RoleSessions(self._clients.client("sts")).assume
        self.engine = self._make_engine(root, aws.url, guard)
        parts.callback(self.engine.close)
        batch_url = self.engine.serve()
        self._clients.address("batch", batch_url)
        self._stack = Stack(template)
        self._stack.make(Makers(self._clients, self.engine))
        notices_url = self._subscribe_to_notices()
        self._endpoints = {"AWS_ENDPOINT_URL": aws.url, "AWS_ENDPOINT_URL_BATCH": batch_url}
        self._runtime = self._make_runtime()
        parts.callback(self._close_functions)
        gateway = self._make_gateway(guard)
        parts.callback(gateway.close)
        self._sources = EventSources(
            self._stack, self._clients, self._invoke, aws, self._retry_seconds, self._assume
        )
        # In reverse: nothing new is fetched, calls that run are cut off, the threads end.
        parts.callback(self._sources.join)
        parts.callback(self._close_functions)
        parts.callback(self._sources.stop)
        self._sources.start()
        aws.answer_first(Redrive(self._clients.client("sqs")).answer)
        aws.answer_first(StackApi(self._stack, {"ApiUrl": gateway.url}, self.change, self.remove).answer)
        self.ready = Ready(
            endpoint_url=aws.url,
            batch_endpoint_url=batch_url,
            api_url=gateway.url,
            console_url=None,
            bucket=self._stack.ref("DataBucket"),
            table=self._stack.ref("RunsTable"),
            topic_arn=self._stack.ref("NoticesTopic"),
            job_queue_arn=self._stack.attribute("SpotJobQueue", "JobQueueArn"),
            region=REGION,
            pid=os.getpid(),
            notices_queue_url=notices_url,
        )
        if self._serve_console:
            console_url = parts.enter_context(self._serve_console(self.ready, self._clients))
            self.ready = replace(self.ready, console_url=console_url)

    def _invoke(self, arn: str, event: Any) -> Any:
        """Call a function; if it was changed while the call waited for its turn, as it is now."""
        while True:
            runtime = self._runtime
            try:
                return runtime.invoke(arn, event)
            except RuntimeClosedError:
                if runtime is self._runtime:
                    raise

    def _close_functions(self) -> None:
        self._runtime.close()

    def _make_runtime(self) -> LambdaRuntime:
        functions = functions_of(self._stack, self._endpoints, self._assume)
        runtime = LambdaRuntime(functions, self.work_dir / "logs")
        for logical_id in _NEEDED_FIRST:
            runtime.start(self._stack.attribute(logical_id, "Arn"))
        return runtime

    def _make_work_dir(self) -> Path:
        if self._work_dir is None:
            made = Path(tempfile.mkdtemp(prefix="droptrain-"))
            self._parts.callback(shutil.rmtree, made, ignore_errors=True)
            return made
        self._work_dir.mkdir(parents=True, exist_ok=True)
        return self._work_dir

    def _make_engine(self, root: Path, aws_url: str, guard: Guard) -> BatchEngine:
        return BatchEngine(
            region=REGION,
            account=ACCOUNT,
            work_dir=self.work_dir / "jobs",
            command=COMMAND,
            environment=container_environment(root, aws_url),
            publish=self._publish_change,
            logs=CloudWatchLogs(self._clients.client("logs")),
            assume=self._assume,
            guard=guard,
        )

    def _publish_change(self, detail: dict[str, Any]) -> None:
        entry = {
            "Source": "aws.batch",
            "DetailType": "Batch Job State Change",
            "Resources": [detail["jobArn"]],
            "Detail": json.dumps(detail),
        }
        self._clients.client("events").put_events(Entries=[entry])

    def _subscribe_to_notices(self) -> str:
        """A queue that hears every notice, in place of somebody's mailbox."""
        sqs, name = self._clients.client("sqs"), f"{STACK_NAME}-notices"
        url: str = sqs.create_queue(QueueName=name)["QueueUrl"]
        self._clients.client("sns").subscribe(
            TopicArn=self._stack.ref("NoticesTopic"),
            Protocol="sqs",
            Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}",
        )
        return url

    def _make_gateway(self, guard: Guard) -> Gateway:
        callers = callers_of(self._stack.of_type("AWS::IAM::ManagedPolicy"))
        guard.admit({key: caller.bound for key, caller in callers.items() if caller.bound})
        apis = dict(self._stack.of_type("AWS::ApiGatewayV2::Api"))
        return Gateway(
            self._stack.ref("RunsApi"),
            list(routes_of(apis["RunsApi"]["Body"])),
            self._invoke,
            callers,
            guard,
        )
