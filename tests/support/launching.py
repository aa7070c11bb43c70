"""Both ways to launch, as tests use them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from droptrain_core.domain.datasets.dataset import Created
from droptrain_core.domain.runs.launch_policy import LaunchPolicy
from droptrain_core.launch.requests import LaunchRequests
from droptrain_core.launch.uploads import LaunchUploads

QUIET_SECONDS = LaunchPolicy().quiet_seconds


@dataclass
class Launch:
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

    def dry_run(self, *args: Any, **kwargs: Any) -> Any:
        return self.requests.dry_run(*args, **kwargs)

    def dry_repeat(self, *args: Any, **kwargs: Any) -> Any:
        return self.requests.dry_repeat(*args, **kwargs)
