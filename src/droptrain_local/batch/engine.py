"""The engine as a whole: queues and jobs, the HTTP API in front of them, events and logs behind."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from droptrain_local.batch import validation
from droptrain_local.batch.api import BatchServer
from droptrain_local.batch.arns import Arns
from droptrain_local.batch.errors import AnswerLostError, RefusedError
from droptrain_local.batch.events import EventPublisher
from droptrain_local.batch.faults import Fault, Faults
from droptrain_local.batch.logs import LogSink
from droptrain_local.batch.operations import Operations
from droptrain_local.batch.orphans import OrphanGuard
from droptrain_local.batch.placement import Assume, Machine
from droptrain_local.batch.scheduler import Scheduler
from droptrain_local.permissions.guard import Guard

# Nobody who closes an engine waits longer than this for children that pass over TERM.
_CLOSE_GRACE_SECONDS = 5.0


class BatchEngine:
    """A local AWS Batch: jobs run as child processes.

    `command` is what a container without a command of its own runs; `environment` is all that every child
    gets besides what its job says. `publish` is called with the detail of each state-change event, from one
    thread, in order. In seconds: `kill_after` is the time between TERM and KILL, `provisioning_seconds` how
    long an instance takes to come, `timeout_second` how long a second of a job's timeout lasts. A job whose
    definition has a role gets the variables that `assume` answers to the role's ARN and a session's name;
    `guard` judges who calls the API.
    """

    def __init__(  # noqa: PLR0913  the surroundings of a process
        self,
        *,
        region: str,
        account: str,
        work_dir: Path,
        command: Sequence[str],
        environment: Mapping[str, str],
        publish: Callable[[dict[str, Any]], None],
        logs: LogSink | None = None,
        kill_after: float = 30.0,
        provisioning_seconds: float = 0.0,
        timeout_second: float = 1.0,
        assume: Assume | None = None,
        guard: Guard | None = None,
    ) -> None:
        arns = Arns(region, account)
        machine = Machine(
            work_dir, command, environment, kill_after, provisioning_seconds, timeout_second, assume
        )
        self._access = guard or Guard()
        self._faults = Faults()
        self._kill_after = kill_after
        self._logs = logs
        self._events = EventPublisher(publish)
        self._guard = OrphanGuard(min(kill_after, _CLOSE_GRACE_SECONDS))
        self._scheduler = Scheduler(machine, arns, logs, self._guard, self._events.put, _now)
        self._operations = Operations(self._scheduler, arns, _now)
        self._server: BatchServer | None = None

    def __enter__(self) -> "BatchEngine":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def repeat_events(self) -> int:
        """How many times each event is published: Batch promises at least once."""
        return self._events.repeat

    @repeat_events.setter
    def repeat_events(self, times: int) -> None:
        if times < 1:
            raise ValueError("events are published at least once")
        self._events.repeat = times

    def create_compute_environment(self, **params: Any) -> str:
        """CreateComputeEnvironment with boto3's parameters; answers the ARN."""
        return self._checked_call("CreateComputeEnvironment", params)["computeEnvironmentArn"]

    def update_compute_environment(self, **params: Any) -> None:
        """Change a compute environment; jobs that run stay where they are."""
        self._checked_call("UpdateComputeEnvironment", params)

    def create_scheduling_policy(self, **params: Any) -> str:
        """CreateSchedulingPolicy with boto3's parameters; answers the ARN."""
        return self._checked_call("CreateSchedulingPolicy", params)["arn"]

    def create_job_queue(self, **params: Any) -> str:
        """CreateJobQueue with boto3's parameters; answers the ARN."""
        return self._checked_call("CreateJobQueue", params)["jobQueueArn"]

    def register_job_definition(self, **params: Any) -> str:
        """RegisterJobDefinition with boto3's parameters; answers the revision's ARN."""
        return self._checked_call("RegisterJobDefinition", params)["jobDefinitionArn"]

    def reclaim(self, job_id: str) -> None:
        """Take away the instance of a STARTING or RUNNING job, as Spot does; RefusedError if it has none."""
        self._scheduler.reclaim(job_id)

    def inject(self, fault: Fault) -> None:
        """Let the next calls of an operation go wrong; ValueError if AWS Batch has no such operation."""
        if fault.operation not in validation.service_model().operation_names:
            raise ValueError(f"AWS Batch has no operation {fault.operation}")
        self._faults.add(fault)

    def stop_faults(self) -> None:
        """Let nothing go wrong any more."""
        self._faults.clear()

    def serve(self, port: int = 0) -> str:
        """Answer the Batch API on 127.0.0.1, on a free port if it is 0; returns the endpoint's URL."""
        self._server = BatchServer(self._call_with_faults, self._control, self._job_tags, self._access, port)
        return self._server.url

    def close(self) -> None:
        """Stop serving, end every child (TERM, then KILL), send the logs' rest; no events come any more."""
        if self._server:
            self._server.close()
            self._server = None
        self._scheduler.close(min(self._kill_after, _CLOSE_GRACE_SECONDS))
        self._guard.close()
        self._events.close()
        if self._logs:
            self._logs.close()

    def _job_tags(self, job_id: str) -> Mapping[str, str]:
        job = self._scheduler.jobs.get(job_id)
        return job.tags if job else {}

    def _call_with_faults(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        fault = self._faults.take(operation)
        if fault and fault.code:
            raise fault.error()
        answer = self._checked_call(operation, params)
        if fault:
            raise AnswerLostError(operation)
        return answer

    def _checked_call(self, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        validation.check_params(validation.service_model().operation_model(operation), params)
        return self._operations.call(operation, params)

    def _control(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        """The controls below /local/ that tests of other processes use."""
        try:
            if name == "reclaim":
                self.reclaim(body["jobId"])
            elif name == "faults":
                self.inject(Fault(**body))
            elif name == "events":
                self.repeat_events = body["repeat"]
            else:
                raise RefusedError(f"There is no control {name}: reclaim, faults or events.")
        except (KeyError, TypeError, ValueError) as error:
            raise RefusedError(f"{name}: the body lacks a field, or has a wrong one ({error}).") from error
        return {}


def _now() -> int:
    return time.time_ns() // 1_000_000
