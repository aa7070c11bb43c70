"""The API's operations on job definitions: register, deregister, describe."""

from droptrain_local.batch import limits
from droptrain_local.batch.definitions import JobDefinitions
from droptrain_local.batch.resources import Answer, Params


class DefinitionOperations:
    """Operations on job definitions."""

    def __init__(self, definitions: JobDefinitions) -> None:
        self._definitions = definitions

    def register_job_definition(self, params: Params) -> Answer:
        limits.check_definition(params)
        definition = self._definitions.register(params)
        return {
            "jobDefinitionName": definition.name,
            "jobDefinitionArn": definition.arn,
            "revision": definition.revision,
        }

    def deregister_job_definition(self, params: Params) -> Answer:
        self._definitions.deregister(params["jobDefinition"])
        return {}

    def describe_job_definitions(self, params: Params) -> Answer:
        if "jobDefinitions" in params:
            limits.check_count("jobDefinitions", params["jobDefinitions"])
            found = [item for name in params["jobDefinitions"] for item in self._definitions.find(name)]
        elif "jobDefinitionName" in params:
            found = self._definitions.find(params["jobDefinitionName"])
        else:
            found = self._definitions.all()
        described = [item.describe() for item in found]
        wanted = params.get("status")
        return {"jobDefinitions": [item for item in described if wanted in (None, item["status"])]}
