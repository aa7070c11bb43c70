"""Jobs on their way: from SUBMITTED through queues and attempts to an end, with an event for each change."""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

from droptrain_local.batch import compute, details
from droptrain_local.batch.arns import Arns
from droptrain_local.batch.attempt import AttemptEnd, AttemptRun
from droptrain_local.batch.compute import ComputeEnvironment, JobQueue
from droptrain_local.batch.errors import RefusedError
from droptrain_local.batch.job import Job, Place
from droptrain_local.batch.logs import LogSink
from droptrain_local.batch.orphans import OrphanGuard
from droptrain_local.batch.placement import Machine, new_place, plan
from droptrain_local.batch.queue_order import QueueOrder
from droptrain_local.batch.shares import ACTIVE_SHARES, SchedulingPolicy
from droptrain_local.batch.verdict import StoppedBy, close_attempt


class Scheduler:
    """Holds queues, compute environments and jobs, and runs the jobs' attempts.

    `lock` guards all of it; a job's change is handed to `publish` before the lock is let go, so in order.
    `clock` tells epoch milliseconds.
    """

    def __init__(
        self,
        machine: Machine,
        arns: Arns,
        logs: LogSink | None,
        guard: OrphanGuard,
        publish: Callable[[dict[str, Any]], None],
        clock: Callable[[], int],
    ) -> None:
        self.lock = threading.RLock()
        self.environments: dict[str, ComputeEnvironment] = {}
        self.queues: dict[str, JobQueue] = {}
        self.policies: dict[str, SchedulingPolicy] = {}
        self.jobs: dict[str, Job] = {}
        self._machine = machine
        self._arns = arns
        self._logs = logs
        self._guard = guard
        self._publish = publish
        self._clock = clock
        self._orders: dict[str, QueueOrder] = defaultdict(QueueOrder)
        self._placements: dict[str, _Placement] = {}
        self._used_vcpus: Counter[str] = Counter()
        self._runs: list[AttemptRun] = []
        self._closed = False

    def submit(self, job: Job) -> None:
        """Take a SUBMITTED job. Its submission is no event; what follows is.

        RefusedError if it adds a share to a queue that has as many as AWS Batch allows.
        """
        with self.lock:
            if self._closed:
                raise RefusedError("The Batch engine is closing.")
            self._check_share(job)
            pending = job.pending()
            self._change(pending)
            self._queue_up(pending.runnable())
            self.schedule()

    def schedule(self) -> None:
        """Place every job that has room: queues by priority, and each queue strictly in its order.

        The first job of a queue that must wait holds back those behind it, and queues of lower priority on
        the environments that it waits for.
        """
        with self.lock:
            held: set[str] = set()
            for queue in sorted(self.queues.values(), key=lambda item: -item.priority):
                while not self._closed and (job := self._head(queue)) and self._place(job, queue, held):
                    self._orders[queue.arn].remove(job)

    def cancel(self, job_id: str, reason: str) -> None:
        """CancelJob: ends a job that hasn't reached STARTING; any other goes on, in silence."""
        with self.lock:
            job = self.job(job_id)
            if not job.ended and not job.placed:
                self._fail_waiting(job.cancelled(reason))

    def terminate(self, job_id: str, reason: str) -> None:
        """TerminateJob: ends a job in whatever state; an ended one stays as it is."""
        with self.lock:
            job = self.job(job_id)
            if job.placed:
                self.jobs[job_id] = job.terminated(reason)
                self._placements[job_id].run.stop()
            elif not job.ended:
                self._fail_waiting(job.terminated(reason))

    def reclaim(self, job_id: str) -> None:
        """Take a job's instance away, as Spot does: TERM, then KILL. RefusedError if it has none."""
        with self.lock:
            if not self.job(job_id).placed:
                raise RefusedError(f"Job {job_id} has no instance to reclaim: it isn't STARTING or RUNNING.")
            self._placements[job_id].stop("reclaim")

    def front(self, queue: JobQueue) -> list[Job]:
        """The first waiting jobs of a queue, in order, as many as a snapshot lists."""
        with self.lock:
            found = self._orders[queue.arn].front(self._policy_of(queue), self._clock())
            return [self.jobs[job_id] for job_id in found]

    def shares_in_use(self, queue: JobQueue) -> set[str]:
        """The shares of a queue that hold vCPUs now."""
        return {
            job.share for job in self.jobs.values() if job.queue_arn == queue.arn and job.placed and job.share
        }

    def policy(self, arn: str) -> SchedulingPolicy:
        """RefusedError if there is no such scheduling policy."""
        if arn not in self.policies:
            raise RefusedError(f"Scheduling policy {arn} doesn't exist.")
        return self.policies[arn]

    def job(self, job_id: str) -> Job:
        """RefusedError if there is no such job."""
        if job_id not in self.jobs:
            raise RefusedError(f"Job {job_id} doesn't exist.")
        return self.jobs[job_id]

    def close(self, grace: float) -> None:
        """End every child: TERM, and KILL after `grace` seconds. Jobs stay as they are, without events."""
        with self.lock:
            self._closed = True
            runs = list(self._runs)
        for run in runs:
            run.stop(grace)
        for run in runs:
            run.join()

    def instance_ready(self, placement: "_Placement") -> bool:
        """An attempt's instance is there: STARTING. False if nobody wants the container any more."""
        with self.lock:
            if self._closed or self._placements.get(placement.job_id) is not placement:
                return False
            self._change(self.jobs[placement.job_id].starting(placement.place))
            return True

    def container_started(self, placement: "_Placement") -> None:
        with self.lock:
            self._change(self.jobs[placement.job_id].running(self._clock()))

    def container_ended(self, placement: "_Placement", end: AttemptEnd) -> None:
        """Close the attempt: the job succeeds, fails or goes back to RUNNABLE."""
        with self.lock:
            if self._closed:
                return
            self._free(placement.job_id)
            job = close_attempt(
                self.jobs[placement.job_id],
                placement.place,
                stopped_at=self._clock(),
                exit_code=end.exit_code,
                not_started=end.not_started,
                stopped_by=placement.stopped_by,
            )
            if job.ended:
                self._change(job)
            else:
                self._queue_up(job)
            self.schedule()

    def _fail_waiting(self, job: Job) -> None:
        self._free(job.job_id)
        self._orders[job.queue_arn].remove(job)
        self._change(job.failed_before_start(self._clock()))
        self.schedule()

    def _queue_up(self, job: Job) -> None:
        self._change(job)
        self._orders[job.queue_arn].add(job, compute.needs_of(job.container).vcpus)

    def _head(self, queue: JobQueue) -> Job | None:
        found = self._orders[queue.arn].head(self._policy_of(queue), self._clock())
        return self.jobs[found] if found else None

    def _policy_of(self, queue: JobQueue) -> SchedulingPolicy | None:
        return self.policies[queue.policy_arn] if queue.policy_arn else None

    def _check_share(self, job: Job) -> None:
        policy = self._policy_of(self.queues[job.queue_arn])
        if policy is None:
            return
        active = self._orders[job.queue_arn].active_shares(policy, self._clock())
        if job.share not in active and len(active) >= ACTIVE_SHARES:
            raise RefusedError(
                f"The job queue has {ACTIVE_SHARES} active share identifiers: it takes no other one."
            )

    def _place(self, job: Job, queue: JobQueue, held: set[str]) -> bool:
        needs = compute.needs_of(job.container)
        environments = [self.environments[arn] for arn in queue.environments]
        never = compute.misconfiguration(needs, environments)
        if never:
            self.jobs[job.job_id] = job.waiting_because(never)
            return False
        free = [item for item in environments if item.arn not in held]
        environment = compute.choose(needs, free, self._used_vcpus)
        if environment is None:
            held.update(queue.environments)
            return False
        self._used_vcpus[environment.arn] += needs.vcpus
        self._orders[queue.arn].use(job, needs.vcpus, self._policy_of(queue), self._clock())
        place = new_place(job, environment, self._arns)
        placement = _Placement(self, job.job_id, place, needs.vcpus)
        placement.run = AttemptRun(plan(job, queue, place, self._machine), self._logs, self._guard, placement)
        self._placements[job.job_id] = placement
        self._runs = [run for run in self._runs if not run.over]
        placement.run.start()
        self._runs.append(placement.run)
        return True

    def _free(self, job_id: str) -> None:
        placement = self._placements.pop(job_id, None)
        if placement:
            self._used_vcpus[placement.place.environment_arn] -= placement.vcpus
            job = self.jobs[job_id]
            policy = self._policy_of(self.queues[job.queue_arn])
            self._orders[job.queue_arn].use(job, -placement.vcpus, policy, self._clock())
            placement.run.stop()

    def _change(self, job: Job) -> None:
        self.jobs[job.job_id] = job
        self._publish(details.job_detail(job))


class _Placement:
    """A job's present attempt: its place, its share of the capacity, and who stopped it."""

    run: AttemptRun

    def __init__(self, scheduler: Scheduler, job_id: str, place: Place, vcpus: int) -> None:
        self.job_id = job_id
        self.place = place
        self.vcpus = vcpus
        self.stopped_by: StoppedBy | None = None
        self._scheduler = scheduler

    def stop(self, stopped_by: StoppedBy) -> None:
        """The first to stop an attempt names the cause."""
        self.stopped_by = self.stopped_by or stopped_by
        self.run.stop()

    def instance_ready(self) -> bool:
        return self._scheduler.instance_ready(self)

    def container_started(self) -> None:
        self._scheduler.container_started(self)

    def timed_out(self) -> None:
        with self._scheduler.lock:
            self.stop("timeout")

    def container_ended(self, end: AttemptEnd) -> None:
        self._scheduler.container_ended(self, end)
