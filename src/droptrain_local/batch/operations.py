"""The operations of the Batch API that the engine emulates, by name."""

from collections.abc import Callable

from droptrain_local.batch.arns import Arns
from droptrain_local.batch.definition_operations import DefinitionOperations
from droptrain_local.batch.definitions import JobDefinitions
from droptrain_local.batch.errors import RefusedError
from droptrain_local.batch.job_operations import JobOperations
from droptrain_local.batch.policies import Policies
from droptrain_local.batch.resources import Answer, Params, Resources
from droptrain_local.batch.scheduler import Scheduler
from droptrain_local.batch.tagging import Tagging


class Operations:
    """Carries out operations by name; their parameters were checked against botocore's model."""

    def __init__(self, scheduler: Scheduler, arns: Arns, clock: Callable[[], int]) -> None:
        self._lock = scheduler.lock
        definitions = JobDefinitions(arns)
        resources = Resources(scheduler, arns)
        jobs = JobOperations(scheduler, resources, definitions, arns, clock)
        revisions = DefinitionOperations(definitions)
        policies = Policies(scheduler, arns)
        tagging = Tagging(scheduler, definitions)
        self._by_name: dict[str, Callable[[Params], Answer]] = {
            "SubmitJob": jobs.submit_job,
            "DescribeJobs": jobs.describe_jobs,
            "ListJobs": jobs.list_jobs,
            "CancelJob": jobs.cancel_job,
            "TerminateJob": jobs.terminate_job,
            "RegisterJobDefinition": revisions.register_job_definition,
            "DeregisterJobDefinition": revisions.deregister_job_definition,
            "DescribeJobDefinitions": revisions.describe_job_definitions,
            "CreateComputeEnvironment": resources.create_compute_environment,
            "UpdateComputeEnvironment": resources.update_compute_environment,
            "DescribeComputeEnvironments": resources.describe_compute_environments,
            "CreateJobQueue": resources.create_job_queue,
            "UpdateJobQueue": resources.update_job_queue,
            "DescribeJobQueues": resources.describe_job_queues,
            "GetJobQueueSnapshot": jobs.get_job_queue_snapshot,
            "CreateSchedulingPolicy": policies.create_scheduling_policy,
            "UpdateSchedulingPolicy": policies.update_scheduling_policy,
            "DescribeSchedulingPolicies": policies.describe_scheduling_policies,
            "TagResource": tagging.tag_resource,
            "UntagResource": tagging.untag_resource,
            "ListTagsForResource": tagging.list_tags_for_resource,
        }

    def call(self, operation: str, params: Params) -> Answer:
        """Carry out an operation; BatchError if it can't be."""
        carry_out = self._by_name.get(operation)
        if carry_out is None:
            raise RefusedError(
                f"The laptop's Batch engine has no {operation}; it has {', '.join(sorted(self._by_name))}."
            )
        with self._lock:
            return carry_out(params)
