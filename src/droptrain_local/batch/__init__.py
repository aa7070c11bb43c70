"""AWS Batch on a laptop: the Batch API over HTTP, jobs as child processes, events, retries, limits.

    client ──HTTP──▶ api ─ validation, faults ─▶ operations ─▶ scheduler ─▶ attempt ─▶ process
                                                                │ events        │ logs
                                                                ▼ publish       ▼ CloudWatch Logs

Emulated, each with a test that runs real children:

- every state with an event for each change, none for the submission; details shaped like JobDetail; repeats
- attempts, evaluateOnExit, timeouts an attempt, TERM then KILL, CancelJob, TerminateJob, instance reclaims
- job definitions with revisions, overrides, parameters, tags; ListJobs' filters and pages; DescribeJobs
- queues by priority, in order or by shares, environments' maxvCpus, jobs that no environment can ever run
- scheduling policies: usage over time by share, weights, priorities, 500 active shares; a queue's snapshot
- logs in a stream an attempt; botocore's own model and the documented limits as checks of every request

Not emulated, and refused with a ClientException that says so: array and multi-node jobs, dependencies,
reserved capacity and quotas of shares, several containers a job, EKS, consumable resources, deletions.

Taken but without effect: images (nothing is pulled), users, volumes, secrets, memory limits, instance types
beyond "has GPUs", jobStateTimeLimitActions. Who may call what, a guard says that the engine is given.

A container is a process: a child that makes a session of its own can outlive its job. Nothing is kept when
the engine closes.
"""

from droptrain_local.batch.engine import BatchEngine
from droptrain_local.batch.faults import Fault
from droptrain_local.batch.logs import CloudWatchLogs

__all__ = ["BatchEngine", "CloudWatchLogs", "Fault"]
