"""The API's operations on the tags of jobs, queues, compute environments and job definitions."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from droptrain_local.batch import limits
from droptrain_local.batch.arns import short_name
from droptrain_local.batch.definitions import JobDefinitions
from droptrain_local.batch.errors import RefusedError
from droptrain_local.batch.resources import Answer, Params
from droptrain_local.batch.scheduler import Scheduler


class Tagging:
    """Reads and changes tags by the resource's ARN."""

    def __init__(self, scheduler: Scheduler, definitions: JobDefinitions) -> None:
        self._scheduler = scheduler
        self._definitions = definitions

    def tag_resource(self, params: Params) -> Answer:
        tags = {**self._tags(params["resourceArn"]), **params["tags"]}
        limits.check_tags(tags)
        self._retag(params["resourceArn"], tags)
        return {}

    def untag_resource(self, params: Params) -> Answer:
        kept = {
            key: value
            for key, value in self._tags(params["resourceArn"]).items()
            if key not in params["tagKeys"]
        }
        self._retag(params["resourceArn"], kept)
        return {}

    def list_tags_for_resource(self, params: Params) -> Answer:
        return {"tags": dict(self._tags(params["resourceArn"]))}

    def _tags(self, arn: str) -> Mapping[str, str]:
        if job := self._scheduler.jobs.get(short_name(arn)):
            return job.tags
        return self._settings(arn).get("tags", {})

    def _settings(self, arn: str) -> Mapping[str, Any]:
        for known in (self._scheduler.queues, self._scheduler.environments):
            if arn in known:
                return known[arn].settings
        for definition in self._definitions.find(arn):
            if definition.arn == arn:
                return definition.settings
        raise RefusedError(f"{arn} names no job, job queue, compute environment or job definition here.")

    def _retag(self, arn: str, tags: Mapping[str, str]) -> None:
        scheduler = self._scheduler
        if job := scheduler.jobs.get(short_name(arn)):
            scheduler.jobs[job.job_id] = job.tagged(tags)
        elif arn in scheduler.queues:
            queue = scheduler.queues[arn]
            scheduler.queues[arn] = replace(queue, settings={**queue.settings, "tags": tags})
        elif arn in scheduler.environments:
            environment = scheduler.environments[arn]
            scheduler.environments[arn] = replace(
                environment, settings={**environment.settings, "tags": tags}
            )
        else:
            self._definitions.retag(arn, tags)
