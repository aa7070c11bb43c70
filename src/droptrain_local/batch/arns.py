"""Names of Batch's things as ARNs, of one region and account."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Arns:
    """Builds ARNs for one region and account."""

    region: str
    account: str

    def job(self, job_id: str) -> str:
        return self._batch(f"job/{job_id}")

    def queue(self, name: str) -> str:
        return self._batch(f"job-queue/{name}")

    def environment(self, name: str) -> str:
        return self._batch(f"compute-environment/{name}")

    def policy(self, name: str) -> str:
        return self._batch(f"scheduling-policy/{name}")

    def definition(self, name: str, revision: int) -> str:
        return self._batch(f"job-definition/{name}:{revision}")

    def cluster(self, environment: str) -> str:
        return self._ecs(f"cluster/AWSBatch-{environment}")

    def task(self, environment: str, task_id: str) -> str:
        return self._ecs(f"task/AWSBatch-{environment}/{task_id}")

    def container_instance(self, environment: str, instance_id: str) -> str:
        return self._ecs(f"container-instance/AWSBatch-{environment}/{instance_id}")

    def _batch(self, resource: str) -> str:
        return f"arn:aws:batch:{self.region}:{self.account}:{resource}"

    def _ecs(self, resource: str) -> str:
        return f"arn:aws:ecs:{self.region}:{self.account}:{resource}"


def short_name(name_or_arn: str) -> str:
    """The name at the end of an ARN; a name stays itself."""
    return name_or_arn.rsplit("/", 1)[-1]
