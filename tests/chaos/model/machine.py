"""Every interleaving of drops, repeated, late and lost events, deaths, passes, cancels and reruns."""

from collections import Counter
from typing import Any

from chaos.model.memory import Job, MemoryBucket, MemoryJobQueue, MemoryWakeUps, WakeUp
from chaos.model.world import FailedCallError, Task, World
from droptrain_core.domain.costs.budget import RUNNING, Budget, charge, to_micro
from droptrain_core.domain.datasets.dataset import MARKER, Created, data_prefix, drop_id, match_inputs
from droptrain_core.domain.datasets.fair_share import share_seconds
from droptrain_core.domain.errors import (
    AlreadyFinishedError,
    BusyError,
    DeniedError,
    ModelChangedError,
    NoEarlierModelError,
    NoModelError,
    NotFoundError,
    NotReadyError,
    SweepRefusedError,
    UnsureError,
)
from droptrain_core.domain.recipes.push import Published, complete, push_key, pushing
from droptrain_core.domain.recipes.recipe import parse
from droptrain_core.domain.runs.batch_job import NEVER_JOINED
from droptrain_core.domain.runs.identity import split_job_name
from droptrain_core.domain.runs.run import run_prefix
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from support.launching import Launch
from support.memory_wiring import MemoryWiring

PATTERN = {"inputs": {"training": "t*.csv", "testing": "test.csv"}}
PREPARED = {"prepare": {"entrypoint": "run.sh", "timeout": "1h"}}
RECIPES: tuple[dict[str, Any], ...] = (
    {},
    {"inputs": {"training": "train.csv"}},
    {"trigger": "marker"},
    PATTERN,
    PREPARED,
    PREPARED,
)
MANIFEST = {"manifest_sha256": "ab" * 32, "files": 1, "bytes": 1}
DATASETS = ("first", "second")
FILES = ("train.csv", "test.csv", MARKER)
DROPS = (FILES, FILES, FILES[:2], FILES[1::-1], *((file,) for file in FILES))
# The most calls that one event may cost: a launch, an applied change, a notice.
# A pointer that others move meanwhile costs a read and a write more each time.
MOST_CALLS = {"upload": 15, "change": 4, "notice": 11, "publish": 8}
OF_A_FALLBACK = ("last_checkpoint_at", "fall_back", "describe", "submit", "record_job")
# Room for three runs of four hours, and for two at the same time.
AT_ONCE = 2
BUDGET = Budget(month_usd=7.8, project_usd={"p": 7.6}, runs_at_once=AT_ONCE)
# How long an invocation may live, as the template says; 30 where nothing is said.
TASK_SECONDS = {"reconcile": 240}
TELLERS = ("notice", "reconcile")
RECLAIMED = "Host EC2 (instance i-0abc) terminated."
BROKE_OFF = "CannotPullContainerError: error pulling image: i/o timeout"
LIMITS = ("out_of_time: ", "over_reservation: ", "instance_not_joined: ")
CAPACITY = "CAPACITY:INSUFFICIENT_INSTANCE_CAPACITY"
NEXT_STATES = {"SUBMITTED": "RUNNABLE", "RUNNABLE": "STARTING", "STARTING": "RUNNING"}
EXPECTED = (
    AlreadyFinishedError, BusyError, DeniedError, ModelChangedError, NoEarlierModelError, NoModelError,
    NotFoundError, NotReadyError, SweepRefusedError, UnsureError,
)  # fmt: skip

COUNTED: Counter[str] = Counter()
anyone = st.integers(min_value=0, max_value=1000)
# How many sides of calls an invocation gets past before something else happens; most come to their end.
sides = st.sampled_from((*range(20), *[99] * 15))


