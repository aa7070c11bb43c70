"""The launch use cases, put together for tests over any adapters."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from droptrain_core.domain.datasets.dataset import Created
from droptrain_core.domain.runs.launch_policy import LaunchPolicy
from droptrain_core.launch.commit import Commit
from droptrain_core.launch.decide import Where
from droptrain_core.launch.gather import Gather
from droptrain_core.launch.requests import LaunchRequests
from droptrain_core.launch.uploads import LaunchUploads

QUIET_SECONDS = LaunchPolicy().quiet_seconds


@dataclass
class Launching:
    """Uploads and requests over the same adapters."""

    uploads: LaunchUploads
    requests: LaunchRequests

    def upload(self, key: str, version_id: str, at: datetime | None = None) -> Any:
        return self.uploads.upload(Created(key, version_id, at))

    def wake(self, *args: str) -> Any:
        return self.uploads.wake(*args)

    def revisit(self, record: Any) -> Any:
        return self.uploads.revisit(record)

    def request(self, *args: Any, **kwargs: Any) -> Any:
        return self.requests.request(*args, **kwargs)

    def repeat(self, *args: Any, **kwargs: Any) -> Any:
        return self.requests.repeat(*args, **kwargs)


def launching(
    *,
    bucket: Any,
    table: Any,
    datasets: Any,
    wake_ups: Any,
    submit: Any,
    reserve: Any,
    prices: Any,
    clock: Callable[[], datetime],
    definition: str = "training",
    instance_types: tuple[str, ...] = ("g4dn.xlarge",),
    policy: LaunchPolicy | None = None,
    images: Any = None,
) -> Launching:
    """Both use cases over these adapters."""
    gather = Gather(bucket, prices, instance_types, clock)
    commit = Commit(bucket, table, reserve, submit, images)
    where = Where(bucket.name, definition, instance_types)
    policy = policy or LaunchPolicy()
    return Launching(
        LaunchUploads(gather, commit, table, datasets, wake_ups, where, policy, clock),
        LaunchRequests(gather, commit, table, where, policy, clock),
    )
