"""Launch: a ready dataset becomes exactly one run, and the run becomes one Batch job.

`gather` reads, `decide` is pure, `commit` writes; this module connects them for uploads and requests.
"""

from droptrain_core.launch.requests import LaunchRequests
from droptrain_core.launch.uploads import LaunchUploads

__all__ = ["LaunchRequests", "LaunchUploads"]
