"""AWS Batch on a laptop: its HTTP API, its states, events and retries, with child processes as containers."""

from droptrain_local.batch.engine import BatchEngine
from droptrain_local.batch.faults import Fault
from droptrain_local.batch.logs import CloudWatchLogs

__all__ = ["BatchEngine", "CloudWatchLogs", "Fault"]