class Launching(RuleBasedStateMachine):
    """The core over in-memory adapters; a pair of files was dropped, and handlers meet over it."""

    most_calls = MOST_CALLS

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.wiring = wiring = MemoryWiring(self.world, BUDGET)
        self.bucket, self.table, self.datasets = wiring.bucket, wiring.table, wiring.dataset_table
        self.jobs: MemoryJobQueue = wiring.jobs
        self.wake_ups: MemoryWakeUps = wiring.wake_ups
        self.topic = wiring.topic
        self.accounts, self.pointers, self.queues = wiring.accounts, wiring.pointers, wiring.queues
        self.launch = Launch(wiring.launch_uploads(), wiring.launch_requests())
        self.track, self.notify, self.cancel = wiring.track(), wiring.notify(), wiring.cancel()
        self.promote, self.publish_model = wiring.promote(), wiring.publish_model()
        self.reconcile = wiring.reconcile()
        self.uploads: list[Created] = self.wake_ups.postponed
        self.tasks: list[tuple[Task, Any]] = []
        self.troubled = False
        self.bucket.put("projects/p/code/run.sh")
        COUNTED["schedules"] += 1

    @initialize()
    def publish(self) -> None:
        self.recipe: dict[str, Any] = {}
        self._drop("first", FILES[:2])

    # What users do

    @precondition(lambda self: self.table.runs)
    @rule(which=anyone, far=sides)
    def ask_to_cancel(self, which: int, far: int) -> None:
        run_id = sorted(self.table.runs)[which % len(self.table.runs)]
        self._start(far, "cancel", lambda: self.cancel.run(run_id, "bob"))

    @precondition(lambda self: self.table.runs)
    @rule(which=anyone, far=sides)
    def ask_to_promote(self, which: int, far: int) -> None:
        run_id = sorted(self.table.runs)[which % len(self.table.runs)]
        self._start(far, "promote", lambda: self.promote.by_request(run_id, "ann"))

    @precondition(lambda self: self.table.current)
    @rule(far=sides)
    def ask_to_roll_back(self, far: int) -> None:
        self._start(far, "promote", lambda: self.promote.rollback("p", "ann"))

    @precondition(lambda self: self.table.current)
    @rule(which=anyone, exists=st.booleans())
    def delete_or_restore_an_export(self, which: int, exists: bool) -> None:
        run_id = sorted(self.table.runs)[which % len(self.table.runs)]
        deleted = self.wiring.model_files.deleted
        (deleted.discard if exists else deleted.add)(run_id)

    # What queues, streams and schedules deliver, in any order

    @precondition(lambda self: self.table.current)
    @rule(seconds=st.sampled_from((0, 10)), far=sides)
    def deliver_new_model(self, seconds: int, far: int) -> None:
        self._start(far, "publish", lambda: self.publish_model.go_on("p", seconds))

    @precondition(lambda self: self.uploads)
    @rule(which=anyone, far=sides)
    def deliver_upload(self, which: int, far: int) -> None:
        event = self.uploads.pop(which % len(self.uploads))
        self._start(
            far, "upload", lambda: self.launch.uploads.upload(event), lambda: self.uploads.append(event)
        )

    @precondition(lambda self: self._arrived())
    @rule(which=anyone, far=sides)
    def deliver_wake_up(self, which: int, far: int) -> None:
        arrived = self._arrived()
        message = arrived[which % len(arrived)]
        self.wake_ups.messages.remove(message)
        self._start(
            far,
            "upload",
            lambda: self.launch.uploads.wake(message.project, message.dataset, message.wake_up),
            lambda: self.wake_ups.messages.append(message),
        )

    @precondition(lambda self: self.wake_ups.messages)
    @rule(which=anyone, lost=st.booleans())
    def repeat_or_lose_a_wake_up(self, which: int, lost: bool) -> None:
        messages = self.wake_ups.messages
        message = messages[which % len(messages)]
        (messages.remove if lost else messages.append)(message)
        COUNTED["events lost" if lost else "events repeated"] += 1
        self.troubled = True

    @precondition(lambda self: self.uploads or self.jobs.events or self.table.stream)
    @rule(which=anyone)
    def repeat_an_event(self, which: int) -> None:
        queue: list[Any] = max((self.uploads, self.jobs.events, self.table.stream), key=len)
        queue.append(queue[which % len(queue)])
        COUNTED["events repeated"] += 1
        self.troubled = True

    @rule()
    def the_project_uses_its_share_up(self) -> None:
        self.datasets.add_load("p", share_seconds(4), self.world.now)

    @rule(far=sides)
    def pass_of_the_reconciler(self, far: int) -> None:
        self._start(far, "reconcile", self.reconcile.all)

    # What becomes of invocations

    @precondition(lambda self: self.tasks)
    @rule(which=anyone, far=sides)
    def go_on(self, which: int, far: int) -> None:
        self._go_on(*self.tasks[which % len(self.tasks)], far)

    @precondition(lambda self: self.tasks)
    @rule(which=anyone)
    def die(self, which: int) -> None:
        task, again = self.tasks[which % len(self.tasks)]
        self.world.kill(task)
        COUNTED["tasks killed"] += 1
        self.troubled = True
        self._tidy(task, again)

    @precondition(lambda self: self.tasks)
    @rule(which=anyone, denied=st.booleans())
    def fail_a_call(self, which: int, denied: bool) -> None:
        task, again = self.tasks[which % len(self.tasks)]
        self.world.fail(task, _error_of(task, denied))
        COUNTED["calls failed"] += 1
        self.troubled = True
        self._tidy(task, again)

    # What time and AWS Batch do

    @rule(seconds=st.sampled_from((1, 4, 9)))
    def a_moment_passes(self, seconds: int) -> None:
        self._pass_time(seconds)

    @rule(seconds=st.sampled_from((70, 130, 700, 3700)), first=st.booleans())
    def a_long_time_passes(self, seconds: int, first: bool) -> None:
        for task, again in list(self.tasks) if first else ():
            self._go_on(task, again, 99)
        self._pass_time(seconds)

    # What must hold at every moment

    @invariant()
    def a_run_has_one_batch_job(self) -> None:
        names = Counter(job.detail["jobName"] for job in self.jobs.jobs.values())
        assert not names or max(names.values()) == 1, names

    @invariant()
    def data_are_prepared_by_one_run_at_a_time(self) -> None:
        steps = [job.detail for job in self.jobs.jobs.values() if job.detail["step"] == "prepare"]
        living = {
            (step["prepared"].split("/")[5], split_job_name(step["jobName"]))
            for step in steps
            if step["status"] not in ("SUCCEEDED", "FAILED")
        }
        digests = Counter(digest for digest, _ in living)
        assert not digests or max(digests.values()) == 1, living

    @invariant()
    def a_drop_has_one_run(self) -> None:
        assert len(set(self.table.drops.values())) == len(self.table.drops)

    @invariant()
    def promotions_are_counted_without_a_gap(self) -> None:
        numbers = [number for _, number in self.table.promotions]
        assert numbers == list(range(1, len(numbers) + 1))
        once = [
            each.run_id
            for each in self.table.promotions.values()
            if each.is_by_gate and each.kind == "promoted"
        ]
        assert len(set(once)) == len(once), "a gate promoted a run twice"

    @invariant()
    def no_cap_is_passed(self) -> None:
        limits = {RUNNING: AT_ONCE} | {
            name: to_micro(BUDGET.project_usd["p"] if "#" in name else BUDGET.month_usd or 0)
            for name in self.table.accounts
            if name != RUNNING
        }
        for name, account in self.table.accounts.items():
            assert 0 <= account.spent <= account.committed <= limits[name], (name, account)

    def teardown(self) -> None:
        """No more trouble: everything that was accepted has to come to its end."""
        for task, again in list(self.tasks):
            self.world.finish(task)
            self._tidy(task, again)
        for _ in range(4):
            self._settle(batch_moves=False)
        for run in self.table.runs.values():
            job = self.jobs.jobs.get(run.batch_job_id or "")
            assert not run.cancelled_by or job is None or job.ended, f"{run.run_id} trains though cancelled"
        for _ in range(40):
            if not self._settle(batch_moves=True):
                break
        self._check()

    def _arrived(self) -> list[WakeUp]:
        return [each for each in self.wake_ups.messages if each.arrives_at <= self.world.now]

    def _drop(self, dataset: str, files: tuple[str, ...]) -> None:
        for file in files:
            version = self.bucket.put(data_prefix("p", dataset) + file)
            self.uploads.append(Created(version.key, version.version_id, self.world.now))
            COUNTED["uploads"] += 1

    def _deliver_change(self, which: int, far: int) -> None:
        event = self.jobs.events.pop(which % len(self.jobs.events))
        self._start(far, "change", lambda: self.track.event(event), lambda: self.jobs.events.append(event))

    def _deliver_end(self, which: int, far: int) -> None:
        stream = self.table.stream
        image = stream.pop(which % len(stream))
        run_id = image["run_id"]["S"]
        self._start(far, "notice", lambda: self.notify.ended(run_id, "p"), lambda: stream.append(image))

    def _pass_time(self, seconds: int) -> None:
        for task, again in list(self.tasks):
            if task.at == (
                "before",
                "submit",
            ):  # a call takes seconds at most; between calls a task may sleep
                self._go_on(task, again, 1)
        self.world.later(seconds)
        for task, again in list(self.tasks):
            if (self.world.now - task.started).total_seconds() > TASK_SECONDS.get(task.name, 30):
                self.world.kill(task)
                COUNTED["tasks timed out"] += 1
                self.troubled = True
                self._tidy(task, again)

    def _settle(self, *, batch_moves: bool) -> bool:
        """Deliver what waits, let time pass, let Batch finish, look over all; whether things moved."""
        before = dict(self.table.runs), dict(self.datasets.records)
        messages = self.wake_ups.messages
        busy = bool(self.uploads or self.jobs.events or self.table.stream or messages)
        for _ in range(len(messages)):
            if self._arrived():
                self.deliver_wake_up(0, 99)
        for queue, start in (
            (self.uploads, self.deliver_upload),
            (self.jobs.events, self._deliver_change),
            (self.table.stream, self._deliver_end),
        ):
            for _ in range(len(queue)):
                start(0, 99)
        living = [job for job in self.jobs.jobs.values() if not job.ended]
        for job in living if batch_moves else ():
            _move(self.jobs, self.bucket, job, "on")
        self.world.later(3700)
        task = self.world.finish(self.world.start("reconcile", self.reconcile.all))
        assert task.error is None, task.error
        assert "failed" not in task.result
        after = dict(self.table.runs), dict(self.datasets.records)
        return busy or bool(living) or before != after

    def _check(self) -> None:
        for run in self.table.runs.values():
            COUNTED["runs"] += 1
            assert run.ended, f"{run.run_id} is {run.status} for ever"
            assert run.notified_at, f"{run.run_id} ended without a notice"
            outcomes = [
                notice.outcome
                for notice in self.topic.published
                if notice.outcome != "ATTENTION" and run.run_id == notice.message.thread
            ]
            COUNTED["notices repeated"] += len(outcomes) - 1
            assert set(outcomes) == {run.status}
            assert len(outcomes) == 1 or self.troubled, "notified twice though nothing went wrong"
            self._check_against_batch(run)
            self._check_preparation(run)
        for dataset in DATASETS:
            self._check_dataset(dataset)
        self._check_accounts()
        self._check_pointers()

    def _check_pointers(self) -> None:
        """Whatever process won a race, the latest model is that of the newest run that succeeded."""
        ended = [run for run in self.table.runs.values() if run.status == "SUCCEEDED"]
        newest = max(ended, key=lambda run: run.created_order, default=None)
        self._check_current_model()
        held = self.pointers.held.get(("p", "latest"))
        assert (held and held.pointer and held.pointer.run_id) == (newest and newest.run_id)

    def _check_current_model(self) -> None:
        """The bucket names the table's current model with its files, unless these are missing."""
        current, files = self.table.current.get("p"), self.wiring.model_files
        named = files.current.get("p")
        assert not named or named.run_id in files.copied["p"]
        if current and current.promotion and current.is_missing:
            run_id = current.promotion.run_id
            subjects = [notice.subject for notice in self.topic.published]
            assert f"MISSING model of {run_id}" in subjects, "nobody was notified of the missing model"
            assert named is None or named.number < current.number
            COUNTED["models without files"] += 1
        else:
            assert (named and named.number) == (current and current.number), "current.json is behind"
            assert not current or current.is_published
        COUNTED["promotions"] += len(self.table.promotions)

    def _check_accounts(self) -> None:
        """Nothing is held for runs that have ended, and what they spent was counted once."""
        for name, account in self.table.accounts.items():
            assert account.reserved == 0, f"{name} still holds {account.reserved}"
            charged = sum(
                charge(run, reservation)
                for run in self.table.runs.values()
                for reservation in run.reservations
                if reservation.account == name
            )
            assert account.spent == charged

    def _check_against_batch(self, run: Any) -> None:
        jobs = [job for job in self.jobs.jobs.values() if job.detail["jobName"] == run.job_name]
        if run.status == "REJECTED" or (run.status == "CANCELLED" and not jobs):
            return
        (job,) = jobs
        assert run.batch_job_id == job.job_id
        state = job.detail
        by_a_limit = state.get("statusReason", "").startswith(LIMITS)
        expected = "CANCELLED" if state.get("isTerminated") and not by_a_limit else state["status"]
        assert run.status == expected
        names = (run.run_id, *(f"{run.run_id}-{number}" for number in range(2, run.job_number + 1)))
        tried = sum(
            len(each.detail["attempts"])
            for each in self.jobs.jobs.values()
            if each.detail["jobName"] in names
        )
        # An instance that never joined is charged like an attempt.
        charged = len(run.cost.attempts) - state.get("statusReason", "").startswith(NEVER_JOINED)
        assert len(run.attempts) == charged == tried, "an attempt is not in the record"
        COUNTED["fallbacks"] += run.has_fallen_back
        COUNTED["other tries"] += run.next_job is not None and run.next_job.is_retry
        COUNTED["ended by a limit"] += by_a_limit

    def _check_preparation(self, run: Any) -> None:
        """A run that succeeded has trained once, on data that one job has prepared."""
        if run.preparation is None or run.status != "SUCCEEDED":
            return
        COUNTED["runs on prepared data"] += 1
        COUNTED["prepared data used again"] += run.prepared.run_id != run.run_id
        ended = [job.detail for job in self.jobs.jobs.values() if job.detail["status"] == "SUCCEEDED"]
        done = Counter((split_job_name(each["jobName"]), each["step"]) for each in ended)
        steps = Counter((name[0], step) for (name, step) in done.elements() if name)
        assert steps[run.prepared.run_id, "prepare"] == steps[run.run_id, "train"] == 1, steps

    def _check_dataset(self, dataset: str) -> None:
        """What is complete now has its run; what came after a marker that has one waits for a new marker."""
        folder = data_prefix("p", dataset)
        latest = [self.bucket.latest(folder + file) for file in FILES]
        recipe = parse(self.recipe)
        found = match_inputs(recipe.inputs, recipe.trigger, [item for item in latest if item], folder)
        if not found.ready:
            return
        if found.marker and found.marker.version_id == self.datasets.get("p", dataset).marker:
            return
        assert drop_id("p", dataset, found.versions) in self.table.drops, f"{dataset} was lost"

    def _start(self, far: int, name: str, work: Any, again: Any = None) -> None:
        # Two that announce at the same moment may tell of a run twice.
        self.troubled |= name in TELLERS and any(task.name in TELLERS for task, _ in self.tasks)
        task = self.world.start(name, work)
        self.tasks.append((task, again))
        self._go_on(task, again, far)

    def _go_on(self, task: Task, again: Any, far: int) -> None:
        for _ in range(far):
            if not task.ended:
                self.world.step(task)
        self._tidy(task, again)

    def _tidy(self, task: Task, again: Any) -> None:
        if not task.ended:
            return
        self.tasks.remove((task, again))
        most = self.most_calls.get(task.name)
        # A cancel that came in between costs one more, and what Spot took away costs a look and a step.
        # An expensive upload is counted.
        more = [call for call in task.calls if call in ("end", "add_load", *OF_A_FALLBACK)]
        # A job that is submitted is recorded. A claim with a step looks for the holder of its data; one that
        # waited goes on.
        most_now = most and most + task.calls.count("submit") + 4 * task.calls.count("find_holder")
        # A promotion that loses a race is judged again. The end of a claim's job first records the job.
        most_now = most_now and most_now + 3 * task.calls.count("promote") + (task.calls.count("write") > 1)
        assert most_now is None or len(task.calls) - len(more) <= most_now, task.calls
        if task.error is None:
            return
        assert isinstance(task.error, (*EXPECTED, FailedCallError)) or _was_killed(task), task.error
        if again:
            again()


