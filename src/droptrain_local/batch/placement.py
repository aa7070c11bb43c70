"""A job placed on an instance: the names of its attempt, and what its child is started with."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from droptrain_local.batch.arns import Arns, short_name
from droptrain_local.batch.attempt import AttemptPlan
from droptrain_local.batch.compute import ComputeEnvironment, JobQueue
from droptrain_local.batch.job import Job, Place

_LOG_GROUP = "/aws/batch/job"
# The variables of a session, by the role's ARN and the session's name.
Assume = Callable[[str, str], Mapping[str, str]]


@dataclass(frozen=True)
class Machine:
    """What every container of this engine gets; times in seconds.

    `command` runs where neither definition nor submission names one; `environment` is the image's. `second`
    is how long a second of a job's timeout lasts: tests needn't wait for the 60 that Batch asks for at least.
    """

    work_dir: Path
    command: Sequence[str]
    environment: Mapping[str, str]
    kill_after: float = 30.0
    provisioning: float = 0.0
    second: float = 1.0
    assume: Assume | None = None


def new_place(job: Job, environment: ComputeEnvironment, arns: Arns) -> Place:
    """Names for the job's next attempt: instance, task, and the log stream that is its own."""
    task, instance = uuid.uuid4().hex, uuid.uuid4().hex
    options = job.container.get("logConfiguration", {}).get("options", {})
    definition = short_name(job.definition_arn).partition(":")[0]
    return Place(
        environment_arn=environment.arn,
        environment_name=environment.name,
        instance_id=f"i-{instance[:17]}",
        container_instance_arn=arns.container_instance(environment.name, instance),
        task_arn=arns.task(environment.name, task),
        log_group=options.get("awslogs-group", _LOG_GROUP),
        log_stream=f"{options.get('awslogs-stream-prefix', definition)}/default/{task}",
    )


def plan(job: Job, queue: JobQueue, place: Place, machine: Machine) -> AttemptPlan:
    """How the job's next attempt runs; its folder is its own, so nothing of an earlier one is there."""
    number = len(job.attempts) + 1
    timeout = job.timeout_seconds
    given = {item["name"]: item.get("value", "") for item in job.container.get("environment", ())}
    batch = {
        "AWS_BATCH_JOB_ID": job.job_id,
        "AWS_BATCH_JOB_ATTEMPT": str(number),
        "AWS_BATCH_JQ_NAME": queue.name,
        "AWS_BATCH_CE_NAME": place.environment_name,
    }
    role = job.container.get("jobRoleArn")
    session = machine.assume(role, place.task_arn.rpartition("/")[2]) if role and machine.assume else {}
    return AttemptPlan(
        command=job.container.get("command") or machine.command,
        environment={**machine.environment, **session, **given, **batch},
        folder=machine.work_dir / job.job_id / str(number),
        log_group=place.log_group,
        log_stream=place.log_stream,
        provisioning=machine.provisioning,
        timeout=None if timeout is None else timeout * machine.second,
        kill_after=machine.kill_after,
    )
