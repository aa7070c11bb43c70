"""The order in which the waiting jobs of one queue are placed: first in, first out, or by shares."""

from bisect import bisect_left, insort
from collections import Counter

from droptrain_local.batch.job import Job
from droptrain_local.batch.shares import SchedulingPolicy, ShareUsage

# GetJobQueueSnapshot lists this many (Batch API reference).
SNAPSHOT_JOBS = 100


class QueueOrder:
    """The waiting jobs of one queue, and what its shares use. Not thread-safe.

    In a queue without a policy no job has a share, so the order is that of submission. With a policy the
    share with the lowest usage is next, and within it the job with the highest priority (Batch user guide,
    *Use share identifiers to identify workloads*). Times in epoch milliseconds.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, list[tuple[int, int, str]]] = {}
        self._usage = ShareUsage()
        self._vcpus: dict[str, int] = {}

    def add(self, job: Job, vcpus: int) -> None:
        """A job waits."""
        insort(self._waiting.setdefault(job.share, []), _rank(job))
        self._vcpus[job.job_id] = vcpus

    def remove(self, job: Job) -> None:
        """A job no longer waits; nothing happens if it didn't."""
        if self._vcpus.pop(job.job_id, None) is None:
            return
        entries = self._waiting[job.share]
        del entries[bisect_left(entries, _rank(job))]
        if not entries:
            del self._waiting[job.share]

    def use(self, job: Job, vcpus: int, policy: SchedulingPolicy | None, now: int) -> None:
        """A job gets so many vCPUs, or gives them back where the number is below 0."""
        if policy:
            self._usage.change(job.share, vcpus, policy.window_seconds, now)

    def head(self, policy: SchedulingPolicy | None, now: int) -> str | None:
        """The id of the job that is placed next."""
        if not self._waiting:
            return None
        share = min(self._waiting, key=lambda each: self._claim(each, policy, now))
        return self._waiting[share][0][-1]

    def front(self, policy: SchedulingPolicy | None, now: int) -> list[str]:
        """The ids of the first jobs, as a snapshot of the queue lists them.

        How long a job will run isn't known, so shares take turns, by their weights and the jobs' vCPUs.
        """
        claims = {share: self._claim(share, policy, now) for share in self._waiting}
        waiting = {share: list(reversed(entries)) for share, entries in self._waiting.items()}
        given: Counter[str] = Counter()
        found: list[str] = []

        def turn(share: str) -> tuple[float, tuple[float, float, int]]:
            return given[share] * (policy.weight(share) if policy else 1.0), claims[share]

        while waiting and len(found) < SNAPSHOT_JOBS:
            share = min(waiting, key=turn)
            found.append(waiting[share].pop()[-1])
            given[share] += self._vcpus[found[-1]]
            if not waiting[share]:
                del waiting[share]
        return found

    def active_shares(self, policy: SchedulingPolicy, now: int) -> set[str]:
        """Shares with jobs that wait or hold vCPUs, and those whose use still counts (Batch user guide,
        *Use fair-share scheduling to help schedule jobs*).
        """
        return self._usage.active(policy.window_seconds, now) | set(self._waiting)

    def _claim(self, share: str, policy: SchedulingPolicy | None, now: int) -> tuple[float, float, int]:
        """The lower, the sooner is the share's turn: by usage, vCPUs held now, first submission."""
        number = self._waiting[share][0][1]
        if policy is None:
            return 0.0, 0.0, number
        weight = policy.weight(share)
        used, held = self._usage.of(share, policy.window_seconds, now)
        return used * weight, held * weight, number


def _rank(job: Job) -> tuple[int, int, str]:
    return -job.priority, job.number, job.job_id
