"""The API's operations on jobs: submit, describe, list, cancel, terminate."""

import itertools
import uuid
from collections.abc import Callable

from droptrain_local.batch import limits
from droptrain_local.batch.arns import Arns
from droptrain_local.batch.definitions import JobDefinitions, merge_container
from droptrain_local.batch.details import job_detail
from droptrain_local.batch.errors import RefusedError
from droptrain_local.batch.job import Job
from droptrain_local.batch.listing import list_jobs
from droptrain_local.batch.resources import Answer, Params, Resources
from droptrain_local.batch.scheduler import Scheduler


class JobOperations:
    """Operations on jobs; `clock` tells epoch milliseconds."""

    def __init__(
        self,
        scheduler: Scheduler,
        resources: Resources,
        definitions: JobDefinitions,
        arns: Arns,
        clock: Callable[[], int],
    ) -> None:
        self._scheduler = scheduler
        self._resources = resources
        self._definitions = definitions
        self._arns = arns
        self._clock = clock
        self._numbers = itertools.count(1)

    def submit_job(self, params: Params) -> Answer:
        limits.check_submission(params)
        queue = self._resources.queue(params["jobQueue"])
        if not queue.enabled:
            raise RefusedError(f"Job queue {queue.name} is DISABLED: enable it with UpdateJobQueue.")
        definition = self._definitions.resolve(params["jobDefinition"])
        settings = definition.settings
        parameters = {**settings.get("parameters", {}), **params.get("parameters", {})}
        timeout = params.get("timeout", settings.get("timeout", {}))
        share = params.get("shareIdentifier")
        priority = params.get("schedulingPriorityOverride", settings.get("schedulingPriority"))
        limits.check_share(share, priority, has_policy=queue.policy_arn is not None)
        job_id = str(uuid.uuid4())
        job = Job(
            job_id=job_id,
            arn=self._arns.job(job_id),
            name=params["jobName"],
            number=next(self._numbers),
            queue_arn=queue.arn,
            definition_arn=definition.arn,
            created_at=self._clock(),
            container=merge_container(definition, params.get("containerOverrides", {}), parameters),
            retry_strategy=params.get("retryStrategy", settings.get("retryStrategy", {})),
            parameters=parameters,
            tags=params.get("tags", {}),
            timeout_seconds=timeout.get("attemptDurationSeconds"),
            propagate_tags=params.get("propagateTags", settings.get("propagateTags", False)),
            share=share or "",
            priority=priority if share and priority else 0,
        )
        self._scheduler.submit(job)
        return {"jobArn": job.arn, "jobName": job.name, "jobId": job_id}

    def describe_jobs(self, params: Params) -> Answer:
        limits.check_count("jobs", params["jobs"])
        jobs = self._scheduler.jobs
        return {"jobs": [job_detail(jobs[job_id]) for job_id in params["jobs"] if job_id in jobs]}

    def list_jobs(self, params: Params) -> Answer:
        if "jobQueue" not in params:
            raise RefusedError(
                "ListJobs needs a jobQueue: the laptop's Batch engine has no array or multi-node jobs."
            )
        arn = self._resources.queue(params["jobQueue"]).arn
        return list_jobs((job for job in self._scheduler.jobs.values() if job.queue_arn == arn), params)

    def get_job_queue_snapshot(self, params: Params) -> Answer:
        queue = self._resources.queue(params["jobQueue"])
        now = self._clock()
        front = [
            # When a job came to its present place isn't kept: it is there since its submission at most.
            {"jobArn": job.arn, "earliestTimeAtPosition": job.created_at}
            for job in self._scheduler.front(queue)
        ]
        answer: Answer = {"frontOfQueue": {"jobs": front, "lastUpdatedAt": now}}
        if queue.policy_arn:
            using = len(self._scheduler.shares_in_use(queue))
            answer["queueUtilization"] = {
                "fairshareUtilization": {"activeShareCount": using, "topCapacityUtilization": []},
                "lastUpdatedAt": now,
            }
        return answer

    def cancel_job(self, params: Params) -> Answer:
        limits.check_reason(params["reason"])
        self._scheduler.cancel(params["jobId"], params["reason"])
        return {}

    def terminate_job(self, params: Params) -> Answer:
        limits.check_reason(params["reason"])
        self._scheduler.terminate(params["jobId"], params["reason"])
        return {}
