"""Waiting behind other runs is normal; a queue that makes no progress gives one notice for each cause."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from droptrain_core.aws.queue_instances import QueueInstances
from droptrain_core.aws.queue_watch import QueueWatch
from droptrain_core.domain import times
from droptrain_core.domain.errors import BusyError
from droptrain_core.domain.runs import batch_job
from droptrain_core.domain.runs.transitions import cancel_requested
from droptrain_core.notifications import Notifications
from support.records import job_detail, run

CAPACITY = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY - Service cannot fulfill the capacity requested."
QUOTA = (
    "CAPACITY:VcpuLimitExceeded - You have requested more vCPU capacity than your current vCPU limit of 0."
)
UNDETERMINED = "UNDETERMINED - Batch job is blocked, root cause is undetermined."
MISFIT = "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT - The job resource requirement is too high."


class Queue:
    """AWS Batch as tests want it: jobs by number, each with its run's record in step."""

    def __init__(self, stack: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.stack = stack
        self.details: dict[str, dict[str, Any]] = {}
        self.ended: list[tuple[str, str]] = []
        monkeypatch.setattr(stack.jobs, "describe", self._describe)
        monkeypatch.setattr(stack.jobs, "first", self._first)
        self.first_since = stack.now
        monkeypatch.setattr(stack.jobs, "end", lambda job_id, reason: self.ended.append((job_id, reason)))

    def add(self, number: int, state: str = "RUNNABLE", reason: str = "", queue: str = "spot") -> None:
        """A run whose job is in that state since now; `spot: only`, so that none of them falls back."""
        at, name = times.to_text(self.stack.now), f"penguins-first-{number:012x}"
        job = job_detail(state, jobName=name, jobId=f"job-{number}", statusReason=reason)
        job["jobQueue"] = f"arn:aws:batch:eu-west-1:123456789012:job-queue/{queue}"
        if state == "RUNNING":
            job["startedAt"] = self.stack.now.timestamp() * 1000
        self.details[job["jobId"]] = job
        read = batch_job.read(job)
        assert read
        only = run().job
        assert only
        self.stack.table.claim(
            run(
                run_id=name, status=state, batch_job_id=job["jobId"], progress=read.progress, updated_at=at,
                created_at=at, claimed_at=at, created_order=f"{at}#{name}", reservations=(),
                job=replace(only, spot="only", timeout_seconds=86400),
            )
        )  # fmt: skip

    def launch_instance(self, queue: str = "spot") -> None:
        """An instance of the queue starts now."""
        self.stack.launched[queue] = self.stack.now

    def leave(self, number: int, how: str, reason: str = "") -> None:
        """A waiting job ends without an instance, so that the next one is the first."""
        changes = {"status": "FAILED", "statusReason": reason, how: True}
        self.details[f"job-{number}"] |= changes
        self.first_since = self.stack.now
        assert self.stack.track.event(self.details[f"job-{number}"]) == "applied"

    def say(self, number: int, reason: str) -> None:
        """AWS Batch gives a reason why a job waits; no event tells of it."""
        self.details[f"job-{number}"]["statusReason"] = reason

    def start(self, number: int) -> None:
        """A waiting job starts, and its event comes."""
        self.details[f"job-{number}"] |= {"status": "STARTING", "statusReason": ""}
        assert self.stack.track.event(self.details[f"job-{number}"]) == "applied"

    def end(self, *numbers: int) -> None:
        for number in numbers:
            self.details[f"job-{number}"] |= {"status": "SUCCEEDED"}
            self.stack.track.event(self.details[f"job-{number}"])
            self.stack.notify.ended(f"penguins-first-{number:012x}", "penguins")

    def blocked(self, number: int) -> str:
        return self.stack.report_stuck_queue.event(self.details[f"job-{number}"])

    def passes(self, minutes: int) -> list[str]:
        """What is published while passes come every five minutes."""
        for _ in range(0, minutes, 5):
            self.stack.later(minutes=5)
            assert "failed" not in self.stack.reconcile.all()
        return [each["Subject"] for each in self.stack.notices() if each["Subject"].startswith("WAITING")]

    def _first(self, queue: str) -> tuple[str, datetime] | None:
        waiting = (job for job in self.details.values() if job["status"] == "RUNNABLE")
        ids = (job["jobId"] for job in waiting if job["jobQueue"].endswith(f"/{queue}"))
        return next(((job_id, self.first_since) for job_id in ids), None)

    def _describe(self, job_ids: Any) -> dict[str, Any]:
        states = (batch_job.read(self.details[job_id]) for job_id in job_ids)
        return {state.job_id: state for state in states if state}


@pytest.fixture
def queue(stack, monkeypatch) -> Queue:
    return Queue(stack, monkeypatch)


def test_twelve_runs_with_room_for_four_wait_their_turn_without_a_notice(queue) -> None:
    for number in range(12):
        queue.add(number, "RUNNING" if number < 4 else "RUNNABLE")
    assert queue.passes(60) == []
    queue.say(4, CAPACITY)
    assert queue.passes(30) == [], "four of them train: capacity only limits how many do"


def test_when_nothing_starts_any_more_one_notice_has_the_cause_and_the_number(queue) -> None:
    for number in range(12):
        queue.add(number, "RUNNING" if number < 4 else "RUNNABLE")
    queue.passes(60)
    queue.end(0, 1, 2, 3)
    queue.say(4, QUOTA)
    for _ in range(2):
        queue.stack.later(minutes=5)
        queue.stack.reconcile.all()
    (notice,) = [each for each in queue.stack.notices() if each["Subject"].startswith("WAITING")]
    assert notice["Subject"] == "WAITING 8 runs (no_quota)"
    assert "8 runs wait for an instance. Nothing has started in the Spot queue since" in notice["Message"]
    assert notice["MessageAttributes"]["outcome"]["Value"] == "ATTENTION"
    (event,) = [
        each for each in queue.stack.events_on_bus() if each["detail-type"] == "Queue Needs Attention"
    ]
    detail = event["detail"]
    assert (detail["queue"], detail["waiting_runs"], detail["cause"]["code"]) == ("Spot", 8, "no_quota")
    assert detail["run_id"] == "penguins-first-000000000004"
    assert queue.passes(60) == []


def test_it_is_told_again_only_after_the_queue_has_moved_and_is_stuck_anew(queue) -> None:
    for number in range(3):
        queue.add(number, reason=CAPACITY)
    assert queue.passes(5) == []
    assert queue.passes(30) == ["WAITING 3 runs (no_capacity)"]
    at = times.to_text(queue.stack.now)
    queue.stack.table.write(cancel_requested("penguins-first-000000000000", "ann", at))
    queue.details["job-0"] |= {"status": "FAILED", "isTerminated": True}
    queue.add(3, reason=CAPACITY)
    assert queue.passes(60) == [], "a cancel and a new run are no progress"
    queue.start(1)
    queue.end(1)
    assert queue.passes(5) == []
    assert queue.passes(30) == ["WAITING 2 runs (no_capacity)"]


def test_a_start_whose_event_is_lost_is_progress_too(queue) -> None:
    for number in range(2):
        queue.add(number, reason=CAPACITY)
    assert queue.passes(15) == ["WAITING 2 runs (no_capacity)"]
    started_at = queue.stack.now.timestamp() * 1000
    queue.details["job-0"] |= {"status": "RUNNING", "startedAt": started_at, "statusReason": ""}
    queue.say(1, QUOTA)
    assert queue.passes(60) == [], "one trains: quota only limits how many do"


def test_a_run_that_fits_nowhere_blocks_the_others_though_some_train(queue) -> None:
    queue.add(0, "RUNNING")
    queue.add(1)
    queue.add(2, reason=MISFIT)
    assert queue.passes(30) == ["WAITING 2 runs (does_not_fit)"]


def test_a_single_run_that_waits_for_nobody_knows_what_is_told_of(queue) -> None:
    queue.add(0)
    assert queue.passes(30) == ["WAITING 1 run (waits_long)"]


def test_another_cause_is_another_notice(queue) -> None:
    queue.add(0)
    assert queue.passes(15) == ["WAITING 1 run (waits_long)"]
    queue.say(0, QUOTA)
    assert queue.passes(15) == ["WAITING 1 run (no_quota)"]


def test_two_queues_with_one_cause_are_one_notice(queue) -> None:
    queue.add(0, reason=QUOTA)
    queue.add(1, reason=QUOTA, queue="on-demand")
    assert queue.passes(30) == ["WAITING 2 runs (no_quota)"]


def test_the_event_of_a_blocked_queue_takes_the_same_way(queue) -> None:
    queue.add(0, reason=CAPACITY)
    queue.add(1)
    assert queue.blocked(0) == "nothing", "it has not been blocked for ten minutes"
    queue.stack.later(minutes=11)
    assert [queue.blocked(0) for _ in range(2)] == ["published", "nothing"]
    assert queue.passes(15) == ["WAITING 2 runs (no_capacity)"]
    queue.add(2, "RUNNING")
    queue.add(3, reason=QUOTA)
    queue.stack.later(minutes=11)
    assert queue.blocked(3) == "nothing", "a run trains"
    assert queue.stack.report_stuck_queue.event({"jobName": "x"}) == "foreign"
    assert queue.stack.report_stuck_queue.event(job_detail("RUNNABLE", jobQueue="another")) == "foreign"
    queue.start(1)
    assert queue.blocked(1) == "nothing", "it is no more at the head of its queue"


def test_two_functions_at_the_same_moment_publish_once(queue, monkeypatch) -> None:
    queue.add(0, reason=CAPACITY)
    queue.stack.later(minutes=11)
    publish = Notifications.publish

    def meanwhile(self, notice):
        with pytest.raises(BusyError):  # the queue delivers the event again
            queue.blocked(0)
        publish(self, notice)

    monkeypatch.setattr(Notifications, "publish", meanwhile)
    assert queue.blocked(0) == "published"
    assert queue.blocked(0) == "nothing"
    assert len(queue.stack.notices()) == 1


def test_a_notice_whose_function_died_is_published_by_a_later_pass(queue, monkeypatch) -> None:
    queue.add(0, reason=CAPACITY)
    queue.stack.later(minutes=11)
    with monkeypatch.context() as patch, pytest.raises(OSError, match="gone"):
        patch.setattr(Notifications, "publish", lambda *_: (_ for _ in ()).throw(OSError("gone")))
        queue.blocked(0)
    assert queue.passes(15) == ["WAITING 1 run (no_capacity)"]


def test_a_pass_that_did_not_see_every_run_judges_no_queue(queue, monkeypatch) -> None:
    queue.add(0, reason=CAPACITY)
    queue.stack.later(minutes=11)
    with monkeypatch.context() as patch:
        patch.setattr(queue.stack.jobs, "describe", lambda _: (_ for _ in ()).throw(OSError("throttled")))
        assert queue.stack.reconcile.all()["failed"] == 1
    assert queue.passes(5) == ["WAITING 1 run (no_capacity)"]


@pytest.mark.parametrize(("reason", "code"), [(CAPACITY, "no_capacity"), (UNDETERMINED, "waits_long")])
def test_a_run_that_may_leave_spot_does_so_though_others_wait(stack, monkeypatch, reason, code) -> None:
    """Falling back is the run's own affair; it is no progress of the queue."""
    queue = Queue(stack, monkeypatch)
    queue.add(0, reason=reason)
    stack.publish_project()
    stack.put("projects/penguins/train.yaml", b"timeout: 1h\n")
    stack.drop()
    waits = stack.launch.request("penguins", "first", caller="ann")[0]
    detail = job_detail("RUNNABLE", jobName=waits.run_id, jobId=waits.batch_job_id, statusReason=reason)
    queue.details[waits.batch_job_id] = detail
    stack.track.event(detail)
    assert queue.passes(10) == [f"WAITING 2 runs ({code})"]
    stack.later(minutes=6)
    assert stack.reconcile.all()["fell_back"] == 1
    assert stack.table.get(waits.run_id).job_number == 2


def test_a_start_that_is_reported_late_is_no_new_progress(queue) -> None:
    watch = QueueWatch(queue.stack.dynamodb, queue.stack.table.name)
    queue.add(1)
    queue.start(1)
    started = watch.last_move("spot")
    assert started == times.to_text(queue.stack.now)
    queue.stack.later(minutes=20)
    assert queue.stack.track.event(queue.details["job-1"]) == "stale"
    assert watch.last_move("spot") == started


def test_a_run_whose_instance_never_joins_is_ended_and_those_behind_it_wait_for_their_turn(queue) -> None:
    queue.launch_instance()
    for number in (1, 2, 3):
        queue.add(number)
    queue.passes(25)
    assert queue.ended == []
    queue.passes(5)
    [(job_id, reason)] = queue.ended
    assert job_id == "job-1"
    assert reason.startswith("instance_not_joined: ")
    queue.leave(1, "isTerminated", reason)
    ended = queue.stack.table.get(f"penguins-first-{1:012x}")
    assert (ended.status, ended.cause.code) == ("FAILED", "instance_not_joined")
    assert ended.cause.message.startswith("An instance was started for the queue, but has not joined it.")
    queue.passes(10)
    assert len(queue.ended) == 1, "a fault that was repaired meanwhile costs no other run"
    queue.passes(5)
    assert [job_id for job_id, _ in queue.ended] == ["job-1", "job-2"]


@pytest.mark.parametrize("reason", ["", UNDETERMINED])
def test_a_run_is_not_ended_if_no_instance_was_started_for_it(queue, reason) -> None:
    """A new account's quota of 0 and Spot's lack of capacity can have no reason either."""
    queue.add(1, reason=reason)
    queue.add(2)
    assert queue.passes(120) == ["WAITING 2 runs (waits_long)"]
    assert queue.ended == []


@pytest.mark.parametrize("reason", [CAPACITY, QUOTA, MISFIT])
def test_a_run_that_waits_for_a_reason_is_not_ended(queue, reason) -> None:
    queue.launch_instance()
    queue.add(1, reason=reason)
    queue.add(2)
    queue.passes(60)
    assert queue.ended == []


def test_a_run_is_not_ended_when_the_one_that_blocked_the_queue_leaves_it(queue) -> None:
    """An instance of an earlier training idles; the next run's own one still has to start."""
    queue.launch_instance()
    queue.add(1, reason=MISFIT)
    queue.add(2)
    queue.passes(60)
    queue.leave(1, "isCancelled", f"JobStateTimeLimit reached: {MISFIT}")
    queue.passes(5)
    queue.launch_instance()
    queue.passes(25)
    assert queue.ended == []


def test_runs_that_wait_behind_one_that_trains_are_not_ended(queue) -> None:
    queue.launch_instance()
    queue.add(1, "RUNNING")
    queue.add(2)
    queue.passes(120)
    assert queue.ended == []


def test_after_an_end_the_next_run_has_its_own_time_to_get_an_instance(queue) -> None:
    queue.launch_instance()
    queue.add(1, "RUNNING")
    queue.add(2)
    queue.passes(60)
    queue.end(1)
    queue.passes(30)
    assert queue.ended == [], "the instance of the first run had joined"
    queue.launch_instance()
    queue.passes(25)
    assert queue.ended == []
    queue.passes(5)
    assert [job_id for job_id, _ in queue.ended] == ["job-2"]


def test_a_run_that_has_just_become_the_next_of_its_queue_is_not_ended(queue) -> None:
    queue.launch_instance()
    queue.add(2)
    queue.stack.later(minutes=28)
    queue.add(1)
    queue.details = dict(sorted(queue.details.items()))
    queue.first_since = queue.stack.now
    queue.passes(10)
    assert queue.ended == []


@pytest.mark.parametrize("died", [True, False])
def test_a_start_counts_though_its_event_was_applied_without_it(queue, monkeypatch, died) -> None:
    """The function died after it had written the record, or RUNNING was handled before STARTING."""
    watch = QueueWatch(queue.stack.dynamodb, queue.stack.table.name)
    queue.add(1)
    running = queue.details["job-1"] | {"status": "RUNNING", "startedAt": queue.stack.now.timestamp() * 1000}
    queue.stack.later(minutes=1)
    if died:
        with monkeypatch.context() as patch, pytest.raises(OSError, match="gone"):
            patch.setattr(QueueWatch, "note_move", lambda *_: (_ for _ in ()).throw(OSError("gone")))
            queue.stack.track.event(running)
        assert queue.stack.track.event(running) == "stale"
    else:
        assert queue.stack.track.event(running) == "applied"
        assert queue.stack.track.event(queue.details["job-1"] | {"status": "STARTING"}) == "stale"
    assert watch.last_move("spot") == times.to_text(queue.stack.now - timedelta(minutes=1))


def test_the_next_job_of_a_queue_is_the_first_of_its_snapshot(stack) -> None:
    stack.publish_project()
    assert stack.jobs.first("spot") is None
    stack.drop("one")
    first = stack.launch.request("penguins", "one", caller="ann")[0]
    stack.drop("two")
    stack.launch.request("penguins", "two", caller="ann")
    assert stack.jobs.first("spot") == (first.batch_job_id, stack.jobs.first("spot")[1])
    assert datetime.now(UTC) - stack.jobs.first("spot")[1] < timedelta(minutes=5)


def test_the_newest_instance_of_a_queue_is_found_by_the_tags_of_its_compute_environment(stack) -> None:
    ec2 = boto3.client("ec2", region_name="eu-west-1")
    instances = QueueInstances(lambda: ec2, "this-stack", {"spot": "Spot", "other": "on-demand"})

    def launch(queue: str, owner: str = "this-stack") -> Any:
        tags: Any = [{"Key": "droptrain:stack", "Value": owner}, {"Key": "droptrain:queue", "Value": queue}]
        answer = ec2.run_instances(
            ImageId="ami-12c6146b", MinCount=1, MaxCount=1, InstanceType="g4dn.xlarge",
            TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
        )  # fmt: skip
        return answer["Instances"][0]

    assert instances.newest_launch("spot") is None
    launch("on-demand")
    launch("Spot", "another-stack")
    assert instances.newest_launch("spot") is None
    first, second = launch("Spot"), launch("Spot")
    assert instances.newest_launch("spot") == max(first["LaunchTime"], second["LaunchTime"])
    ec2.terminate_instances(InstanceIds=[first["InstanceId"], second["InstanceId"]])
    assert instances.newest_launch("spot") is None
