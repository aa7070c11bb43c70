"""The API's operations on scheduling policies."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from droptrain_local.batch import limits
from droptrain_local.batch.arns import Arns
from droptrain_local.batch.errors import RefusedError
from droptrain_local.batch.scheduler import Scheduler
from droptrain_local.batch.shares import SchedulingPolicy

Params = Mapping[str, Any]
Answer = dict[str, Any]


class Policies:
    """Creates, changes and describes the scheduling policies of a scheduler."""

    def __init__(self, scheduler: Scheduler, arns: Arns) -> None:
        self._scheduler = scheduler
        self._arns = arns

    def create_scheduling_policy(self, params: Params) -> Answer:
        name = params["name"]
        limits.check_name("name", name)
        limits.check_tags(params.get("tags", {}))
        arn = self._arns.policy(name)
        if arn in self._scheduler.policies:
            raise RefusedError(f"Scheduling policy {name} already exists.")
        fairshare = limits.check_fairshare(params)
        self._scheduler.policies[arn] = SchedulingPolicy(name, arn, fairshare, params.get("tags", {}))
        return {"name": name, "arn": arn}

    def update_scheduling_policy(self, params: Params) -> Answer:
        policy = self._scheduler.policy(params["arn"])
        fairshare = limits.check_fairshare(params)
        self._scheduler.policies[policy.arn] = replace(policy, fairshare=fairshare)
        self._scheduler.schedule()
        return {}

    def describe_scheduling_policies(self, params: Params) -> Answer:
        limits.check_count("arns", params["arns"])
        known = self._scheduler.policies
        found = [known[arn] for arn in params["arns"] if arn in known]
        return {
            "schedulingPolicies": [
                {
                    "name": policy.name,
                    "arn": policy.arn,
                    "fairsharePolicy": dict(policy.fairshare),
                    "tags": dict(policy.tags),
                }
                for policy in found
            ]
        }
