"""The functions' settings from the template, read from the environment once."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from droptrain_core.domain.frozen import frozen
from droptrain_core.domain.runs.batch_job import queue_name
from droptrain_core.domain.runs.compute import Compute, StackCompute

if TYPE_CHECKING:
    from droptrain_core.domain.notices.events import QueueKind


@frozen
class Settings:
    """Names and ARNs of the stack's resources, and the stack's parameters, as texts."""

    table_name: str
    bucket_name: str
    uploads_queue_url: str
    schedule_group: str
    schedule_role: str
    uploads_dead_letters: str
    quiet_seconds: str
    settle_seconds: str
    upload_concurrency: str
    spot_job_queue_arn: str
    on_demand_job_queue_arn: str
    job_definition_arn: str
    cpu_spot_job_queue_arn: str
    cpu_on_demand_job_queue_arn: str
    cpu_job_definition_arn: str
    notices_topic_arn: str
    image_repository: str
    stack_id: str
    instance_types: str
    cpu_instance_types: str
    aws_region: str
    paused: str
    override_gpus: str
    override_vcpus: str
    override_memory_gib: str
    monthly_budget_usd: str
    project_budgets_usd: str
    max_runs_at_once: str
    prepared_days: str
    slack: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "Settings":
        """Settings from variables of the same names in capitals; KeyError names a missing one."""
        return cls(**{name: environment[name.upper()] for name in cls.__dataclass_fields__})

    @property
    def compute(self) -> StackCompute:
        """The instances for training, with and without GPUs."""
        return StackCompute(
            gpu=Compute(
                tuple(self.instance_types.split(",")),
                self.spot_job_queue_arn,
                self.on_demand_job_queue_arn,
                self.job_definition_arn,
            ),
            cpu=Compute(
                tuple(self.cpu_instance_types.split(",")),
                self.cpu_spot_job_queue_arn,
                self.cpu_on_demand_job_queue_arn,
                self.cpu_job_definition_arn,
            ),
        )

    @property
    def queue_kinds(self) -> "dict[str, QueueKind]":
        """The kind of instances of each job queue, by the queue's name."""
        return {
            queue_name(self.spot_job_queue_arn): "Spot",
            queue_name(self.on_demand_job_queue_arn): "on-demand",
            queue_name(self.cpu_spot_job_queue_arn): "CPU Spot",
            queue_name(self.cpu_on_demand_job_queue_arn): "CPU on-demand",
        }
