"""Launch: a dataset that is ready becomes a run, exactly once, and the run becomes one Batch job.

`gather` reads, `decide` is pure, `commit` writes; this module connects them for uploads and requests.
"""

from droptrain_core.launch.requests import LaunchRequests
from droptrain_core.launch.uploads import LaunchUploads

__all__ = ["LaunchRequests", "LaunchUploads"]