class Delivering(Launching):
    """A machine in which the events of AWS Batch and of the table's stream arrive."""

    @precondition(lambda self: self.jobs.events)
    @rule(which=anyone, far=sides)
    def deliver_change(self, which: int, far: int) -> None:
        self._deliver_change(which, far)

    @precondition(lambda self: self.table.stream)
    @rule(which=anyone, far=sides)
    def deliver_end(self, which: int, far: int) -> None:
        self._deliver_end(which, far)


class Everything(Delivering):
    """With all that users, queues and AWS Batch can do on top."""

    @initialize(recipe=st.sampled_from(RECIPES))
    def publish(self, recipe: dict[str, Any]) -> None:
        self.recipe = recipe
        self.bucket.put("projects/p/train.yaml", recipe)

    @rule(dataset=st.sampled_from(DATASETS), files=st.sampled_from(DROPS))
    def drop(self, dataset: str, files: tuple[str, ...]) -> None:
        self._drop(dataset, files)

    # With a pattern, what is left after a deletion may be ready; but a deletion launches nothing.
    @precondition(lambda self: self.recipe is not PATTERN)
    @rule(dataset=st.sampled_from(DATASETS), file=st.sampled_from(FILES))
    def delete(self, dataset: str, file: str) -> None:
        if self.bucket.latest(data_prefix("p", dataset) + file):
            self.bucket.delete(data_prefix("p", dataset) + file)

    @rule(broken=st.booleans())
    def push(self, broken: bool) -> None:
        self.bucket.put("projects/p/train.yaml", self.recipe)
        if broken:
            self.bucket.delete("projects/p/code/run.sh")
        else:
            self.bucket.put("projects/p/code/run.sh")

    @rule(ends=st.booleans())
    def push_begins_or_ends(self, ends: bool) -> None:
        before = self.bucket.push("p").before
        if before is None:
            code = self.bucket.latest("projects/p/code/run.sh")
            before = Published(self.bucket.latest("projects/p/train.yaml"), (code,) if code else ())
        at = "2026-11-23T02:10:00Z"
        self.bucket.put(push_key("p"), complete(at) if ends else pushing(before, at))

    @rule(dataset=st.sampled_from(DATASETS), rerun=st.booleans(), far=sides)
    def request(self, dataset: str, rerun: bool, far: int) -> None:
        self._start(far, "request", lambda: self.launch.request("p", dataset, caller="ann", rerun=rerun))

    @precondition(lambda self: self.table.runs)
    @rule(which=anyone, far=sides)
    def repeat(self, which: int, far: int) -> None:
        run_id = sorted(self.table.runs)[which % len(self.table.runs)]
        self._start(far, "request", lambda: self.launch.repeat(run_id, caller="ann"))

    @precondition(lambda self: self.jobs.events)
    @rule(which=anyone)
    def lose_a_change(self, which: int) -> None:
        self.jobs.events.pop(which % len(self.jobs.events))
        COUNTED["events lost"] += 1

    @precondition(lambda self: self.table.stream)
    @rule(which=anyone)
    def lose_an_end(self, which: int) -> None:
        self.table.stream.pop(which % len(self.table.stream))
        COUNTED["events lost"] += 1

    @precondition(lambda self: any(not job.ended for job in self.jobs.jobs.values()))
    @rule(which=anyone, how=st.sampled_from(("on", "reclaimed", "failed")))
    def batch_moves_a_job(self, which: int, how: str) -> None:
        living = [job for job in self.jobs.jobs.values() if not job.ended]
        job = living[which % len(living)]
        _move(self.jobs, self.bucket, job, how)

    @precondition(lambda self: any(job.detail["status"] == "RUNNABLE" for job in self.jobs.jobs.values()))
    @rule(which=anyone)
    def spot_has_no_capacity(self, which: int) -> None:
        """AWS Batch gives the reason where a job is described; no event tells of it."""
        waiting = [job for job in self.jobs.jobs.values() if job.detail["status"] == "RUNNABLE"]
        job = waiting[which % len(waiting)]
        job.detail = {**job.detail, "statusReason": CAPACITY}


