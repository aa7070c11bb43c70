"""The API's operations on compute environments and job queues."""

from collections.abc import Mapping
from typing import Any

from droptrain_local.batch import limits
from droptrain_local.batch.arns import Arns
from droptrain_local.batch.compute import ComputeEnvironment, JobQueue
from droptrain_local.batch.errors import RefusedError
from droptrain_local.batch.scheduler import Scheduler

Params = Mapping[str, Any]
Answer = dict[str, Any]


class Resources:
    """Creates, changes and finds the compute environments and job queues of a scheduler."""

    def __init__(self, scheduler: Scheduler, arns: Arns) -> None:
        self._scheduler = scheduler
        self._arns = arns

    def queue(self, name_or_arn: str) -> JobQueue:
        """RefusedError if there is no such queue."""
        arn = name_or_arn if name_or_arn.startswith("arn:") else self._arns.queue(name_or_arn)
        if arn not in self._scheduler.queues:
            raise RefusedError(f"Job queue {name_or_arn} doesn't exist: create it, or name one that does.")
        return self._scheduler.queues[arn]

    def environment(self, name_or_arn: str) -> ComputeEnvironment:
        """RefusedError if there is no such compute environment."""
        arn = name_or_arn if name_or_arn.startswith("arn:") else self._arns.environment(name_or_arn)
        if arn not in self._scheduler.environments:
            raise RefusedError(f"Compute environment {name_or_arn} doesn't exist: create it first.")
        return self._scheduler.environments[arn]

    def create_compute_environment(self, params: Params) -> Answer:
        name = params["computeEnvironmentName"]
        limits.check_name("computeEnvironmentName", name)
        limits.check_tags(params.get("tags", {}))
        resources = params.get("computeResources")
        if params["type"] != "MANAGED" or resources is None:
            raise RefusedError(
                f"{name}: the laptop's Batch engine has MANAGED environments with computeResources only."
            )
        arn = self._arns.environment(name)
        if arn in self._scheduler.environments:
            raise RefusedError(f"Compute environment {name} already exists.")
        self._put_environment(name, arn, params)
        return {"computeEnvironmentName": name, "computeEnvironmentArn": arn}

    def update_compute_environment(self, params: Params) -> Answer:
        old = self.environment(params["computeEnvironment"])
        changes = {name: value for name, value in params.items() if name != "computeEnvironment"}
        resources = {**old.settings["computeResources"], **changes.get("computeResources", {})}
        self._put_environment(old.name, old.arn, {**old.settings, **changes, "computeResources": resources})
        return {"computeEnvironmentName": old.name, "computeEnvironmentArn": old.arn}

    def _put_environment(self, name: str, arn: str, settings: Params) -> None:
        resources = settings["computeResources"]
        self._scheduler.environments[arn] = ComputeEnvironment(
            name=name,
            arn=arn,
            max_vcpus=resources["maxvCpus"],
            settings=settings,
            enabled=settings.get("state", "ENABLED") == "ENABLED",
            instance_types=tuple(resources.get("instanceTypes", ())),
        )
        self._scheduler.schedule()

    def describe_compute_environments(self, params: Params) -> Answer:
        names = params.get("computeEnvironments")
        found = [item for item in self._scheduler.environments.values() if _is_named(item, names)]
        return {"computeEnvironments": [self._describe_environment(item) for item in found]}

    def _describe_environment(self, environment: ComputeEnvironment) -> Answer:
        return {
            "state": "ENABLED",
            "tags": {},
            **environment.settings,
            "computeEnvironmentArn": environment.arn,
            "ecsClusterArn": self._arns.cluster(environment.name),
            "status": "VALID",
            "statusReason": "ComputeEnvironment Healthy",
            "containerOrchestrationType": "ECS",
        }

    def create_job_queue(self, params: Params) -> Answer:
        name = params["jobQueueName"]
        limits.check_name("jobQueueName", name)
        limits.check_tags(params.get("tags", {}))
        arn = self._arns.queue(name)
        if arn in self._scheduler.queues:
            raise RefusedError(f"Job queue {name} already exists.")
        if params.get("serviceEnvironmentOrder"):
            raise RefusedError(f"{name}: the laptop's Batch engine has no service jobs.")
        self._put_queue(name, arn, params)
        return {"jobQueueName": name, "jobQueueArn": arn}

    def update_job_queue(self, params: Params) -> Answer:
        old = self.queue(params["jobQueue"])
        changes = {name: value for name, value in params.items() if name != "jobQueue"}
        if changes.get("schedulingPolicyArn") and not old.policy_arn:
            raise RefusedError(f"Job queue {old.name} is a FIFO queue: it can't get a scheduling policy.")
        self._put_queue(old.name, old.arn, {**old.settings, **changes})
        return {"jobQueueName": old.name, "jobQueueArn": old.arn}

    def _put_queue(self, name: str, arn: str, settings: Params) -> None:
        order = sorted(settings.get("computeEnvironmentOrder", ()), key=lambda item: item["order"])
        if not 1 <= len(order) <= 3:
            raise RefusedError(f"Job queue {name}: 1 to 3 compute environments are needed, not {len(order)}.")
        if policy := settings.get("schedulingPolicyArn"):
            self._scheduler.policy(policy)
        self._scheduler.queues[arn] = JobQueue(
            name=name,
            arn=arn,
            priority=settings["priority"],
            environments=tuple(self.environment(item["computeEnvironment"]).arn for item in order),
            settings=settings,
            enabled=settings.get("state", "ENABLED") == "ENABLED",
        )
        self._scheduler.schedule()

    def describe_job_queues(self, params: Params) -> Answer:
        names = params.get("jobQueues")
        found = [item for item in self._scheduler.queues.values() if _is_named(item, names)]
        return {"jobQueues": [_describe_queue(item) for item in found]}


def _is_named(item: ComputeEnvironment | JobQueue, names: list[str] | None) -> bool:
    return not names or item.name in names or item.arn in names


def _describe_queue(queue: JobQueue) -> Answer:
    order = [{"order": number, "computeEnvironment": arn} for number, arn in enumerate(queue.environments, 1)]
    return {
        "state": "ENABLED",
        "tags": {},
        "jobStateTimeLimitActions": [],
        **queue.settings,
        "computeEnvironmentOrder": order,
        "jobQueueArn": queue.arn,
        "status": "VALID",
        "statusReason": "JobQueue Healthy",
    }