def _was_killed(task: Task) -> bool:
    return type(task.error).__name__ == "Killed"


def _error_of(task: Task, denied: bool) -> Exception:
    side, call = task.at or ("", "")
    if call == "submit":
        if side == "after":
            return UnsureError("the answer got lost")
        return DeniedError("no permission") if denied else BusyError("throttled")
    return FailedCallError(f"{call} failed {side} its effect")


def _move(jobs: MemoryJobQueue, bucket: MemoryBucket, job: Job, how: str) -> None:
    detail = job.detail
    status = detail["status"]
    if status == "STARTING" and how == "failed":
        attempts = [*detail["attempts"], {"container": {"reason": BROKE_OFF}}]
        container = {"container": {"reason": BROKE_OFF}}
        jobs.move(job, "FAILED", attempts=attempts, statusReason="Task failed to start", **container)
        return
    if status in NEXT_STATES:
        jobs.move(job, NEXT_STATES[status], statusReason="")
        return
    start = 1795399800000 + 100_000 * len(detail["attempts"])
    stamps = {"startedAt": start, "stoppedAt": start + 60_000}
    said = {"statusReason": RECLAIMED if how == "reclaimed" else ""}
    attempts = [*detail["attempts"], {**stamps, **said, "container": {}}]
    if how == "on" and detail["step"] == "prepare":
        key = run_prefix("p", str(split_job_name(detail["jobName"])[0])) + "outcome.json"  # type: ignore[index]
        account = {"batch_job_id": job.job_id, "attempt": len(attempts), "prepared": MANIFEST}
        bucket.documents[key] = account
    if how == "reclaimed" and len(attempts) < detail["retryStrategy"]["attempts"]:
        jobs.move(job, "RUNNABLE", attempts=attempts, **said)
    else:
        jobs.move(job, "FAILED" if how != "on" else "SUCCEEDED", attempts=attempts, **stamps, **said)
